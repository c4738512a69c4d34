"""Time stamps: ours hold for openssl, a local authority's hold for us, and no other does."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from archive import cms, signing, timestamps, trust
from archive.errors import NoAnswer
from archive.layout import Archive
from crawler.authority import ask
from tests.archive.raw_records import HTTP, record, write_warc
from tests.authority import EXTENSIONS, Authority, issue, openssl
from tests.front_door import bewaar, start


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("authority")) as authority:
        yield authority


@pytest.fixture(autouse=True)
def _as_it_was(authority: Authority) -> None:
    authority.answer, authority.wait_s = authority.grant, 0.0
    authority.queries.clear()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("key")
    subprocess.run(signing.HOW_TO_MAKE_A_KEY.split(), check=True, cwd=place)
    return place / "key.pem"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    archive = Archive.create(tmp_path_factory.mktemp("kept") / "archive")
    write_warc(archive.warcs / "one.warc.gz", record("response", "http://one.test/", HTTP))
    return archive


@pytest.fixture(scope="module")
def signed(archive: Archive, key: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A signed package without a time stamp."""
    output = tmp_path_factory.mktemp("signed") / "x.wacz"
    bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key)
    return output.read_bytes()


@pytest.fixture
def package(signed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "x.wacz"
    path.write_bytes(signed)
    return path


def signed_data(package: Path) -> dict[str, Any]:
    with zipfile.ZipFile(package) as held:
        assert held.testzip() is None
        data: dict[str, Any] = json.loads(held.read("datapackage-digest.json"))["signedData"]
    return data


def test_a_package_is_stamped_as_it_is_packed(
    archive: Archive, key: Path, authority: Authority, tmp_path: Path
) -> None:
    output = tmp_path / "x.wacz"
    before = datetime.now(UTC).replace(microsecond=0)
    done = bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key,
                  "--timestamp-authority", authority.url, "--trust", authority.root, "--json")  # fmt: skip
    stamp = json.loads(done.stdout)["stamp"]
    assert stamp["authority"] == "CN=tsa,O=Test"
    assert stamp["trusted"] is True
    assert before <= datetime.fromisoformat(stamp["at"]) <= datetime.now(UTC)
    data = signed_data(output)
    assert {"timeSignature", "timestampCert"} < set(data)
    # The chain in its order, from the certificate that signed.
    chain = [one.subject.rfc4514_string() for one in trust.read_chain(data["timestampCert"].encode())]
    assert chain[:2] == ["CN=tsa,O=Test", "CN=between,O=Test"]
    done = bewaar("pack", "--verify", output, "--trust", authority.root, "--by", key)
    assert "by CN=tsa,O=Test (a root you trust vouches for it): 0 wrong" in done.stderr
    assert "no root was given to hold that against" in bewaar("pack", "--verify", output).stderr


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_openssl_accepts_the_stamp(kind: str, package: Path, tmp_path: Path) -> None:
    with Authority(tmp_path / "authority", key=kind) as authority:
        bewaar("pack", "--timestamp", package, "--timestamp-authority", authority.url)
    data = signed_data(package)
    (tmp_path / "signature").write_text(data["signature"])
    (tmp_path / "reply.tsr").write_bytes(base64.b64decode(data["timeSignature"]))
    verify = ["ts", "-verify", "-data", "signature", "-in", "reply.tsr", "-CAfile", authority.root]
    assert "Verification: OK" in openssl(tmp_path, *verify)
    assert json.loads(bewaar("pack", "--verify", package, "--trust", authority.root, "--json").stdout)["stamp"][
        "trusted"
    ]


def test_without_a_network_the_request_is_a_file(package: Path, authority: Authority, tmp_path: Path) -> None:
    query, reply = tmp_path / "x.tsq", tmp_path / "x.tsr"
    before = package.read_bytes()
    assert str(query) in bewaar("pack", "--timestamp", package, "--timestamp-query", query).stdout
    assert package.read_bytes() == before
    bewaar("pack", "--timestamp", package, "--timestamp-query", query, code=2)  # exists already
    text = openssl(tmp_path, "ts", "-query", "-in", query, "-text")
    assert "Hash Algorithm: sha256" in text
    assert "Certificate required: yes" in text
    reply.write_bytes(authority.reply(query.read_bytes()))
    bewaar("pack", "--timestamp", package, "--timestamp-reply", reply, "--trust", authority.root)
    bewaar("pack", "--verify", package, "--trust", authority.root)
    assert authority.queries == []
    assert (
        "has a time stamp already" in bewaar("pack", "--timestamp", package, "--timestamp-reply", reply, code=2).stderr
    )
    # Of all else not a byte has changed.
    with zipfile.ZipFile(package) as held:
        at = held.getinfo("datapackage-digest.json").header_offset
    assert at > 1000
    assert package.read_bytes()[:at] == before[:at]


def test_the_request_can_be_written_as_it_is_packed(
    archive: Archive, key: Path, authority: Authority, tmp_path: Path
) -> None:
    output, query, reply = tmp_path / "x.wacz", tmp_path / "x.tsq", tmp_path / "token"
    bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key, "--timestamp-query", query)
    reply.write_bytes(authority.reply(query.read_bytes(), "-token_out"))  # a token by itself is as good
    bewaar("pack", "--timestamp", output, "--timestamp-reply", reply, "--trust", authority.root)


def test_a_signature_without_a_stamp_is_as_it_was(signed: bytes, package: Path) -> None:
    assert set(signed_data(package)) == {"hash", "created", "software", "version", "signature", "publicKey"}
    assert "stamp" not in bewaar("pack", "--verify", package).stderr


def refusal(authority: Authority) -> bytes:
    """openssl's own, to a request for a digest that the authority does not take."""
    (authority.place / "any").write_bytes(b"any")
    openssl(authority.place, "ts", "-query", "-data", "any", "-sha384", "-cert", "-out", "refused.tsq")
    return authority.reply((authority.place / "refused.tsq").read_bytes())


def other_signature(authority: Authority) -> bytes:
    (authority.place / "any").write_bytes(b"any")
    openssl(authority.place, "ts", "-query", "-data", "any", "-sha256", "-cert", "-no_nonce", "-out", "other.tsq")
    return authority.reply((authority.place / "other.tsq").read_bytes())


def bent(reply: bytes) -> bytes:
    return reply[:-5] + bytes([reply[-5] ^ 1]) + reply[-4:]


GRANTED = "application/timestamp-reply"
BAD: dict[str, tuple[Callable[[Authority, bytes], tuple[int, str, bytes]], str]] = {
    "rejection": (lambda a, q: (200, GRANTED, refusal(a)), "the authority gave no time stamp: status 2, rejection"),
    "wrong nonce": (
        lambda a, q: (200, GRANTED, a.reply(timestamps.make_query({"signature": "x"}, nonce=True).data)),
        "the reply is to another request: nonce",
    ),
    "no nonce": (lambda a, q: (200, GRANTED, other_signature(a)), "the reply is to another request: nonce"),
    "bent": (lambda a, q: (200, GRANTED, bent(a.reply(q))), "was not signed by its certificate, CN=tsa,O=Test"),
    "cut short": (lambda a, q: (200, GRANTED, a.reply(q)[:-9]), "not a time stamp, or not one that can be read"),
    "html": (lambda a, q: (200, "text/html", b"<h1>Welcome</h1>"), "answered with text/html of 16 bytes, which is not"),
    "empty": (lambda a, q: (200, GRANTED, b""), "of 0 bytes, which is not a time-stamp reply"),
    "error": (lambda a, q: (500, "text/html", b"<h1>Oh</h1>"), "answered 500 Internal Server Error"),
    "redirect": (lambda a, q: (302, "text/html", b""), "answered 302 Found, and points to https://elsewhere.test/"),
    "huge": (lambda a, q: (200, GRANTED, b"0" * (2 << 20)), "a reply of more than 1048576 bytes"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_reply_costs_the_stamp_and_not_the_package(
    name: str, archive: Archive, key: Path, authority: Authority, tmp_path: Path
) -> None:
    answer, what = BAD[name]
    authority.answer = lambda query: answer(authority, query)
    output = tmp_path / "x.wacz"
    done = bewaar("pack", "--archive", archive.root, "--output", output, "--sign", key,
                  "--timestamp-authority", authority.url, code=1)  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"bewaar: {authority.url}: ")
    assert what in line
    assert "is packed and signed without a time stamp" in line
    assert "timeSignature" not in signed_data(output)
    bewaar("pack", "--verify", output, "--by", key)
    # Nor does it change a package that is there, which can be stamped afterwards.
    before = output.read_bytes()
    done = bewaar("pack", "--timestamp", output, "--timestamp-authority", authority.url, code=1)
    assert what in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert output.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.wacz"]


def test_who_is_tired_of_waiting_keeps_the_package(
    archive: Archive, key: Path, authority: Authority, tmp_path: Path
) -> None:
    authority.wait_s = 20
    output = tmp_path / "x.wacz"
    running = start("pack", "--archive", archive.root, "--output", output, "--sign", key,
                    "--timestamp-authority", authority.url)  # fmt: skip
    until = time.monotonic() + 60
    while not authority.queries:
        assert time.monotonic() < until
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=15)
    assert running.returncode == 1
    assert "interrupted while waiting for its reply" in said
    bewaar("pack", "--verify", output, "--by", key)


def test_a_reply_to_another_signature_is_not_taken_in(package: Path, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "x.tsr").write_bytes(other_signature(authority))
    done = bewaar("pack", "--timestamp", package, "--timestamp-reply", tmp_path / "x.tsr", code=1)
    assert "x.tsr: the time stamp is over something else than this signature" in done.stderr


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


def test_an_authority_that_does_not_answer(authority: Authority) -> None:
    query = timestamps.make_query({"signature": "x"}, nonce=True).data
    authority.wait_s = 5
    with pytest.raises(NoAnswer, match=r"no reply within 0\.2 s"):
        ask(authority.url, query, timeout_s=0.2)
    with pytest.raises(NoAnswer, match="Connection refused"):
        ask("http://127.0.0.1:9/", query)
    with pytest.raises(NoAnswer, match=r"(?i)wrong.version.number|record.layer"):  # https asked of what speaks http
        ask(authority.url.replace("http:", "https:"), query)
    with pytest.raises(NoAnswer, match=r"nowhere\.invalid"):
        ask("http://nowhere.invalid/", query)


def test_what_cannot_be_asked_for(
    archive: Archive, key: Path, package: Path, authority: Authority, tmp_path: Path
) -> None:
    output = tmp_path / "none.wacz"
    packing = ("pack", "--archive", archive.root, "--output", output)
    stamping = ("pack", "--timestamp", package)
    bare = tmp_path / "bare.wacz"
    bewaar("pack", "--archive", archive.root, "--output", bare)
    (tmp_path / "no.pem").write_text("no certificate")
    (tmp_path / "no.wacz").write_text("no package")
    asked = ("--timestamp-authority", authority.url)
    for arguments, what in (
        ((*packing, *asked), "give --sign KEY too"),
        ((*packing, "--sign", key, "--timestamp-reply", key), "say which with --timestamp WACZ"),
        ((*packing, "--sign", key, "--timestamp-authority", "ftp://x.test/"), "not the URL of a time stamp authority"),
        ((*packing, "--sign", key, "--timestamp-authority", "tsa.test"), "not the URL of a time stamp authority"),
        ((*packing, "--sign", key, "--timestamp-query", key), "exists already"),
        ((*packing, "--trust", authority.root), "--trust says what"),
        ((*packing, "--sign", key, *asked, "--trust", tmp_path / "no.pem"), "no certificates in PEM form"),
        (stamping, "takes one of"),
        ((*stamping, *asked, "--timestamp-query", tmp_path / "q"), "takes one of"),
        ((*stamping, *asked, "--timestamp-reply", key), "give one"),
        (("pack", "--timestamp", bare, *asked), "not signed, and a time stamp is over the signature"),
        (("pack", "--timestamp", tmp_path / "no.wacz", *asked), "no zip file; not a WACZ"),
        (("pack", "--verify", package, *asked), "no --timestamp option goes with it"),
    ):
        assert what in bewaar(*arguments, code=2).stderr, arguments
    assert not output.exists()
    assert authority.queries == []


def test_where_the_library_is_missing_it_is_named(package: Path, authority: Authority, tmp_path: Path) -> None:
    bewaar("pack", "--timestamp", package, "--timestamp-authority", authority.url)
    (tmp_path / "rfc3161_client.py").write_text("raise ImportError('as if it were not installed')")
    without = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(signing.__file__).parents[1]}"}

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "crawler.cli", "pack", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=without)

    done = run("--verify", package)
    assert done.returncode == 0, done.stderr
    assert "time stamp not checked (time stamps need a library that is not installed: pip install" in done.stderr
    for arguments in (("--verify", package, "--trust", authority.root),
                      ("--timestamp", package, "--timestamp-query", tmp_path / "q")):  # fmt: skip
        done = run(*arguments)
        assert done.returncode == 2, done.stderr
        assert "pip install 'bewaar[timestamp]'" in done.stderr


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
