"""The catalogs of what a visitor is told: whole, without anything else, and no text goes round them."""

from __future__ import annotations

import ast
import asyncio
import re
import sqlite3
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract_from_dir
from datasette.app import Datasette
from jinja2 import nodes

from archive.browse import access, language, vocabulary
from crawler.items import KINDS
from tests.archive.browse_archive import build_with_takedown

ROOM = Path(language.__file__).parent
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
FUNCTIONS = {"gettext": None, "ngettext": (1, 2), "_": None}
PLACEHOLDER = re.compile(r"%\(\w+\)s|%[^(]")
LETTERS = re.compile(r"[A-Za-z]{2,}")
#: templates of Datasette's own pages, whose contents are English and say so
DATASETTES = {"_table.html", "table.html", "index.html"}
#: blocks within a tag
ATTRIBUTES = {"main_language", "body_class"}
#: names, the same in every language
NAMES = {"Atom", "JSON", "Feed", "Datasette", "Bewaar", "WARC", "SQLite", "UTC", "NL", "EN", "kB", "MB"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build_with_takedown(tmp_path_factory.mktemp("language") / "archive")


def said() -> set[str | tuple[str, str]]:
    """Every text that templates and code look up."""
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(ROOM, METHODS, options, keywords=FUNCTIONS)
    return {message for _, _, message, _, _ in found} | set(vocabulary.dynamic())


def catalogs() -> list[Path]:
    return sorted((ROOM / "locale").glob("*.po"))


@pytest.mark.parametrize("path", catalogs(), ids=lambda path: path.stem)
def test_a_catalog_has_every_text_and_no_other(path):
    catalog = polib.pofile(str(path))
    kept = {(entry.msgid, entry.msgid_plural) if entry.msgid_plural else entry.msgid for entry in catalog}
    assert sorted(map(str, said() - kept)) == []
    assert sorted(map(str, kept - said())) == []
    assert [entry.msgid for entry in catalog if not entry.translated()] == []


@pytest.mark.parametrize("path", catalogs(), ids=lambda path: path.stem)
def test_a_translation_has_the_places_of_its_text(path):
    for entry in polib.pofile(str(path)):
        pairs = [(entry.msgid, entry.msgstr)]
        if entry.msgid_plural:
            pairs = [((entry.msgid, entry.msgid_plural)[form > 0], text) for form, text in entry.msgstr_plural.items()]
        for english, text in pairs:
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english)), entry.msgid
            assert "<" not in text


def looked_up_in_f_strings(source: str) -> list[int]:
    """The lines of calls that `said` does not see."""
    within = (
        one for string in ast.walk(ast.parse(source)) if isinstance(string, ast.JoinedStr) for one in ast.walk(string)
    )
    return [
        one.lineno
        for one in within
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in FUNCTIONS
    ]


@pytest.mark.parametrize("path", sorted(ROOM.glob("**/*.py")), ids=lambda path: path.stem)
def test_no_text_is_looked_up_within_an_f_string(path):
    assert looked_up_in_f_strings(path.read_text(encoding="utf-8")) == []


def test_a_text_looked_up_within_an_f_string_would_be_found():
    source = """x = f"{gettext('One')}"\ny = f"{_('Two') % {'a': 1}} three"\nz = gettext(f'four')"""
    assert looked_up_in_f_strings(source) == [1, 2]


def test_there_is_a_catalog_for_every_language_but_english():
    assert {path.stem for path in catalogs()} == set(language.LANGUAGES) - {language.DEFAULT}


def test_every_word_of_the_schema_has_a_translation(built):
    """What a CHECK of the schema allows, and every kind of fact."""
    with sqlite3.connect(built.archive.database) as db:
        tables = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"))
    db.close()
    words = {kind.role for kind in KINDS}
    for table, column in (("change", "kind"), ("drift", "kind"), ("presence", "state"), ("fact", "tier"), ("crawl", "status"),
                          ("capture", "record_type")):  # fmt: skip
        allowed = re.search(rf"\b{column} IN \(([^)]*)\)", tables[table])
        words |= set(re.findall(r"'([^']+)'", allowed[1]))
    assert len(words) > 25
    assert words - set(vocabulary._known()) == set()


# --- no text goes round the catalogs


def shown_as_it_stands(node: nodes.Node):
    """Texts within an expression that are shown without being looked up."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr | nodes.Or | nodes.And | nodes.Concat):
        for child in node.iter_child_nodes():
            if not (isinstance(node, nodes.CondExpr) and child is node.test):
                yield from shown_as_it_stands(child)


def raw_texts(source: str, env) -> list[str]:
    html, found = "", []
    tree = env.parse(source)
    for block in tree.find_all(nodes.Block):
        if block.name in ATTRIBUTES:
            block.body = []
    for output in tree.find_all(nodes.Output):
        for one in output.nodes:
            if isinstance(one, nodes.TemplateData):
                html += one.data
            else:
                found += shown_as_it_stands(one)
                html += "\ufffc"
    found += re.findall(r'\b(?:alt|title|aria-label|placeholder|value)="([^"]*)"', html)
    found += re.split(r"<[^>]*>", html)
    return [word for text in found for word in LETTERS.findall(text.replace("&nbsp;", " ")) if word not in NAMES]


@pytest.fixture(scope="module")
def env():
    datasette = Datasette([])
    asyncio.run(datasette.invoke_startup())
    return access.templates(datasette)


@pytest.mark.parametrize(
    "path", [path for path in sorted((ROOM / "templates").glob("*.html")) if path.name not in DATASETTES], ids=lambda p: p.name
)  # fmt: skip
def test_a_template_has_no_text_of_its_own(path, env):
    source = path.read_text(encoding="utf-8")
    assert raw_texts(source, env) == []


def test_a_text_in_a_template_would_be_found(env):
    source = """<p title="One">Two {{ "Three" if x else _("four") }} {% trans %}five{% endtrans %}</p>"""
    assert sorted(raw_texts(source, env)) == ["One", "Three", "Two"]


class Pseudo(NullTranslations):
    """A language that nobody can take for English: what was looked up has not one letter of ASCII's."""

    def gettext(self, message: str) -> str:
        parts = re.split(r"(%\(\w+\)s)", message)
        circled = {ord("a") + n: chr(0x24D0 + n) for n in range(26)} | {
            ord("A") + n: chr(0x24B6 + n) for n in range(26)
        }
        return "".join(part if part.startswith("%(") else part.translate(circled) for part in parts)

    def ngettext(self, one: str, more: str, n: int) -> str:
        return self.gettext(one if n == 1 else more)


class Shown(HTMLParser):
    """Words that are seen or heard, without what says itself that it is English and without archived headers."""

    VOID = ("meta", "link", "br", "img", "input", "rect", "path", "line")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        hidden = (
            tag in ("script", "style", "code", "pre")
            or given.get("lang") == "en"
            or {"bw-headers", "bw-quote", "cr"} & set(classes)
        )
        hidden = bool(hidden) or any(was for _, was in self.open)
        if not hidden:
            self.texts += [given[name] or "" for name in ("alt", "title", "aria-label", "placeholder") if name in given]
            if tag == "input" and given.get("type") == "submit":
                self.texts.append(given["value"])
        if tag not in self.VOID:
            self.open.append((tag, hidden))

    def handle_endtag(self, tag):
        while tag not in self.VOID and self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(hidden for _, hidden in self.open):
            self.texts.append(data)


def words_of_rows(database: Path) -> set[str]:
    """Every word in the rows, but for those columns that hold words of our own."""
    ours = {"state", "kind", "role", "status", "tier", "rule", "record_type", "name_source", "what", "via"}
    found: set[str] = set()
    with sqlite3.connect(database) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'").fetchall():  # fmt: skip
            cursor = db.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, str) and column not in ours:
                        found |= set(LETTERS.findall(value))
    db.close()
    return found


ALLOWED = {
    *("Nederlands", "zzz", "zzzz", "nothing", "Crawlverslag"),  # asked for; and a report has its words elsewhere
    *("Museum", "van", "het", "Web", "archief", "museum", "test"),  # who keeps it
    *("date", "page", "key", "organisation", "seen", "captures", "plan", "nederland"),  # of questions: what they take
}
#: every kind of page, and of refusal
PAGES = ("/", "/-/about", "/-/changes", "/-/search?q=pleegzorg", "/-/search?q=zzzz", "/-/organisation/pleegzorg-nu",
         "/-/organisation/stichting-lantaarn", "/-/capture/{home}", "/-/capture/{failed}", "/-/capture/{moved}",
         "/-/capture/{Stichting Lantaarn}", "/-/page/{home2}", "/-/page/{home}/diff/{home2}", "/-/crawl/latest",
         "/-/capture/{pdf}", "/-/capture/nothing", "/-/capture/{failed}/raw", "/-/page/{css}", "/-/changes?site=zzz",
         "/-/organisation/zzz", "/-/crawl/zzz-20160101000000000", "/-/page/{home}/diff/{evil}")  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_a_word_that_was_not_looked_up(client, built, monkeypatch, path):
    monkeypatch.setattr(language, "catalog", lambda _: Pseudo())
    answer = client.get(path.format(**built.ids), headers={"accept-language": "nl"})
    shown = Shown()
    shown.feed(answer.text)
    months = set("januari februari maart april mei juni juli augustus september oktober november december".split())
    known = words_of_rows(built.archive.database) | NAMES | months | ALLOWED
    left = {word for text in shown.texts for word in LETTERS.findall(text)} - known
    assert left == set()
    assert "ⓐ" in answer.text
