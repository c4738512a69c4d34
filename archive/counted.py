"""How many of what, as command output says it in English; a crawl report has its own words (`archive.report.words`)."""

from __future__ import annotations


def counted(**numbers: int) -> str:
    """Nouns in the singular, with how many there are of each.

    >>> counted(page=1), counted(capture=2, WARC_file=0)
    ('1 page', '2 captures, 0 WARC files')
    """
    return ", ".join(
        f"{number} {noun.replace('_', ' ')}{'' if number == 1 else 's'}" for noun, number in numbers.items()
    )
