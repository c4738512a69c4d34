"""Names out of file names, titles and links; and what makes two of them one organisation."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.extract.hosts import host_name
from crawler.extract.naming import clean, is_machine_made, named_by_file, number_behind, without_slogan
from crawler.extract.organisations import Aliases, alias_key, organisation_key


@pytest.mark.parametrize(
    ("upload", "name"),
    [
        ("NPL logo 2013 .png", "NPL"),
        ("ministerie2.png", "ministerie"),
        ("Save the Children logo vierkant 2.jpg", "Save the Children"),
        ("logo EU.jpg", "EU"),
        ("1.png", ""),
        ("a4.gif", ""),
        ("logo.png", ""),
        ("HMWK-Logo-300x136.png", "HMWK"),
        ("csm_HSGeisenheim_ffe1bf0bbf.png", "HSGeisenheim"),
        ("RTEmagicC_arena_03.png.png", "arena"),
        ("MidsummerSailLogo-e1531902303368.png", "MidsummerSail"),
        ("Logo-Eurotramp340x90.png", "Eurotramp"),
        ("Wilde%20Ganzen@2x.webp", "Wilde Ganzen"),
        ("20160425_1230.jpg", ""),
        ("Notarissen aan de Kade.jpg", "Notarissen aan de Kade"),
        ("6218f0b7_Logo%20Groupe%20Voilier.png", "Groupe Voilier"),
        ("banque-du-port-p-500.png", "banque du port"),
        ("paypot_logo_dark", "paypot"),
    ],
)
def test_an_uploads_name_is_cleared_of_what_is_about_the_picture(upload: str, name: str) -> None:
    assert clean(upload) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Opens external link in new window", ""),
        ("Ga naar website van Eik", "Eik"),
        ("Logo van de Lindebank", "Lindebank"),
        ("Ember Foundation logo", "Ember Foundation"),
        ("Logo: Landkreis Wattmark", "Landkreis Wattmark"),
        ("Ce projet est cofinancé par le Fonds des ports", "Fonds des ports"),
        ("logo", ""),
        ("12", ""),
        ("—", ""),
    ],
)
def test_a_title_is_cleared_of_what_every_image_may_say(text: str, name: str) -> None:
    assert clean(text) == name


def test_a_slogan_is_no_part_of_a_name() -> None:
    assert without_slogan("STÖßENSEER - Heimat des Vier Winde BRÆU") == "STÖßENSEER"
    assert without_slogan("DOSB - Deutscher Olympischer Sportbund") == "DOSB - Deutscher Olympischer Sportbund"


def test_what_a_shop_says_of_itself_is_no_part_of_its_name() -> None:
    assert without_slogan("Rijwielhandel Kok, ook voor al uw reparaties") == "Rijwielhandel Kok"
    assert without_slogan("Bakker, Kok en Zonen") == "Bakker, Kok en Zonen"


def test_file_and_host_help_each_other() -> None:
    assert named_by_file("logo_region_duinmark.png", "https://www.duinmark.test/") == ("region duinmark", "file")
    assert named_by_file("ebmpapst_logo_rgb.png", "https://www.ebmpapst.com/") == ("ebmpapst", "file")
    assert named_by_file("logo-1.png", "https://www.uba.nl/") == ("uba", "host")
    assert host_name("https://www.stadt.co.at/x") == "stadt"
    assert host_name("https://xn--stssenseer-fcb.de") == "stössenseer"
    assert host_name("http://[bad") == ""
    assert is_machine_made("H S Geisenheim", "csm_HSGeisenheim_ffe1bf0bbf.png")


def test_a_number_that_tells_uploads_apart_is_kept_for_the_key() -> None:
    assert number_behind("ministerie2.png") == "2"
    assert number_behind("Save the Children logo vierkant 2.jpg") == ""
    assert number_behind("Formule1") == ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stichting Kinderpostzegels Nederland", "kinderpostzegels.png"),
        ("DEFENCE FOR CHILDREN", "Defence for Children Nederland"),
        ("Klarwasser e.V.", "klarwasser"),
        ("Réseau Ponts ASBL", "reseau ponts"),
        ("Ember B.V.", "Logo Ember.jpg"),
        ("STÖßENSEER", "stössenseer"),
    ],
)
def test_spellings_of_one_organisation_share_a_key(one: str, other: str) -> None:
    assert organisation_key(one) == organisation_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Defence for Children", "Defence for Children-ECPAT"),
        ("ICCO", "ICCO/KerkinActie"),
        ("ministerie", "ministerie2"),
        ("Code for NL", "Code for DE"),
        ("Plan", "Plan B"),
        ("日本", "中国"),
    ],
)
def test_no_two_are_merged_by_guess(one: str, other: str) -> None:
    assert organisation_key(one) != organisation_key(other)


@given(st.text(max_size=60))
@example("-")
def test_a_key_is_stable_and_any_text_has_one(name: str) -> None:
    key = organisation_key(name)
    assert key == key.strip("-")
    assert bool(key) or not any(c.isalnum() for c in name)
    clean(name)
    host_name(name)
    named_by_file(name, name)


def test_aliases_are_compared_without_extension_and_logo() -> None:
    aliases = Aliases({"NPL logo 2013": "Nationale Postcode Loterij", "unicef": "UNICEF"})
    assert aliases.organisation("NPL logo 2013 .png") == "nationale-postcode-loterij"
    assert aliases.name("Unicef.PNG") == "UNICEF"
    assert aliases.name("NPL") is None
    assert aliases.organisation("", "Plan") == "plan"
    assert alias_key("logo EU.jpg") == "eu"


def test_aliases_of_a_profile_lead_on_and_a_circle_of_them_is_one_organisation() -> None:
    aliases = Aliases({"NPL": "Postcode Loterij", "Postcode Loterij": "Nationale Postcode Loterij"})
    assert aliases.name("NPL") == "Nationale Postcode Loterij"
    for circular in ({"B": "C", "C": "A", "A": "B", "Z": "C"}, {"Z": "C", "A": "B", "C": "A", "B": "C"}):
        circle = Aliases(circular)
        assert {circle.organisation(name) for name in "ABCZ"} == {"a"}


def test_an_address_is_no_name() -> None:
    assert [clean(text) for text in ("http://www.ox.test/", "www.ox.test", "https://ox.test/a?b")] == ["", "", ""]
    assert clean("www is down") == "www is down"


def test_what_a_file_says_of_its_picture_goes_and_the_name_stays() -> None:
    assert clean("logoregion.jpg") == "region"
    assert clean("logopedie-oost.png") == "logopedie oost"
    assert clean("lampen_g_Converti_.jpg") == "lampen"
    assert clean("L__CLAIR.gif") == "L CLAIR"
    assert clean("PIA_new_rev.png") == "PIA"
    assert clean("naar Lindeboom") == "Lindeboom"
    assert clean("Original-Logo von Menschen am Wehr") == "Menschen am Wehr"
    assert named_by_file("plusmarkt-akkerdam.svg", "https://www.plusmarkt.test/winkel/akkerdam") == (
        "plusmarkt akkerdam",
        "file",
    )
