"""Packages that a domain signed, as authsign signs them: made here, with a CA and an authority of our own."""

from __future__ import annotations

import base64
import json
import zipfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from archive import timestamps
from archive.layout import Archive
from archive.trust import load_roots
from archive.wacz import Checked, Expected, Wanted, check_wacz, pack
from tests.archive.raw_records import HTTP, record, write_warc
from tests.authority import EXTENSIONS, Authority, issue
from tests.front_door import bewaar

DOMAIN = "keeper.test"


class Observer:
    """Signs as the `authsign` of a domain does: its certificate's key, a time stamp, a second certificate by a CA of
    its own over the same key."""

    def __init__(self, place: Path, authority: Authority) -> None:
        self.place, self.authority = place, authority
        self.root = issue(place, "web-root", None, EXTENSIONS["root"])
        issue(place, "web-between", "web-root", EXTENSIONS["between"])
        # The name of the certificate is O=Test, CN=keeper.test; Let's Encrypt's have the SAN alone.
        issue(place, DOMAIN, "web-between", f"subjectAltName=DNS:{DOMAIN}\nextendedKeyUsage=serverAuth")
        self.own_root = issue(place, "own-root", None, EXTENSIONS["root"])
        self.chain = (place / f"{DOMAIN}.pem").read_text() + (place / "web-between.pem").read_text()
        key = serialization.load_pem_private_key((place / f"{DOMAIN}.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key
        now = datetime.now(UTC)
        # Without any extension, as authsign makes it.
        self.crossed = self.certify("own-root", now - timedelta(minutes=1), now + timedelta(days=2))

    def certify(self, issuer: str, begins: datetime, ends: datetime) -> str:
        """A certificate for the domain's key."""
        above = x509.load_pem_x509_certificate((self.place / f"{issuer}.pem").read_bytes())
        key = serialization.load_pem_private_key((self.place / f"{issuer}.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(above.subject)
        builder = builder.public_key(self.key.public_key()).serial_number(x509.random_serial_number())
        certificate = builder.not_valid_before(begins).not_valid_after(ends).sign(key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, digest: str, created: str, **changed: Any) -> dict[str, Any]:
        signed: dict[str, Any] = {
            "hash": digest,
            "created": created,
            "software": "authsigner 0.6.0",
            "version": "0.1.0",
            "signature": base64.b64encode(self.key.sign(digest.encode(), ec.ECDSA(hashes.SHA256()))).decode(),
            "domain": DOMAIN,
            "domainCert": self.chain,
        } | changed
        fields, _ = timestamps.take_reply(self.authority.reply(timestamps.make_query(signed, nonce=True).data), signed)
        return {name: value for name, value in ({**signed, **fields} | changed).items() if value is not None}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def observer(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Observer:
    return Observer(tmp_path_factory.mktemp("observer"), authority)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a package as a crawler hands it to its observer, unsigned."""
    place = tmp_path_factory.mktemp("bare")
    archive = Archive.create(place / "archive")
    write_warc(archive.warcs / "one.warc.gz", record("response", "http://one.test/", HTTP))
    pack(archive, place / "x.wacz", Wanted())
    with zipfile.ZipFile(place / "x.wacz") as package:
        return {name: package.read(name) for name in package.namelist()}


def signed_by(observer: Observer, files: dict[str, bytes], path: Path, **changed: Any) -> Path:
    described = json.loads(files["datapackage.json"])
    if "created" in changed:
        described["created"] = changed["created"]
    data = json.dumps(described).encode()
    digest = f"sha256:{sha256(data).hexdigest()}"
    signed = observer.sign(digest, **({"created": described["created"]} | changed))
    vouched = {"path": "datapackage.json", "hash": digest, "signedData": signed}
    with zipfile.ZipFile(path, "w") as package:
        for name, held in (
            files | {"datapackage.json": data, "datapackage-digest.json": json.dumps(vouched).encode()}
        ).items():
            package.writestr(name, held)
    return path


def verdict(path: Path, *roots: Path) -> tuple[Checked, list[str]]:
    checked = Checked()
    return checked, [finding.what for finding in check_wacz(path, checked, Expected(roots=load_roots(roots)))]


def test_a_domains_signature_and_its_stamp_hold(
    observer: Observer, authority: Authority, bare: dict[str, bytes], tmp_path: Path
) -> None:
    path = signed_by(observer, bare, tmp_path / "x.wacz")
    checked, wrong = verdict(path, observer.root, authority.root)
    assert wrong == []
    assert checked.signer
    assert (checked.signer.domain, checked.signer.trusted) == (DOMAIN, True)
    assert checked.stamp
    assert checked.stamp.trusted
    done = bewaar("pack", "--verify", path)
    assert f"whose certificate says '{DOMAIN}' (no root was given to hold that against: --trust FILE)" in done.stderr
    done = bewaar("pack", "--verify", path, "--trust", observer.root, "--trust", authority.root)
    assert f"whose certificate says '{DOMAIN}' (a root you trust vouches for it), stamped 2" in done.stderr


def test_a_root_for_each_is_asked_for(
    observer: Observer, authority: Authority, bare: dict[str, bytes], tmp_path: Path
) -> None:
    path = signed_by(observer, bare, tmp_path / "x.wacz")
    _, (what,) = verdict(path, authority.root)
    assert what.endswith(f"the certificate of '{DOMAIN}' leads to no trusted root")
    _, (what,) = verdict(path, observer.root)
    assert "the time stamp is by CN=tsa,O=Test, whose certificate leads to no trusted root" in what


def test_a_second_certificate_of_the_same_key_is_as_good(
    observer: Observer, authority: Authority, bare: dict[str, bytes], tmp_path: Path
) -> None:
    path = signed_by(observer, bare, tmp_path / "x.wacz", crossSignedCert=observer.crossed)
    for root in (observer.root, observer.own_root):
        checked, wrong = verdict(path, root, authority.root)
        assert wrong == []
        assert checked.signer
        assert checked.signer.trusted
    other = signed_by(observer, bare, tmp_path / "y.wacz", crossSignedCert=observer.root.read_text())
    _, (what,) = verdict(other, observer.own_root, authority.root)
    assert "crossSignedCert is the certificate of another key than domainCert" in what


def at(**distance: float) -> str:
    return f"{datetime.now(UTC) + timedelta(**distance):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"domain": "other.test"}, "the certificate is not one of 'other.test'"),
        ({"domainCert": None}, "neither publicKey nor domainCert: nobody signed"),
        ({"domainCert": "no certificate"}, "its public key or certificate cannot be read"),
        ({"crossSignedCert": "no certificate"}, "domainCert or crossSignedCert cannot be read"),
        ({"timeSignature": None}, f"signed by the domain '{DOMAIN}' without a time stamp"),
        ({"created": at(minutes=-30)}, "more than 10 minutes from"),
        ({"created": at(minutes=30)}, "before it was made"),
        ({"created": "yesterday"}, None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_does_not_fit_a_domains_signature(
    changed: dict[str, Any], what: str | None, observer: Observer, bare: dict[str, bytes], tmp_path: Path
) -> None:
    _, wrong = verdict(signed_by(observer, bare, tmp_path / "x.wacz", **changed))
    if what is None:
        assert wrong == []  # the time stamp tells when
    else:
        assert what in wrong[0]


def test_a_certificate_that_was_over_when_it_signed(
    observer: Observer, authority: Authority, bare: dict[str, bytes], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    over = observer.certify("web-between", now - timedelta(days=9), now - timedelta(days=1))
    chain = over + (observer.place / "web-between.pem").read_text()
    path = signed_by(observer, bare, tmp_path / "x.wacz", domainCert=chain)
    _, (first,) = verdict(path)
    assert f"the certificate of '{DOMAIN}' is valid from" in first
    _, wrong = verdict(path, observer.root, authority.root)
    assert "leads to no trusted root" in wrong[-1]
