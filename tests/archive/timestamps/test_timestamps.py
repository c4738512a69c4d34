"""Packages get time stamps: as they are packed, afterwards, and without a network; they hold for openssl."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive import signing, trust
from archive.layout import Archive
from tests.archive.timestamps.signatures import signed_data
from tests.authority import Authority, openssl
from tests.front_door import bewaar


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
