"""Time stamps (RFC 3161) over the signatures of WACZ files (WACZ Signing and Verification 0.1.0, "timeSignature").

An authority signs the digest of the signature together with its own clock: the signature, and with it the package,
existed then. The digest is taken over the base64 text of the signature, as authsign, the reference, takes it.

`rfc3161_client` makes requests, reads replies and follows a token to a root. It cannot look at a token without a root:
whether the token's own certificate signed it is checked here, so that damage is told from want of trust.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from archive import cms, times, trust
from archive.errors import Damaged, WrongUse

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

HOW_TO_INSTALL = "pip install 'bewaar[timestamp]'"
#: a reply with five certificates is 8 KB
LARGEST_REPLY_BYTES = 1 << 20
_GRANTED = (0, 1)
_STATUS = {2: "rejection", 3: "waiting", 4: "revocation is near", 5: "revoked"}
_DIGESTS = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


class BadStamp(Damaged):
    pass


@dataclass(frozen=True, slots=True)
class Query:
    #: TimeStampReq (RFC 3161, 2.4.1), DER: what the authority is sent, or `openssl ts -reply -queryfile` reads
    data: bytes
    nonce: int | None


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp that holds for its signature."""

    at: datetime
    #: subject of the certificate that signed it
    authority: str
    #: whether that leads to a root the reader trusts; None where none was named
    trusted: bool | None


def check_installed() -> None:
    """Raises WrongUse where the library for time stamps is missing; it comes with an extra."""
    try:
        import rfc3161_client  # noqa: F401  # asked for only
    except ImportError as error:
        raise WrongUse(f"time stamps need a library that is not installed: {HOW_TO_INSTALL}") from error


def make_query(signed: Mapping[str, Any], *, nonce: bool) -> Query:
    """What to ask of an authority for ``signedData``. A signature is never made twice, so that a reply cannot be an
    older one; *nonce* is for who answers at once, and can be held against the reply."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder(_text(signed), HashAlgorithm.SHA256, nonce=nonce, cert_req=True)
    request = builder.build()
    return Query(request.as_bytes(), request.nonce)


def take_reply(
    reply: bytes, signed: Mapping[str, Any], *, nonce: int | None = None, roots: Sequence[x509.Certificate] = ()
) -> tuple[dict[str, str], Stamp]:
    """The two fields that a time stamp adds to ``signedData``, and what they say. Raises BadStamp for a reply that
    is none, is a refusal, answers something else, or with *roots* comes from nobody that these vouch for."""
    with _reading():
        reply = cms.as_reply(reply)  # `openssl ts -reply -token_out` writes a token
        response = _response(reply)
        if nonce is not None and response.tst_info.nonce != nonce:
            raise BadStamp(f"the reply is to another request: nonce {nonce} expected, {response.tst_info.nonce} found")
        chain = _in_order(*_signer(response, []))
    fields = {
        "timeSignature": base64.b64encode(reply).decode(),
        "timestampCert": "".join(one.public_bytes(Encoding.PEM).decode() for one in chain),
    }
    stamp = check({**signed, **fields}, roots)
    if stamp.trusted is False:
        raise BadStamp(f"the time stamp is by {stamp.authority}, whose certificate leads to no trusted root")
    return fields, stamp


def check(signed: Mapping[str, Any], roots: Sequence[x509.Certificate] = ()) -> Stamp:
    """The time stamp in ``signedData``. Raises BadStamp where it does not hold for this signature."""
    try:
        reply = base64.b64decode(str(signed["timeSignature"]), validate=True)
        chain = trust.read_chain(str(signed["timestampCert"]).encode()) if signed.get("timestampCert") else []
    except (binascii.Error, ValueError) as error:
        raise BadStamp(f"timeSignature or timestampCert cannot be read: {error}") from error
    with _reading():
        response = _response(reply)
        info = response.tst_info
        imprint = info.message_imprint
        digest = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
        if digest is None:
            raise BadStamp(f"the time stamp is over a digest that is not used here: {imprint.hash_algorithm}")
        text = _text(signed)
        if imprint.message not in {digest(text).digest(), digest(_raw(text)).digest()}:
            raise BadStamp("the time stamp is over something else than this signature")
        leaf, others = _signer(response, chain)
        if chain and leaf not in chain:
            raise BadStamp("timestampCert is not the certificate that signed the time stamp")
        at = info.gen_time
        _check_leaf(leaf, at)
        if not cms.is_signed_by(response.time_stamp_token(), leaf.public_key()):
            raise BadStamp(f"the time stamp was not signed by its certificate, {trust.name(leaf)}")
        return Stamp(at, trust.name(leaf), _is_trusted(response, others, roots) if roots else None)


def _is_trusted(response: TimeStampResponse, others: list[x509.Certificate], roots: Sequence[x509.Certificate]) -> bool:
    from rfc3161_client import VerificationError, VerifierBuilder

    # The library believes every certificate here that signed itself. What the package brings along it may not.
    between = [one for one in others if one.subject != one.issuer]
    verifier = VerifierBuilder(roots=list(roots), intermediates=between).build()
    try:
        return verifier.verify(response, response.tst_info.message_imprint.message)
    except VerificationError:
        return False


def _check_leaf(leaf: x509.Certificate, at: datetime) -> None:
    if not trust.is_valid_at(leaf, at):
        raise BadStamp(
            f"the time stamp says {times.seconds(at)}, its certificate is valid from"
            f" {times.seconds(leaf.not_valid_before_utc)} to {times.seconds(leaf.not_valid_after_utc)}"
        )
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or ExtendedKeyUsageOID.TIME_STAMPING not in usage.value:
        raise BadStamp(f"the certificate of {trust.name(leaf)} is not one for time stamps")


def _response(reply: bytes) -> TimeStampResponse:
    """A granted one, with a token. Raises BadStamp, and what the library raises."""
    from rfc3161_client import decode_timestamp_response

    if len(reply) > LARGEST_REPLY_BYTES:
        raise BadStamp(f"a time stamp of more than {LARGEST_REPLY_BYTES} bytes")
    status, token = cms.status_and_token(reply)
    if status in _GRANTED and token:
        # As the library wants it: it refuses what was granted with modifications, and what is not DER to the letter.
        return decode_timestamp_response(cms.reply_with(cms.in_order(token)))
    why = ascii("; ".join(decode_timestamp_response(reply).status_string))[1:-1][:200]
    named = _STATUS.get(status, "without a token")
    raise BadStamp(f"the authority gave no time stamp: status {status}, {named}{why and ': '}{why}")


def _signer(
    response: TimeStampResponse, more: list[x509.Certificate]
) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The certificate that is said to have signed the token, and the others that came along. Raises BadStamp."""
    signed = response.signed_data
    found = [*map(trust.read_certificate, sorted(signed.certificates)), *more]
    signers = list(signed.signer_infos)
    if len(signers) != 1:
        raise BadStamp(f"a time stamp has one signer, this one {len(signers)}")
    for one in found:
        if one.issuer == signers[0].issuer and one.serial_number == signers[0].serial_number:
            return one, [other for other in found if other != one]
    raise BadStamp("the certificate that signed the time stamp did not come with it")


def _in_order(leaf: x509.Certificate, others: list[x509.Certificate]) -> Iterator[x509.Certificate]:
    """From the one that signed up to the one nobody here issued."""
    while True:
        yield leaf
        above = [one for one in others if one.subject == leaf.issuer]
        if not above:
            return
        leaf = above[0]
        others = [one for one in others if one != leaf]


def _text(signed: Mapping[str, Any]) -> bytes:
    return str(signed.get("signature")).encode()


def _raw(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return text


@contextmanager
def _reading() -> Iterator[None]:
    """What the parsers raise for bytes made to mislead them, panics of Rust code among them, has no common base."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd certificates: a verdict is one line
            yield
    except (Damaged, WrongUse, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise BadStamp("not a time stamp, or not one that can be read") from error
