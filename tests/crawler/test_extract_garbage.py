"""What a page is read into holds no circles: it is gone once it is let go, so nothing need look for it meanwhile."""

from __future__ import annotations

import gc

import pytest

from archive.uncollected import uncollected
from crawler.discover import discover
from crawler.extract import Hints, extract_styled, page_text
from crawler.tree import parse
from tests.scores import ScoredPage, golden_pages


def read_all(page: ScoredPage) -> None:
    tree = parse(page.page.text)
    tuple(discover(page.page.url, "text/html", (), page.page.body, page=page.page, tree=tree))
    page_text(tree)
    extract_styled(page.page, tree, Hints())


def test_a_page_that_was_read_leaves_nothing_for_the_collector() -> None:
    pages = golden_pages()
    for page in pages:
        read_all(page)  # what is made once, for all pages
    gc.collect()
    with uncollected():
        for page in pages:
            read_all(page)
        assert gc.collect() == 0


def test_the_collector_looks_again_after_work_that_fails() -> None:
    resting = []

    def fail() -> None:
        with uncollected():
            resting.append(not gc.isenabled())
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert resting == [True]
    assert gc.isenabled()


def test_a_collector_that_did_not_look_does_not_begin_to() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
