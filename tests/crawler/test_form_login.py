"""A crawl that fills in a login form, keeps its session, and leaves no secret behind."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store.compare import differences
from crawler.capture.forms import Forms
from crawler.login import LoginFailed, fill
from crawler.sites.login import Login
from tests.crawler.crawled import dumped, query, wait_for
from tests.form_site import FIELDS, PASSWORD, USER, FormSite
from tests.front_door import CONTACT, bewaar, crawl, start
from tests.login_site import check_redactions, events_of, files_holding, members
from tests.site_server import Answer, page


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_PASSWORD", PASSWORD)


def declare(archive: Path, site: FormSite, more: str = "") -> str:
    made = Archive.create(archive, contact=CONTACT)
    (made.sites / "members.toml").write_text(
        f'seeds = ["{site.url()}"]\ndelay_s = 0\n[[login]]\npage = "{site.url("/login")}"\n{FIELDS}\n{more}\n'
    )
    return "members"


def pages_kept(archive: Path) -> set[str]:
    return {
        title
        for (title,) in query(archive, "SELECT v.title FROM capture c JOIN page_version v ON v.id = c.page_version_id")
    }


WANTED = {"public", *(f"member page {number}" for number in range(1, 16))}


@pytest.mark.parametrize("sends", [False, True], ids=["form in place of the page", "redirect to the form"])
def test_what_lies_behind_a_form_is_kept_and_the_secrets_are_not(tmp_path: Path, *, sends: bool) -> None:
    archive = tmp_path / "a"
    with FormSite(members(15), sends=sends) as site:
        report = crawl(declare(archive, site), archive)
        (posted,) = site.posted
        bewaar("verify", "--rows", "--strict", "--archive", archive)
    assert (posted["user"], posted["login[password]"], "remember" in posted) == (USER, PASSWORD, False)
    assert pages_kept(archive) == WANTED
    assert report["problems"] == []
    assert files_holding(archive, PASSWORD, *site.sessions) == []
    assert report["redactions"] == sum(map(check_redactions, events_of(archive))) > 16
    # The form and its answer are in the WARC, as what comes before the crawl.
    assert query(archive, "SELECT count(*) FROM capture WHERE hops = 'P'") == [(4,)]  # robots.txt, form, answer, "/"
    live = dumped(archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []


@pytest.mark.parametrize("sends", [False, True], ids=["form in place of the page", "redirect to the form"])
def test_a_session_that_ends_is_renewed_and_what_it_cost_asked_for_again(tmp_path: Path, *, sends: bool) -> None:
    archive = tmp_path / "a"
    with FormSite(members(15), lasts=4, sends=sends) as site:
        report = crawl(declare(archive, site), archive)
        assert len(site.posted) == 4
    assert pages_kept(archive) == WANTED
    assert report["problems"] == []
    # The form in a page's place is in the WARC and named in the database, and nobody is taken off a list for it.
    lost = query(archive, "SELECT count(*) FROM problem WHERE what = 'logged out'")
    assert lost[0][0] >= 3
    assert query(archive, "SELECT count(*) FROM change WHERE kind = 'no longer listed'") == [(0,)]
    assert query(archive, "SELECT count(*) FROM presence WHERE gone_by IS NOT NULL") == [(0,)]
    assert files_holding(archive, PASSWORD, *site.sessions) == []


def test_a_page_that_never_lets_in_is_a_problem_and_no_loop(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    pages: dict[str, Answer] = members(3)
    form = '<form method=post><input name=user><input name="login[password]"></form>'
    pages["/m2"] = page(form, title="for others")
    with FormSite(pages) as site:
        report = crawl(declare(archive, site), archive, code=1)
        assert site.paths().count("/m2") == 3
    assert [(problem["url"], problem["what"]) for problem in report["problems"]] == [(site.url("/m2"), "logged out")]
    assert pages_kept(archive) == {"public", "member page 1", "member page 3"}


def test_each_form_keeps_its_own_session(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with FormSite(members(7), lasts=3) as one, FormSite(members(7), lasts=5) as other:
        other.cookie = "OTHER"
        one.pages["/"] = page(f'<a href="/m1">in</a><a href="{other.url("/m1")}">there</a>', title="public")
        logins = "".join(f'[[login]]\npage = "{site.url("/login")}"\n{FIELDS}\n' for site in (one, other))
        seeds = f'seeds = ["{one.url()}"]\nhosts = ["127.0.0.1:{other.port}"]\nallow_addresses = ["127.0.0.1/32"]\n'
        (archive.sites / "both.toml").write_text(f"{seeds}delay_s = 0\n{logins}")
        report = crawl("both", archive.root)
        wanted = {site.url(path) for site in (one, other) for path in members(7) if path != "/"}
        assert (len(one.posted) > 1, len(other.posted) > 1) == (True, True)
    kept = query(archive.root, "SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id "
                               "JOIN page_version v ON v.id = c.page_version_id WHERE v.title LIKE 'member%'")  # fmt: skip
    assert {url for (url,) in kept} == wanted
    assert report["problems"] == []
    assert files_holding(archive.root, PASSWORD, *one.sessions, *other.sessions) == []


def test_after_kill_9_the_crawl_logs_in_again(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with FormSite(members(63), slow_s=0.02) as site:
        name = declare(archive, site)
        process = start("crawl", name, "--archive", archive)
        wait_for(site, 30)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert files_holding(archive, PASSWORD, *site.sessions) == []
        crawl(name, archive)
        assert len(site.posted) == 2
    assert pages_kept(archive) == {"public", *(f"member page {number}" for number in range(1, 64))}
    assert len(query(archive, "SELECT id FROM crawl")) == 1


@pytest.mark.parametrize(
    ("password", "more", "said"),
    [
        ("not-the-password", "", "the form came back"),
        (PASSWORD, 'logged_in = "Welcome, Anna"', "'Welcome, Anna' does not stand on the page"),
        (PASSWORD, 'form = "other"', "no form 'other' with the fields user, login[password]"),
    ],
)
def test_a_login_that_fails_ends_the_crawl_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, more: str, said: str
) -> None:
    monkeypatch.setenv("SITE_PASSWORD", password)
    archive = tmp_path / "a"
    with FormSite(members(3)) as site:
        name = declare(archive, site, more)
        done = bewaar("crawl", name, "--archive", archive, code=1)
        assert not any(path.startswith("/m") for path in site.paths())
        assert said in done.stderr + done.stdout
        # It goes on when that is mended.
        monkeypatch.setenv("SITE_PASSWORD", PASSWORD)
        declare(archive, site)
        crawl(name, archive)
    assert files_holding(archive, PASSWORD, *site.sessions, *([password] if "not" in password else [])) == []


def test_a_server_that_is_down_for_a_moment_is_asked_for_its_form_again(tmp_path: Path) -> None:
    with FormSite(members(3)) as site:
        site.broken = 2
        crawl(declare(tmp_path / "a", site), tmp_path / "a")
    assert "member page 3" in pages_kept(tmp_path / "a")


def test_links_that_log_out_are_not_followed(tmp_path: Path) -> None:
    pages: dict[str, Answer] = members(1)
    outs = ["/m/logout", "/m/sign-out.php", "/m?action=logoff", "/m/uitloggen/", "/m/logout-policy"]
    pages["/m1"] = page("".join(f'<a href="{path}">x</a>' for path in outs))
    with FormSite(pages) as site:
        report = crawl(declare(tmp_path / "a", site), tmp_path / "a")
        assert set(site.paths()) & set(outs) == {"/m/logout-policy"}
    assert report["refusals"] == {"logout": 4}


PAGE = "https://example.org/login"
FORM = '<form method=post action="{}"><input name=user><input name=password></form>'


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (FORM.format("https://elsewhere.example/"), "goes to another server, https://elsewhere.example/"),
        (FORM.format("http://example.org/login"), "goes to another server, http://example.org/login"),
        (FORM.format("javascript:x()"), "goes to another server"),
        (FORM.format("").replace("post", "get"), "into a URL"),
        (FORM.format("").replace("post", 'post enctype="multipart/form-data"'), "sent as multipart/form-data"),
        (FORM.format("").replace("user", "login"), "no form with the fields user, password"),
        ("", "no form with the fields"),
    ],
)
def test_a_form_that_would_give_the_secrets_away_is_not_sent(form: str, said: str) -> None:
    login = Login.model_validate({"page": PAGE, "fields": {"user": "anna", "password": {"env": "SECRET"}}})
    with pytest.raises(LoginFailed, match=r"example\.org/login: ") as failure:
        fill(login, {"user": "anna", "password": "se cret"}, PAGE, form)
    assert said in str(failure.value)
    assert "se cret" not in str(failure.value)


def test_a_form_is_sent_as_a_browser_sends_it() -> None:
    login = Login.model_validate({"page": PAGE, "fields": {"user": "anna", "password": {"env": "SECRET"}}})
    text = FORM.format("/in?a=1").replace(
        "</form>", "<input type=hidden name=t value='é'><button name=b value=1></form>"
    )
    filled = fill(login, {"user": "anna", "password": "a+b &c"}, "http://example.org/login", text)
    assert filled.url == "http://example.org/in?a=1"
    assert filled.body == b"t=%C3%A9&user=anna&password=a%2Bb+%26c&b=1"
    assert dict(filled.headers) == {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_form_without_a_secret_is_no_login(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    (archive.sites / "x.toml").write_text(
        'seeds = ["http://a.test/"]\n[[login]]\npage = "http://a.test/login"\nfields = { user = "anna" }\n'
    )
    done = bewaar("sites", "show", "x", "--archive", archive.root, code=2)
    assert "x.toml line 2: login.0: fields: none is a secret" in done.stderr
    assert json.dumps("anna") not in done.stderr


def test_a_form_is_encoded_as_its_page_and_masked_in_that_spelling() -> None:
    login = Login.model_validate({"page": PAGE, "fields": {"user": "anna", "password": {"env": "SECRET"}}})
    values = {"user": "anna", "password": "geh\u00e9im-w\u00f6rd"}
    filled = fill(login, values, PAGE, FORM.format("/in"), "windows-1252")
    assert filled.body == b"user=anna&password=geh%E9im-w%F6rd"
    assert Forms([values["password"]]).find(filled.body) == [(19, 34)]
    with pytest.raises(LoginFailed, match="would not be masked"):
        fill(login, values, PAGE, FORM.format("/in"), "windows-1250")
    with pytest.raises(LoginFailed, match="cannot hold"):
        fill(login, values | {"password": "\u0141\u00f3d\u017a-1234"}, PAGE, FORM.format("/in"), "windows-1252")
    other = FORM.format("/in").replace("</form>", "<input type=hidden name=t value='\u20ac \u0141'></form>")
    filled = fill(login, values | {"password": "ascii-only"}, PAGE, other, "windows-1252")
    assert filled.body == b"t=%80+%26%23321%3B&user=anna&password=ascii-only"


def test_only_what_a_browser_sends_of_a_form_is_sent() -> None:
    login = Login.model_validate({"page": PAGE, "form": "f", "fields": {"user": "anna", "password": {"env": "SECRET"}}})
    form = (
        "<form method=post id=other><input name=user><input name=password></form>"
        '<form method=post id=f action="/in"><input name=user><input name=off value=1 disabled>'
        "<fieldset disabled><input name=off2 value=1></fieldset></form>"
        "<input name=password form=f><button form=f name=do value=in>Log in</button><input name=alien value=1>"
    )
    filled = fill(login, {"user": "anna", "password": "secret"}, PAGE, form)
    assert (filled.url, filled.body) == ("https://example.org/in", b"user=anna&password=secret&do=in")


def test_a_form_elsewhere_than_the_profile_says_is_named(tmp_path: Path) -> None:
    with FormSite(members(3)) as site:
        name = declare(tmp_path / "a", site)
        profile = tmp_path / "a" / "sites" / "members.toml"
        profile.write_text(profile.read_text().replace("/login", "/enter"))
        site.pages["/enter"] = (302, {"Location": "/login?next=/"}, b"")
        done = bewaar("crawl", name, "--archive", tmp_path / "a", code=1)
        assert f"redirects to {site.url('/login?next=/')}; give that as page" in done.stdout
        assert site.posted == []


def test_the_form_is_sent_from_its_page(tmp_path: Path) -> None:
    with FormSite(members(1)) as site:
        crawl(declare(tmp_path / "a", site), tmp_path / "a")
        (asked,) = (asked for asked in site.asked if asked.path == "/session")
        assert (asked.headers["Referer"], asked.headers["Origin"]) == (site.url("/login"), site.url("/").rstrip("/"))


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_answered_as_to_nobody_before_a_stop_is_asked_for_again(tmp_path: Path, stop: signal.Signals) -> None:
    archive = tmp_path / "a"
    with FormSite(members(15), lasts=4, sends=True, slow_s=0.05) as site:
        name = declare(archive, site)
        process = start("crawl", name, "--archive", archive)
        while not any(left == 0 for left in site.sessions.values()):
            assert process.poll() is None
            time.sleep(0.005)
        wait_for(site, len(site.asked) + 1)
        time.sleep(0.06)
        process.send_signal(stop)
        process.communicate()
        crawl(name, archive)
    assert pages_kept(archive) == WANTED


def test_what_is_filled_in_is_sent_once(tmp_path: Path) -> None:
    with FormSite(members(1)) as site:
        site.fails = True
        done = bewaar("crawl", declare(tmp_path / "a", site), "--archive", tmp_path / "a", code=1)
        assert len(site.posted) == 1
    assert "/session: HTTP status 500" in done.stdout
