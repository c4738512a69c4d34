"""What a time stamp proves, and to whom: roots, certificates, and no byte changed."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from archive import cms, timestamps, trust
from tests.archive.timestamps.signatures import signed_data
from tests.authority import EXTENSIONS, Authority, issue
from tests.front_door import bewaar


def test_an_authority_that_nobody_vouches_for_is_not_taken(package: Path, authority: Authority, tmp_path: Path) -> None:
    other = issue(tmp_path, "other", None, EXTENSIONS["root"])
    asked = ("pack", "--timestamp", package, "--timestamp-authority", authority.url, "--trust")
    assert "whose certificate leads to no trusted root" in bewaar(*asked, other, code=1).stderr
    bewaar(*asked, authority.root)
    done = bewaar("pack", "--verify", package, "--trust", other, code=1)
    assert "the time stamp is by CN=tsa,O=Test, whose certificate leads to no trusted root" in done.stdout
    bewaar("pack", "--verify", package, "--trust", other, "--trust", authority.root)


def test_a_package_cannot_bring_its_own_root(package: Path, authority: Authority, tmp_path: Path) -> None:
    other = issue(tmp_path, "other", None, EXTENSIONS["root"])
    data = signed_data(package)
    reply = authority.reply(timestamps.make_query(data, nonce=False).data)
    fields, _ = timestamps.take_reply(reply, data)
    fields["timestampCert"] += authority.root.read_text()
    assert timestamps.check(data | fields, trust.load_roots([other])).trusted is False
    assert timestamps.check(data | fields, trust.load_roots([authority.root])).trusted is True
    assert timestamps.check(data | fields).trusted is None


def test_a_stamp_taken_away_is_missed(package: Path, authority: Authority) -> None:
    done = bewaar("pack", "--verify", package, "--trust", authority.root, code=1)
    assert "expected a time stamp or a domain's certificate that leads to a trusted root, found none" in done.stdout


@pytest.fixture(scope="module")
def stamped(authority: Authority) -> tuple[dict[str, str], bytes]:
    authority.answer = authority.grant
    data = {"signature": base64.b64encode(b"r and s").decode()}
    reply = authority.reply(timestamps.make_query(data, nonce=False).data)
    return data, reply


def test_a_stamp_with_any_byte_changed_is_refused_or_says_the_same(
    stamped: tuple[dict[str, str], bytes], authority: Authority
) -> None:
    data, reply = stamped
    fields, good = timestamps.take_reply(reply, data)
    roots = trust.load_roots([authority.root])
    refused = 0
    for at in range(len(reply)):
        for mask in (0x01, 0x15, 0x80):
            bad = reply[:at] + bytes([reply[at] ^ mask]) + reply[at + 1 :]
            lie = data | fields | {"timeSignature": base64.b64encode(bad).decode()}
            try:
                found = timestamps.check(lie, roots)
            except timestamps.BadStamp:
                refused += 1
            else:
                assert (found.at, found.authority) == (good.at, good.authority)
    assert refused > 2 * len(reply)


def test_fields_that_are_no_stamp(stamped: tuple[dict[str, str], bytes]) -> None:
    data, reply = stamped
    fields, _ = timestamps.take_reply(reply, data)
    for lie in (
        {"timeSignature": 7}, {"timeSignature": "no base64!"}, {"timeSignature": ""}, {"timeSignature": "MAA="},
        {"timestampCert": "no certificate"}, {"timestampCert": 7}, {"signature": "another"}, {"signature": None},
        {"timeSignature": base64.b64encode(b"0" * (2 << 20)).decode()},
    ):  # fmt: skip
        with pytest.raises(timestamps.BadStamp):
            timestamps.check(data | fields | lie)


def test_the_certificate_must_be_one_for_time_stamps_and_in_force(tmp_path: Path) -> None:
    with Authority(tmp_path / "authority") as authority:
        data = {"signature": "c2lnbmF0dXJl"}
        query = timestamps.make_query(data, nonce=False).data
        reply = authority.reply(query)
    stamp = timestamps.take_reply(reply, data)[1]
    # A certificate of the same key, name and number that is over by then, or is for something else.
    leaf = trust.read_chain((authority.place / "tsa.pem").read_bytes())[0]
    issuer = serialization.load_pem_private_key((authority.place / "between.key").read_bytes(), None)

    def like(usage: x509.ObjectIdentifier, ends: datetime) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder().subject_name(leaf.subject).issuer_name(leaf.issuer).public_key(leaf.public_key())
            .serial_number(leaf.serial_number).not_valid_before(ends - timedelta(days=3)).not_valid_after(ends)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        )  # fmt: skip
        return builder.sign(issuer, hashes.SHA256())  # type: ignore[arg-type]

    for certificate, what in (
        (like(Usage.TIME_STAMPING, stamp.at - timedelta(days=1)), "its certificate is valid from"),
        (like(Usage.SERVER_AUTH, stamp.at + timedelta(days=1)), "is not one for time stamps"),
    ):
        der = certificate.public_bytes(serialization.Encoding.DER)
        swapped = swap(reply, leaf.public_bytes(serialization.Encoding.DER), der)
        lie = {
            "timeSignature": base64.b64encode(swapped).decode(),
            "timestampCert": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        }
        with pytest.raises(timestamps.BadStamp, match=what):
            timestamps.check(data | lie)


def swap(reply: bytes, old: bytes, new: bytes) -> bytes:
    """*reply* with another certificate in it, the lengths around it mended."""

    def mended(tag: int, content: bytes) -> bytes:
        if old == cms.der(tag, content):
            return new
        if old not in content:
            return cms.der(tag, content)
        return cms.der(tag, b"".join(mended(*item) for item in cms.items(content)))

    assert old in reply
    return b"".join(mended(*item) for item in cms.items(reply))
