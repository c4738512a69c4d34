"""The docs are generated from the code where they can be, and none is stale."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from crawler.cli import main

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_generated_parts_are_fresh(page: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", str(page)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, f"run `make docs`\n{done.stdout}"


def test_every_command_is_documented_with_help_on_every_option() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f"## bewaar {name}\n" in page
        assert command.help, name
        for option in command.params:
            if option.param_type_name == "option":
                assert getattr(option, "help", None), f"{name} {option.name}"


def commands_of(page: Path) -> list[list[str]]:
    """The words behind each ``bewaar`` that begins a line in a block of shell commands, remarks left out."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("bewaar ")]
    return [shlex.split(command, comments=True)[1:] for line in lines for command in line.split(" && ")]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda path: path.name
)
def test_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    for words in commands_of(page):
        command: click.Command = main
        while isinstance(command, click.Group) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        assert command is not main, words
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        assert not {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} - known, words


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_docs_build_as_a_site_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", ".ci/mkdocs.yml", "--site-dir", tmp_path],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = {path.parent.name for path in tmp_path.glob("*/index.html")} | {"index"}
    assert pages >= {path.stem for path in (ROOT / "docs").glob("*.md")}
