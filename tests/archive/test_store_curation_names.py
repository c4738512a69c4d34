"""What people decide of names: aliases, names that are told apart, and what a fact's organisation is called."""

from __future__ import annotations

from tests.archive.decided import LOGO, listed, raw
from tests.archive.store_builders import SITE, found, member, members, reading, rows, sponsor, write


def test_alias_goes_before_the_profile_and_an_override_before_both(store, decide):
    # the profile made the key: NPL is the Nationale Postcode Loterij
    write(store, 0, reading(0, found("member", [member("NPL", organisation="nationale-postcode-loterij")])))
    names = {"nationale-postcode-loterij": "Nationale Postcode Loterij"}
    store.derive(SITE, names=names)
    assert listed(store) == [("Nationale Postcode Loterij", None)]
    decide("alias", "NPL", "Nederlandse Pleegzorg Lijst")
    assert listed(store) == [("Nederlandse Pleegzorg Lijst", "1")]
    assert rows(store, "SELECT organisation_id FROM member") == [("nederlandse-pleegzorg-lijst",)]
    decide("override", raw("NPL"), {"correct": {"organisation": "Nieuwe Partij"}})
    assert rows(store, "SELECT organisation_id, decided_by FROM member") == [("nieuwe-partij", "2")]


def test_alias_to_a_name_that_no_fact_bears_makes_an_organisation_of_that_name(store, decide):
    write(store, 0, reading(0, found("sponsor", [sponsor("logo 7.png", organisation=None, logo_url=LOGO)])))
    decide("alias", "logo 7.png", "Stichting Onbekend")
    assert rows(store, "SELECT id FROM organisation") == [("stichting-onbekend",)]
    write(store, 1, reading(1, members("Stichting Onbekend")))
    store.derive(SITE)
    assert rows(store, "SELECT DISTINCT organisation_id FROM presence") == [("stichting-onbekend",)]


def test_aliases_lead_on_by_name_as_by_key(store, decide):
    write(store, 0, reading(0, members("NPL", "Postcode Loterij", "Nationale Postcode Loterij")))
    decide("alias", "NPL", "Postcode Loterij")
    decide("alias", "Postcode Loterij", "Nationale Postcode Loterij")
    assert rows(store, "SELECT organisation_id FROM member") == [("nationale-postcode-loterij",)]


def test_alias_of_a_name_is_of_the_other_spellings_of_its_key_too(store, decide):
    spelled = [
        member("Stichting Wilde Ganzen", organisation="wilde-ganzen"),
        member("Wilde Ganzen NL", organisation="wilde-ganzen"),
    ]
    write(store, 0, reading(0, found("member", [*spelled, member("Plan")])))
    decide("alias", "Stichting Wilde Ganzen", "Plan")
    assert rows(store, "SELECT DISTINCT organisation_id FROM member") == [("plan",)]


def test_circle_of_aliases_is_one_organisation_by_the_name_last_decided(store, decide):
    write(store, 0, reading(0, members("A", "B", "C", "D")))
    decide("alias", "A", "B")
    decide("alias", "C", "A")
    decide("alias", "B", "C")
    assert rows(store, "SELECT DISTINCT organisation_id FROM member") == [("c",), ("d",)]
    decide("alias", "D", "D")
    assert rows(store, "SELECT DISTINCT organisation_id FROM member") == [("c",), ("d",)]


def test_later_word_about_two_names_holds(store, decide):
    write(store, 0, reading(0, members("Plan NL", "Plan NLD")))
    decide("alias", "Plan NL", "Plan NLD")
    assert len(listed(store)) == 1
    decide("distinct", "Plan NLD", "Plan NL")
    assert len(listed(store)) == 2
    decide("alias", "Plan NL", "Plan NLD")
    assert len(listed(store)) == 1
    assert rows(store, "SELECT decision_id, by_id FROM withdrawn") == [("1", "3"), ("2", "3")]


def test_organisation_goes_by_the_name_last_decided_as_pages_spell_it(store, decide):
    write(store, 0, reading(0, members("PLAN", "Plan Nederland")))
    write(store, 1, reading(1, members("PLAN")))
    decide("alias", "PLAN", "plan nederland")
    assert listed(store, "member") == [("Plan Nederland", "1")]
    decide("alias", "Plan Nederland", "Plan International")
    assert {name for name, _ in listed(store, "member")} == {"Plan International"}
    store.derive(SITE, names={"plan-international": "Plan (profile)"})
    assert {name for name, _ in listed(store, "member")} == {"Plan (profile)"}
