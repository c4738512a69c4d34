"""Links of a PDF: what its annotations say a click on them leads to (ISO 32000-1, 12.5.6.5 and 12.6.4.7)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

#: pages looked at
LONGEST = 2000


def references(body: bytes) -> Iterator[str]:
    """The targets of link annotations, page by page. What is damaged or encrypted is read as far as it can be."""
    from pypdf import PdfReader  # with all of PDF, for the few captures that are one

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(BytesIO(body), strict=False)
        base = _text(_at(reader.trailer, "/Root", "/URI", "/Base"))
        for number, page in enumerate(reader.pages):
            if number >= LONGEST:
                return
            for annotation in _each(_at(page, "/Annots")):
                target = _text(_at(annotation, "/A", "/URI"))
                if target:
                    yield urljoin(base, target) if base else target
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # a parser of what anyone may send: what it trips over is not ours to list
        return


def _at(thing: Any, *keys: str) -> Any:
    """What *keys* lead to; None where one leads nowhere."""
    for key in keys:
        thing = thing.get_object() if hasattr(thing, "get_object") else thing
        if not isinstance(thing, dict):
            return None
        thing = thing.get(key)
    return thing.get_object() if hasattr(thing, "get_object") else thing


def _each(thing: Any) -> list[Any]:
    return thing if isinstance(thing, list) else []


def _text(thing: Any) -> str:
    if isinstance(thing, bytes):
        return thing.decode("latin-1")
    return str(thing) if isinstance(thing, str) else ""
