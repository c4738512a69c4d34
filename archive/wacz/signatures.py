"""Who vouches for a package, and since when: the signature in ``signedData``, the certificate of a domain that made it,
the time stamp over it (WACZ Signing and Verification 0.1.0, 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from cryptography import x509

from archive import signing, times, timestamps, trust
from archive.errors import WrongUse
from archive.warc.rules import shown

#: how far `created` and the time stamp of a domain's signature may lie apart (5.2, step 7)
_MOST_APART = timedelta(minutes=10)
_LONGEST_DOMAIN = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What the reader of a package asks of its signature."""

    #: fingerprint of the key that must have signed it
    signer: str | None = None
    #: what a certificate must lead to; with them there must be one
    roots: Sequence[x509.Certificate] = ()


class Found(Protocol):
    signer: signing.Signer | None
    stamp: timestamps.Stamp | None
    stamp_unchecked: str | None


def check_signed(signed: Any, digest: str, created: object, expected: Expected, found: Found) -> Iterator[str]:
    """What is wrong with *signed*, the ``signedData`` over datapackage.json of this *digest* and creation time."""
    if isinstance(signed, dict):
        try:
            found.signer = signing.check(signed, digest)
        except signing.BadSignature as error:
            yield str(error)
            return
        if signed.get("created") != created:
            yield f"signed as made {shown(str(signed.get('created')))}, datapackage.json says {shown(str(created))}"
        yield from _check_stamp(signed, expected.roots, found)
        if found.signer.domain is not None:
            yield from _check_domain(signed, expected.roots, found)
    key = found.signer.fingerprint if found.signer else "no signature"
    if expected.signer and key != expected.signer:
        yield f"expected a signature of key {expected.signer}, found {key}"
    if expected.roots and not _vouched(found):
        yield "expected a time stamp or a domain's certificate that leads to a trusted root, found none"


def _vouched(found: Found) -> bool:
    return bool((found.stamp and found.stamp.trusted is not None) or (found.signer and found.signer.domain))


def _check_stamp(signed: Mapping[str, Any], roots: Sequence[x509.Certificate], found: Found) -> Iterator[str]:
    if "timeSignature" not in signed:
        return
    try:
        timestamps.check_installed()
        found.stamp = timestamps.check(signed, roots)
    except WrongUse as error:
        found.stamp_unchecked = str(error)
        return
    except timestamps.BadStamp as error:
        yield str(error)
        return
    if found.stamp.trusted is False:
        yield f"the time stamp is by {found.stamp.authority}, whose certificate leads to no trusted root"
    created = _time(signed)
    if created and created - found.stamp.at > _MOST_APART:
        yield f"time stamp of {times.seconds(found.stamp.at)}, before it was made: {times.seconds(created)}"


def _check_domain(signed: Mapping[str, Any], roots: Sequence[x509.Certificate], found: Found) -> Iterator[str]:
    """A domain's signature comes with a time stamp, made when the certificate was valid (3.2.2, 5.2)."""
    assert found.signer
    domain = ascii(found.signer.domain)[:_LONGEST_DOMAIN]
    created = _time(signed)
    if "timeSignature" not in signed:
        yield f"signed by the domain {domain} without a time stamp"
    elif found.stamp and created and abs(found.stamp.at - created) > _MOST_APART:
        yield (
            f"time stamp of {times.seconds(found.stamp.at)}, more than 10 minutes from {times.seconds(created)}, when"
            f" the domain {domain} signed"
        )
    at = found.stamp.at if found.stamp else created
    if at is None:
        yield f"signed as made {shown(str(signed.get('created')))}, which is not a time"
        return
    try:
        chains = [trust.read_chain(str(signed["domainCert"]).encode())]
        if signed.get("crossSignedCert"):
            chains.append(trust.read_chain(str(signed["crossSignedCert"]).encode()))
    except trust.BadChain:
        yield "domainCert or crossSignedCert cannot be read"
        return
    leaf = chains[0][0]
    if not trust.is_valid_at(leaf, at):
        yield (
            f"the certificate of {domain} is valid from {times.seconds(leaf.not_valid_before_utc)} to"
            f" {times.seconds(leaf.not_valid_after_utc)}, not at {times.seconds(at)}"
        )
    if any(chain[0].public_key() != leaf.public_key() for chain in chains):
        yield "crossSignedCert is the certificate of another key than domainCert"
        return
    if roots:
        trusted = any(trust.leads_to_a_root(chain, roots, at) for chain in chains)
        found.signer = replace(found.signer, trusted=trusted)
        if not trusted:
            yield f"the certificate of {domain} leads to no trusted root"


def _time(signed: Mapping[str, Any]) -> datetime | None:
    try:
        return times.parse(str(signed.get("created")))
    except (ValueError, OverflowError):
        return None
