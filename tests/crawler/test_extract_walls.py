"""Members shown by logos that nothing names: their links say that they are organisations, or the markup that they are logos."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_reach import section, values

HOSTS = ["rowan.test", "birch-trust.test", "alder.test", "willow.test"]


def wall(images: list[str], label: str = "Our members") -> str:
    return f"<h2>{label}</h2><div class=wall>{''.join(images)}</div>"


def linked(hosts: list[str]) -> list[str]:
    return [f"<a href='https://www.{host}/'><img src='/i/{nth}.png' alt=''></a>" for nth, host in enumerate(hosts)]


def test_a_logo_is_named_by_where_it_leads_for_a_person_to_look_at() -> None:
    facts = section("member", wall(linked(HOSTS))).facts
    assert [(fact.value, fact.tier, fact.name_source, fact.confidence) for fact in facts] == [
        (name, "candidate", "host", 0.5) for name in ("rowan", "birch-trust", "alder", "willow")
    ]


def test_one_whose_image_is_named_is_confirmed_beside_it() -> None:
    images = [*linked(HOSTS[:3]), "<img src='/i/oak.png' alt='Oak Society'>"]
    tiers = {fact.value: fact.tier for fact in section("member", wall(images)).facts}
    assert tiers == dict.fromkeys(("rowan", "birch-trust", "alder"), "candidate") | {"Oak Society": "confirmed"}


@pytest.mark.parametrize(
    "image", ["<img src='/logos/{}.png'>", "<div class='member-logo'><img src='/i/{}.png'></div>", "<img src='/i/{}.png' alt='Logo'>"]
)  # fmt: skip
def test_a_logo_that_nothing_names_is_nobodys_key(image: str) -> None:
    facts = section("member", wall([image.format(nth) for nth in (11, 12, 13, 13)])).facts
    assert [(fact.organisation, fact.tier, fact.confidence) for fact in facts] == [(None, "candidate", 0.2)] * 3


@pytest.mark.parametrize(
    "images",
    [
        [f"<img src='/i/{nth}.jpg'>" for nth in range(4)],
        [f"<a href='/p/{nth}'><img src='/i/{nth}.jpg'></a>" for nth in range(4)],
        linked(["rowan.test"] * 4),
        linked(["facebook.com", "x.com", "instagram.com", "youtube.com"]),
        linked(HOSTS[:2]),
    ],
)
def test_pictures_that_nothing_calls_logos_are_no_members(images: list[str]) -> None:
    assert values("member", wall(images)) == []
