"""Options that several commands of the crawler take, each said in one way."""

from __future__ import annotations

import click

contact_option = click.option(
    "--contact", help="Mail or web address a webmaster can reach you at; goes into the User-Agent."
)
delay_option = click.option(
    "--delay", type=click.FloatRange(0), metavar="SECONDS", help="Between two requests to one host [1]."
)
connect_to_option = click.option(
    "--connect-to", multiple=True, metavar="HOST:PORT:ADDRESS:PORT", help="As curl's; may be repeated."
)
saved_from_option = click.option("--url", "base", help="For a FILE: the URL it was saved from.")
