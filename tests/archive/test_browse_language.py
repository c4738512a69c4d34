"""English and Dutch: every word of ours is in both, no page mixes them, and no cache hands one to readers of the other."""

from __future__ import annotations

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
from archive.browse.serve import build as build_datasette
from archive.report.words import Words
from archive.store.decisions import append_decision
from crawler.items import KINDS
from tests.archive.browse_archive import HOST, build
from tests.archive.browse_server import running

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
    built = build(tmp_path_factory.mktemp("language") / "archive")
    decisions = built.archive.decisions / "decisions.jsonl"
    append_decision(decisions, who="Jo", action="takedown", scope=f"{HOST}/jaarverslag.pdf", why="privacy", decision_id="t")  # fmt: skip
    return built


@pytest.fixture(scope="module")
def client(built):
    with running(build_datasette(built.archive)) as client:
        yield client


@pytest.fixture(scope="module")
def public(built):
    with running(build_datasette(built.archive, public=True)) as client:
        yield client


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


@pytest.mark.parametrize(
    ("path", "status", "dutch"),
    [
        ("/-/capture/nothing", 404, "Niet in dit archief"),
        ("/-/capture/{pdf}", 451, "om iemands privacy te beschermen"),
        ("/-/nothing", 404, "Die pagina is er niet."),
        ("/archive/capture/99999", 404, "Die pagina is er niet."),
        ("/archive?sql=" + "x", 400, "niet te beantwoorden"),
        ("/-/capture/{home}", 200, "1 mei 2016"),
        ("/-/changes", 200, "niet meer vermeld"),
        ("/", 200, "Sponsors van nu"),
    ],
)
def test_a_dutch_reader_is_spoken_to_in_dutch(client, built, path, status, dutch):
    answer = client.get(path.format(**built.ids), headers={"accept-language": "nl-NL,nl;q=0.9,en;q=0.5"})
    assert answer.status_code == status
    assert dutch in answer.text
    assert '<html lang="nl">' in answer.text
    assert answer.headers["content-language"] == "nl"
    assert "Accept-Language" in answer.headers["vary"]


def test_who_may_not_see_is_told_so_in_dutch(built):
    datasette = build_datasette(built.archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"page_version": {"allow": False}}}}}
    with running(datasette) as client:
        answer = client.get("/-/search?q=x", headers={"accept-language": "nl"})
    assert answer.status_code == 403
    assert "<h1>Niet toegestaan</h1>" in answer.text
    assert "Dit mag u niet zien." in answer.text


def test_a_report_names_what_it_read_in_the_visitors_words():
    with language.visiting(language.Visit("nl")):
        words = Words("nl", vocabulary.say)
        assert words.say("member") == "lid"
        assert words.finding("drift", (2, "member", "section vanished")).endswith(
            "eerst pagina member, lijst verdwenen."
        )
    assert (
        Words("nl").finding("drift", (2, "home", "section vanished")).endswith("eerst pagina home, section vanished.")
    )


# --- choosing


def test_a_choice_goes_before_what_the_browser_says_and_is_kept(client):
    chosen = client.get("/?lang=nl", headers={"accept-language": "en"})
    assert '<html lang="nl">' in chosen.text
    assert chosen.headers["set-cookie"] == "bewaar_lang=nl; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
    kept = client.get("/-/search", headers={"accept-language": "en", "cookie": "other=1; bewaar_lang=nl"})
    assert '<html lang="nl">' in kept.text
    assert "set-cookie" not in kept.headers
    assert '<html lang="en">' in client.get("/-/search?lang=en", headers={"cookie": "bewaar_lang=nl"}).text
    client.cookies.clear()


@pytest.mark.parametrize("given", ["de", "", "nl;q=0", "xx;q=9", "nl;q=x", "*", "\xe9", ";;;,,,", "n" * 5000])
def test_english_is_spoken_where_neither_is_asked_for(client, given):
    answer = client.get("/", headers={"accept-language": given.encode("latin-1")})
    assert '<html lang="en">' in answer.text
    assert answer.headers["content-language"] == "en"


@pytest.mark.parametrize("query", ["lang=", "lang=de", "lang=nl&lang=%00", "lang=%3Cscript%3E", "x=%ff&lang=zz"])
def test_what_is_no_language_is_none(client, query):
    answer = client.get(f"/-/search?{query}", headers={"cookie": 'bewaar_lang="; evil=<script>'})
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "switch"),
    [
        ("/", "?lang=nl"),
        ("/-/search?q=pleegzorg&x=1", "?q=pleegzorg&amp;x=1&amp;lang=nl"),
        ("/archive/page_version?lang=nl", "?lang=nl&amp;_lang=nl"),  # a column of that table is called so
        ("/-/web/2016/http://never.test/?lang=fr", "/?lang=nl"),  # the question mark is the archived address's
        ("/-/nothing", "?lang=nl"),
    ],
)
def test_every_page_has_a_way_to_the_other_language(client, path, switch):
    html = client.get(path).text
    assert f'<a href="{switch}" hreflang="nl" lang="nl"' in html
    assert '<html lang="en">' in html


def test_a_table_page_has_a_dutch_frame_around_english_contents(client):
    answer = client.get("/archive/capture?_lang=nl")
    assert '<html lang="nl">' in answer.text
    assert re.search(r'<main [^>]*lang="en"', answer.text)
    assert answer.headers["content-language"] == "nl, en"
    assert client.get("/archive/page_version.json?lang=nl&_shape=array").json()
    assert client.get("/archive/page_version.json?lang=en&_shape=array").json() == []
    client.cookies.clear()


def test_what_one_visitor_was_told_is_not_told_to_the_next(built):
    """Templates are compiled at the first visit."""
    paths, told = ("/-/about", "/", "/-/changes"), {}
    for order in (("nl", "en", "nl"), ("en",)):
        with running(build_datasette(built.archive)) as client:
            for number, one in enumerate(order):
                for path in paths:
                    html = client.get(path, headers={"accept-language": one}).text
                    told.setdefault((path, one), {})[order, number] = re.sub(r"[\d.]+ ms|:\d+/", "", html)
    for path in paths:
        assert len(told[path, "en"]) == len(told[path, "nl"]) == 2
        assert len(set(told[path, "en"].values())) == len(set(told[path, "nl"].values())) == 1


def test_two_visitors_at_once_are_not_mixed(built):
    async def ask() -> list[str]:
        datasette = build_datasette(built.archive)
        wanted = [("en", "nl")[n % 2] for n in range(8)]
        answers = await asyncio.gather(*(datasette.client.get("/", headers={"accept-language": one}) for one in wanted))
        return [
            (one, answer.headers["content-language"], "Latest changes" in answer.text)
            for one, answer in zip(wanted, answers, strict=True)
        ]

    assert all(given == told and english == (given == "en") for given, told, english in asyncio.run(ask()))


# --- caches


def test_a_shared_cache_is_told_what_a_page_depends_on(public, built):
    for path in ("/", "/archive/capture", built.path("home"), built.path("home", "snapshot")):
        answer = public.get(path)
        assert answer.headers["cache-control"] == "public, max-age=60"
        assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))
    for path in (built.path("home", "raw"), "/archive/capture.json", "/-/changes.atom"):
        assert "Accept-Language" not in public.get(path).headers.get("vary", "")


def test_who_made_a_choice_is_shown_nothing_that_others_may_be(public):
    answer = public.get("/", headers={"cookie": "bewaar_lang=nl"})
    assert '<html lang="nl">' in answer.text
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_page_that_keeps_a_choice_is_for_one_visitor(public):
    answer = public.get("/?lang=nl")
    assert "set-cookie" in answer.headers
    assert answer.headers["cache-control"] == "private, no-cache"
    public.cookies.clear()


def test_an_archived_page_is_in_nobodys_language_and_its_banner_in_the_visitors(client, built):
    answer = client.get(built.path("home", "snapshot"), headers={"accept-language": "nl"})
    assert "content-language" not in answer.headers
    assert '<div lang="nl"' in answer.text
    assert "Gearchiveerde kopie van 1 mei 2016 12:00:01 (UTC), niet de site van nu." in answer.text


def test_a_feed_is_in_the_language_of_its_address_whoever_asks(client):
    for headers in ({"accept-language": "nl"}, {"cookie": "bewaar_lang=nl"}):
        assert ": changes</title>" in client.get("/-/changes.atom", headers=headers).text
    dutch = client.get("/-/changes.atom?lang=nl")
    assert ": wijzigingen</title>" in dutch.text
    assert 'xml:lang="nl"' in dutch.text
    assert "(lid) niet meer vermeld" in dutch.text
    assert "set-cookie" not in dutch.headers
    assert client.get("/-/changes.json?lang=nl").json()["language"] == "nl"
    page = client.get("/-/changes", headers={"accept-language": "nl"}).text
    assert 'href="/-/changes.atom?lang=nl"' in page
