"""A throw-away certificate for the replica's HTTPS: made at start, held in a directory that is gone at once."""

from __future__ import annotations

import ssl
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive.times import now


@cache
def certificate(hosts: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Certificate and key as PEM, self-signed and valid for *hosts* for a week."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    started = now() - timedelta(hours=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(started)
        .not_valid_after(started + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def server_context(hosts: tuple[str, ...]) -> ssl.SSLContext:
    chain, key = certificate(hosts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    # ssl reads certificates from files only.
    with TemporaryDirectory(prefix="bewaar-") as where:
        file = Path(where) / "replica.pem"
        file.touch(mode=0o600)
        file.write_bytes(chain + key)
        context.load_cert_chain(file)
    return context
