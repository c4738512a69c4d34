"""The replica's HTML: which pages there are, under which menu paths each stands, and how an edition shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from crawler.replica.editions import PURPOSE, Edition, Logo

#: the first host; canonical links name it from every host
HOME = "http://eerlijkkinderpardon.test"

MENU = {
    "mo470-cg300": "Over ons",
    "mo471-cg300": "ANBI",
    "mo472-cg300": "Ons netwerk",
    "mo473-cg300": "Contact",
    "mo474-cg300": "Publicaties",
    "mo480-cg310": "Thema's",
    "mo481-cg310": "Kinderen zonder thuis",
    "mo500-cg340": "Nieuws",
    "mo510-cg350": "Campagne",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the site; *paths* are the menu paths it can be reached under, the first one canonical."""

    number: int
    slug: str
    title: str
    paths: tuple[str, ...]
    charset: str = "utf-8"
    chunked: bool = False

    def target(self, path: str | None = None) -> str:
        path = self.paths[0] if path is None else path
        return f"/p/215/{self.number}/{path}{'/' if path else ''}{self.slug}"


LEAVES = (
    Leaf(3210, "over-ons", "Over ons", ("mo470-cg300",), charset="windows-1252"),
    Leaf(3215, "anbi", "ANBI", ("mo470-cg300/mo471-cg300",)),
    Leaf(3230, "kinderen-zonder-thuis", "Kinderen zonder thuis", ("mo480-cg310",)),
    Leaf(
        3232,
        "better-care-network",
        "Better Care Network",
        ("mo480-cg310/mo481-cg310", "mo470-cg300/mo472-cg300", "mo500-cg340", ""),
    ),
    Leaf(3250, "nieuws", "Nieuws", ("mo500-cg340",), chunked=True),
    Leaf(3251, "zomerkamp-vol", "Zomerkamp is vol", ("mo500-cg340", ""), chunked=True),
    Leaf(3252, "spreekuur-op-woensdag", "Spreekuur op woensdag", ("mo500-cg340", ""), chunked=True),
    Leaf(3253, "handboek-herzien", "Handboek herzien", ("mo500-cg340", ""), chunked=True),
    Leaf(3260, "contact", "Contact", ("mo470-cg300/mo473-cg300",)),
    Leaf(3270, "teken-de-petitie", "Teken de petitie", ("mo510-cg350",)),
    Leaf(3280, "publicaties", "Publicaties", ("mo470-cg300/mo474-cg300",)),
    # Only the sitemap names this one.
    Leaf(3295, "vacatures", "Vacatures", ("mo470-cg300",)),
)
NEWS = tuple(leaf for leaf in LEAVES if 3251 <= leaf.number <= 3259)
MAIN = next(leaf for leaf in LEAVES if leaf.number == 3232)


@cache
def _template(name: str) -> Template:
    return Template((files("crawler.replica") / "html" / f"{name}.html").read_text("utf-8"))


def leaf_page(edition: Edition, leaf: Leaf, path: str) -> bytes:
    crumbs = ['<a href="/">Home</a>', *(escape(MENU[node], quote=False) for node in path.split("/") if node)]
    content = main_text(edition) if leaf is MAIN else fragment(leaf.slug)
    trail = " &gt; ".join(crumbs)
    return page(edition, leaf.title, content, crumbs=trail, canonical=HOME + leaf.target(), charset=leaf.charset)


def page(
    edition: Edition,
    title: str,
    content: str,
    *,
    crumbs: str = "Home",
    canonical: str = f"{HOME}/",
    charset: str = "utf-8",
) -> bytes:
    """A whole page in the edition's design."""
    text = _template(edition.design).substitute(
        charset=charset,
        title=escape(title),
        canonical=escape(canonical),
        menu="\n".join(_menu()),
        crumbs=crumbs,
        content=content.rstrip("\n"),
        sponsors="\n".join(map(_wall[edition.design], edition.sponsors)),
    )
    return text.encode(charset)


def fragment(name: str) -> str:
    return _template(name).substitute()


def main_text(edition: Edition) -> str:
    item = {"2016": "<li>{}&nbsp;</li>", "2018": "          <li><p>{}</p></li>"}[edition.design]
    return _template(f"better-care-network-{edition.design}").substitute(
        purpose=escape(PURPOSE[edition.design], quote=False),
        members=members_sentence(edition.members),
        goals="\n".join(item.format(escape(goal, quote=False)) for goal in edition.goals),
    )


def members_sentence(members: tuple[str, ...]) -> str:
    """Members as prose; the no-break space before UNICEF stands on the original page too."""
    if not members:
        return ""
    host, *others = (escape(name, quote=False) for name in members)
    listed = ", ".join(others[:-1]).replace(", UNICEF", ",&nbsp;UNICEF")
    return (
        f"De afdeling in Nederland bestaat sinds 2007 en is naast {host} opgebouwd uit de volgende organisaties: "
        f"{listed} en {others[-1]}."
    )


def outage_page() -> bytes:
    return _template("storing").substitute().encode()


def _menu() -> list[str]:
    leaves = {leaf.number: leaf for leaf in LEAVES}
    entries = [("/", "Home"), *((leaves[number].target(), leaves[number].title) for number in (3210, 3230, 3250, 3270))]
    return [f'<li><a href="{target}">{escape(title, quote=False)}</a></li>' for target, title in entries]


def _plain(logo: Logo) -> str:
    return f'<img src="/images/{logo.file}" alt="{escape(logo.alt)}">'


def _lazy(logo: Logo) -> str:
    """As lazy-loading scripts want it: a placeholder, the true address in ``data-src``, a copy for readers without
    scripts.
    """
    return (
        "          <figure><img src=\"data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E\" "
        f'data-src="/images/{logo.file}" alt="{escape(logo.alt)}">'
        f"<noscript>{_plain(logo)}</noscript></figure>"
    )


_wall = {"2016": _plain, "2018": _lazy}
