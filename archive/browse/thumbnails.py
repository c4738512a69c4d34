"""Thumbnails for our routes: out of the cache, or made of bytes whose digest was checked, and kept there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from archive.browse import access
from archive.browse.publication import Publication
from archive.browse.thumbnail_cache import LIMIT_BYTES, ThumbnailCache, folder_of

MEDIA_TYPE = "image/webp"
#: pictures decoded at a time: each may take 80 MB
_AT_ONCE = 2
#: looks of payloads that cannot be made small (`archive.pictures.look.Outcome`)
_AS_THEY_ARE = {"drawing", "other", "no picture", "damaged", "too large"}
_LOOK = "SELECT look FROM payload WHERE digest = ?"

_caches: WeakKeyDictionary[Publication, ThumbnailCache] = WeakKeyDictionary()
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def find_or_make(
    datasette: Any, name: str, digest: str | None, body: Callable[[], Awaitable[bytes]]
) -> bytes | None:
    """Of the payload with that digest, where one is known; *body* reads and checks it, and raises what it does. None
    for what cannot be made small. Whether it may be seen was asked before."""
    cache = _cache_of(datasette, name)
    if found := await _find(cache, digest):
        return found
    look = (await datasette.get_database(name).execute(_LOOK, [digest])).first() if digest else None
    if look is not None and look["look"] in _AS_THEY_ARE:
        return None
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE)):
        if found := await _find(cache, digest):
            return found  # made while this one waited
        return await _make(datasette, name, cache, digest, await body())


async def _find(cache: ThumbnailCache | None, digest: str | None) -> bytes | None:
    return await asyncio.to_thread(cache.find, digest) if cache and digest else None


async def _make(
    datasette: Any, name: str, cache: ThumbnailCache | None, digest: str | None, body: bytes
) -> bytes | None:
    from archive.pictures.thumbnails import make_thumbnail

    small = await asyncio.to_thread(make_thumbnail, body)
    if small and cache and digest:
        await asyncio.to_thread(cache.keep, digest, small)
        publication = access.publication_of(datasette, name)
        if publication and not (publication.holds() and _cache_of(datasette, name) is cache):
            # A decision was made meanwhile: it may be about this one.
            cache.forget(digest)
    return small


def _cache_of(datasette: Any, name: str) -> ThumbnailCache | None:
    """None where nothing can be written, where a database stands alone, and where the plugin's setting
    ``thumbnails_mb`` is 0."""
    publication = access.publication_of(datasette, name)
    given = access.settings(datasette).get("thumbnails_mb")
    limit = given << 20 if isinstance(given, int) else LIMIT_BYTES
    if publication is None or limit <= 0 or not publication.archive.state.is_dir():
        return None
    folder = folder_of(publication.archive.thumbnails, publication.rules)
    cache = _caches.get(publication)
    if cache is None or cache.folder != folder:
        cache = _caches[publication] = ThumbnailCache(folder, limit)
    return cache
