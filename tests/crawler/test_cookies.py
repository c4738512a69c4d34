from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from http.cookiejar import Cookie, CookieJar
from pathlib import Path

from crawler.politeness.cookies import LONGEST, MOST, MOST_OF_A_DOMAIN, forget_surplus
from tests.front_door import crawl
from tests.site_server import Answer, Site, page


def test_a_cookie_that_was_set_is_sent_back_for_the_rest_of_the_crawl(tmp_path: Path) -> None:
    status, headers, body = page('<a href="/second">2</a>')
    pages = {
        "/": page('<a href="/first">1</a>'),
        "/first": (status, {**headers, "Set-Cookie": "consent=yes; Path=/"}, body),
        "/second": page("<p>the end</p>"),
    }
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a")
    sent = {asked.path: asked.headers.get("Cookie") for asked in site.asked}
    assert sent == {"/robots.txt": None, "/": None, "/first": None, "/second": "consent=yes"}


def test_what_lies_behind_a_cookie_is_asked_for_once_more(tmp_path: Path) -> None:
    """A redirect to itself, one by way of another, one that never lets in, and a loop without a cookie."""
    html = {"Content-Type": "text/html"}

    def gate(path: str, name: str, leads_to: str, *, opens: bool = True) -> Callable[[], Answer]:
        def answer() -> Answer:
            asked = [each for each in site.asked if each.path == path][-1]
            if opens and f"{name}=1" in asked.headers.get("Cookie", ""):
                return page(f'<a href="/behind/{name}">x</a>')
            return 302, {**html, "Location": leads_to, "Set-Cookie": f"{name}=1; Path=/"}, b""

        return answer

    with Site({}) as site:
        site.pages |= {
            "/": page("".join(f'<a href="/{name}">x</a>' for name in ("self", "check", "never", "loop"))),
            "/self": gate("/self", "self", "/self#again"),
            "/check": gate("/check", "check", "/step?to=check"),
            "/step?to=check": (302, {"Location": site.url("/check")}, b""),
            "/never": gate("/never", "never", "/never", opens=False),
            "/loop": (302, {"Location": "/pool"}, b""),
            "/pool": (302, {"Location": "/loop"}, b""),
            "/behind/self": page("one"),
            "/behind/check": page("two"),
        }
        report = crawl(site.url(), tmp_path / "a")
    assert Counter(site.paths()) == {
        "/robots.txt": 1, "/": 1, "/self": 2, "/check": 2, "/step?to=check": 1, "/never": 2, "/loop": 1, "/pool": 1,
        "/behind/self": 1, "/behind/check": 1,
    }  # fmt: skip
    assert (report["status"], report["failed"]) == ("finished", 0)


def cookie(name: str, value: str = "v", domain: str = "a.test") -> Cookie:
    return Cookie(
        0, name, value, None, False, domain, True, False, "/", True, False, None, False, None, None, {}
    )  # fmt: skip


def kept(*cookies: Cookie) -> list[str]:
    jar = CookieJar()
    for each in cookies:
        jar.set_cookie(each)
    forget_surplus(jar)
    return [each.name for each in jar]


def test_of_too_many_cookies_those_that_came_first_are_forgotten() -> None:
    many = [cookie(f"c{n}") for n in range(MOST_OF_A_DOMAIN + 2)]
    assert kept(*many, cookie("other", domain="b.test")) == [f"c{n}" for n in range(2, MOST_OF_A_DOMAIN + 2)] + [
        "other"
    ]
    assert len(kept(*(cookie("c", domain=f"{n}.test") for n in range(MOST + 5)))) == MOST


def test_a_cookie_that_no_browser_need_hold_is_not_held() -> None:
    assert kept(cookie("long", "v" * LONGEST), cookie("longest", "v" * (LONGEST - 7))) == ["longest"]
