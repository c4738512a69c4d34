"""A language is one file: a fifth beside the four is read, and what it says is found on pages."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import crawler.extract
from crawler.extract.vocabulary import FOLDER, read_vocabulary

#: words of these languages, too, and of HTML, of names and addresses, or of the code itself
NO_LANGUAGE = {"section", "labels", "plus", "europa", "bund"}
#: keys of organisations and numbers of registers are kept in archives, and change by no word
KEPT = {"organisations.py", "identity.py"}
WORD = re.compile(r"[^\W\d_]{4,}")

ESPERANTO = r"""
[member]
words = ["membro", "konsistas"]
labels = ['(?:membroj|membraj organizoj)']
cues = ['\bkonsistas el\b']
not_labels = ['\b(?:iĝi|kotizoj)\b']

[name]
bodies = ['ligo']
called = ['klubo', 'societo']

[person]
titles = ['s-ro']

[contact]
phones = ['telefono']
phone_words = ['telefono']

[prose]
conjunctions = ['kaj']
articles = ['la']
since = ['ekde']
"""
PAGE = """<html lang="eo"><h1>Ponta Unuiĝo</h1>
<h2>La membroj</h2><ul><li>Klubo Verda Ponto</li><li>Societo Blua Lampo, ekde 1999</li><li>Ligo de la Kajo, s-ro Nigra</li></ul>
<p>Telefono: 0529 123456</p></html>"""
#: a process of its own: a vocabulary is read once
READ = """
import json, sys
from pathlib import Path
from crawler.extract import vocabulary
vocabulary.FOLDER = Path(sys.argv[1])
from archive.model import Page
from crawler.extract import extract
from crawler.tree import parse
html = sys.stdin.read()
sections = extract(Page("http://ponto.test/", html.encode(), html, "utf-8"), parse(html))
print(json.dumps({section.role: [fact.value for fact in section.facts] for section in sections}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("languages")
    with_four = shutil.copytree(str(FOLDER), folder, dirs_exist_ok=True)
    (folder / "eo.toml").write_text(ESPERANTO, encoding="utf-8")
    return Path(with_four)


def test_a_fifth_language_is_a_fifth_file(folder: Path) -> None:
    told = read_vocabulary(folder)
    assert [language.code for language in told.languages] == ["nl", "de", "en", "eo", "fr"]
    assert re.search(told.language("eo-EO").labels["member"], "membroj")
    assert told.language("eo").prose.conjunction.search("Ponto kaj Lampo")


def test_what_a_fifth_language_says_is_found(folder: Path) -> None:
    command = [sys.executable, "-c", READ, str(folder)]
    told = subprocess.run(command, input=PAGE, capture_output=True, text=True, check=True, encoding="utf-8")
    found = json.loads(told.stdout)
    assert found["contact"] == ["0529123456"]
    assert found["member"] == ["Klubo Verda Ponto", "Societo Blua Lampo", "Ligo de la Kajo"]


def test_the_code_holds_no_word_of_a_language() -> None:
    code = Path(crawler.extract.__file__).parent
    known = {file.name: words(tomllib.loads(file.read_text("utf-8"))) for file in FOLDER.iterdir()}
    # English is what the code, HTML and class names are written in.
    foreign = set().union(*known.values()) - known["en.toml"] - NO_LANGUAGE
    held = {
        f"{file.name}: {word}"
        for file in sorted(code.glob("*.py"))
        if file.name not in KEPT
        for word in words(list(strings(ast.parse(file.read_text("utf-8"))))) & foreign
    }
    assert held == set()


def words(table: Any) -> set[str]:
    if isinstance(table, str):
        return {word.lower() for word in WORD.findall(re.sub(r"\\[a-zA-Z]", " ", table))}
    parts = table.values() if isinstance(table, dict) else table if isinstance(table, list) else ()
    return set().union(*map(words, parts))


def strings(tree: ast.Module) -> Iterator[str]:
    """All but docstrings."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value
