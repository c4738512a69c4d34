"""Signatures: ours hold for openssl, others' hold for us, and no other does."""

from __future__ import annotations

import base64
import json
import subprocess
import zipfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from archive import signing
from archive.errors import WrongUse
from archive.layout import Archive
from tests.archive.raw_records import HTTP, record, write_warc
from tests.front_door import bewaar

DIGEST = "sha256:" + "ab" * 32


def write_key(path: Path, curve: ec.EllipticCurve | None = None, password: bytes | None = None) -> Path:
    key = ec.generate_private_key(curve or ec.SECP384R1())
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how))
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Made as the documentation says."""
    path = tmp_path / "key.pem"
    command = signing.HOW_TO_MAKE_A_KEY.split()
    assert command[-1] == "key.pem"
    subprocess.run(command, check=True, cwd=tmp_path)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive.create(tmp_path / "archive")
    write_warc(archive.warcs / "one.warc.gz", record("response", "http://one.test/", HTTP))
    return archive


def test_openssl_accepts_what_we_sign(archive: Archive, key: Path, tmp_path: Path) -> None:
    output = tmp_path / "x.wacz"
    bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key)
    with zipfile.ZipFile(output) as package:
        data = package.read("datapackage.json")
        signed = json.loads(package.read("datapackage-digest.json"))["signedData"]
    assert signed["hash"] == f"sha256:{sha256(data).hexdigest()}"
    assert signed["created"] == json.loads(data)["created"]
    raw = base64.b64decode(signed["signature"])
    assert len(raw) == 96  # r and s of 48 bytes each, side by side
    der = encode_dss_signature(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    for name, held in (
        ("s.der", der),
        ("k.der", base64.b64decode(signed["publicKey"])),
        ("h", signed["hash"].encode()),
    ):
        (tmp_path / name).write_bytes(held)
    verify = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", "k.der", "-signature", "s.der", "h"]
    assert subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True).stdout == "Verified OK\n"
    # The fingerprint is what openssl and sha256sum say.
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True
    )
    done = bewaar("pack", "--verify", output, "--json", "--by", key)
    assert json.loads(done.stdout)["signer"]["fingerprint"] == f"sha256:{sha256(public.stdout).hexdigest()}"


def test_only_the_key_asked_for_will_do(archive: Archive, key: Path, tmp_path: Path) -> None:
    signed, bare = tmp_path / "signed.wacz", tmp_path / "bare.wacz"
    bewaar("pack", "--archive", archive.root, "--output", signed, "--sign", key)
    bewaar("pack", "--archive", archive.root, "--output", bare)
    public = tmp_path / "public.pem"
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    assert "signed by key sha256:" in bewaar("pack", "--verify", signed, "--by", public).stderr
    assert (
        "expected a signature of key"
        in bewaar("pack", "--verify", signed, "--by", write_key(tmp_path / "2"), code=1).stdout
    )
    assert "found no signature" in bewaar("pack", "--verify", bare, "--by", public, code=1).stdout
    bewaar("pack", "--archive", archive.root, "--by", public, code=2)


def test_keys_that_will_not_do(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("not a key")
    for path, what in (
        (tmp_path / "none.pem", "not a private key in PEM form"),
        (write_key(tmp_path / "p256.pem", ec.SECP256R1()), "not a key on the curve P-384"),
        (write_key(tmp_path / "locked.pem", password=b"secret"), "the key is encrypted"),
    ):
        with pytest.raises(WrongUse, match=what):
            signing.load_private_key(path)
        bewaar("pack", "--archive", archive.root, "--output", tmp_path / "x.wacz", "--sign", path, code=2)
    assert not (tmp_path / "x.wacz").exists()


def test_a_changed_signature_hash_or_key_is_refused(tmp_path: Path) -> None:
    key = signing.load_private_key(write_key(tmp_path / "key.pem"))
    signed: dict[str, Any] = signing.sign(key, DIGEST, created="x", software="x")
    assert signing.check(signed, DIGEST).domain is None
    other = signing.sign(signing.load_private_key(write_key(tmp_path / "other.pem")), DIGEST, created="x", software="x")
    raw = bytearray(base64.b64decode(signed["signature"]))
    raw[7] ^= 1
    lies: list[dict[str, Any]] = [
        signed | {"signature": base64.b64encode(raw).decode()},
        signed | {"publicKey": other["publicKey"]},
        signed | {"hash": "sha256:" + "cd" * 32},
        signed | {"signature": "no base64!"},
        signed | {"signature": ""},
        signed | {"signature": 7},
        signed | {"publicKey": "AAAA"},
        signed | {"publicKey": None},
        {name: value for name, value in signed.items() if name != "publicKey"},
        {name: value for name, value in signed.items() if name != "publicKey"} | {"domainCert": "x", "domain": "y"},
        {},
    ]
    for lie in lies:
        with pytest.raises(signing.BadSignature):
            signing.check(lie, DIGEST)
    with pytest.raises(signing.BadSignature):
        signing.check(signed, DIGEST.replace("ab", "ac", 1))


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=lambda curve: curve.name)
@pytest.mark.parametrize("algorithm", [hashes.SHA256(), hashes.SHA384()], ids=lambda digest: digest.name)
def test_a_domains_signature_is_read_as_its_certificate_says(curve: Any, algorithm: Any) -> None:
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "keeper.test")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("keeper.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    signed = {
        "hash": DIGEST,
        "signature": base64.b64encode(key.sign(DIGEST.encode(), ec.ECDSA(algorithm))).decode(),
        "domain": "keeper.test",
        "domainCert": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }
    assert signing.check(signed, DIGEST).domain == "keeper.test"
    der = certificate.public_bytes(serialization.Encoding.DER)
    for at in range(len(der)):  # the parser has an error of its own for a version, an extension that stands twice...
        bent = base64.encodebytes(der[:at] + bytes([der[at] ^ 0x15]) + der[at + 1 :]).decode()
        pem = f"-----BEGIN CERTIFICATE-----\n{bent}-----END CERTIFICATE-----\n"
        with suppress(signing.BadSignature):  # where the key is whole, so is the signature
            signing.check(signed | {"domainCert": pem}, DIGEST)
    with pytest.raises(signing.BadSignature, match=r"not one of 'other\.test'"):
        signing.check(signed | {"domain": "other.test"}, DIGEST)
