"""Signatures of WACZ files (WACZ Signing and Verification 0.1.0): a P-384 key the archivist holds, ECDSA, SHA-256.

What is signed is the text ``sha256:<hex>``, the digest of datapackage.json, which names the digest of every other file.
Such a signature proves that whoever holds the key signed these bytes. It does not prove who that is, nor when: for the
one, compare the public key with one handed over by other means; for the other there are `archive.timestamps`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from archive.errors import Damaged, WrongUse

HOW_TO_MAKE_A_KEY = "openssl ecparam -name secp384r1 -genkey -noout -out key.pem"
_LARGEST_KEY_BYTES = 1 << 16
#: the specification asks for SHA-256; signers that take the curve's own digest have been seen
_DIGESTS = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature holds: a key, or the domain a certificate names."""

    #: ``sha256:`` over the public key (SPKI, DER), as `openssl pkey -pubin -outform DER | sha256sum` computes it
    fingerprint: str
    #: what the certificate says
    domain: str | None = None
    #: whether that certificate leads to a root the reader trusts; None where none was named, or there is no certificate
    trusted: bool | None = None


class BadSignature(Damaged):
    pass


def load_private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Raises WrongUse."""
    data = _read(path)
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except TypeError as error:
        raise WrongUse(f"{path}: the key is encrypted; decrypt it first: openssl pkey -in {path.name}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise WrongUse(f"{path}: not a private key in PEM form; make one: {HOW_TO_MAKE_A_KEY}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP384R1):
        raise WrongUse(f"{path}: not a key on the curve P-384; make one: {HOW_TO_MAKE_A_KEY}")
    return key


def load_fingerprint(path: Path) -> str:
    """The fingerprint of the public key in *path*, or of the private key's. Raises WrongUse."""
    data = _read(path)
    try:
        public = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        public = load_private_key(path).public_key()
    return fingerprint(_der(public))


def fingerprint(public_key: bytes) -> str:
    return f"sha256:{hashlib.sha256(public_key).hexdigest()}"


def sign(key: ec.EllipticCurvePrivateKey, digest: str, *, created: str, software: str) -> dict[str, str]:
    """The ``signedData`` of datapackage-digest.json. *created* is that of datapackage.json, letter by letter."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(key.sign(digest.encode("ascii"), ec.ECDSA(hashes.SHA256())))
    width = (key.curve.key_size + 7) // 8
    return {
        "hash": digest,
        "created": created,
        "software": software,
        "version": "0.1.0",
        # r and s side by side, as the browsers' Web Crypto has them; not DER
        "signature": base64.b64encode(r.to_bytes(width, "big") + s.to_bytes(width, "big")).decode(),
        "publicKey": base64.b64encode(_der(key.public_key())).decode(),
    }


def check(signed: Mapping[str, Any], digest: str) -> Signer:
    """Whose signature over *digest* ``signedData`` is. Raises BadSignature."""
    if signed.get("hash") != digest:
        raise BadSignature(f"signed is {_shown(signed.get('hash'))}, datapackage.json is {digest}")
    signature = _decoded(signed, "signature")
    domain = None if "publicKey" in signed else str(signed.get("domain"))
    public, names = _key_and_names(signed)
    if domain is not None and domain not in names:
        raise BadSignature(f"the certificate is not one of {_shown(domain)}")
    if not holds(public, signature, digest.encode()):
        raise BadSignature("the signature does not belong to this key and this datapackage.json")
    return Signer(fingerprint(_der(public)), domain)


def _key_and_names(signed: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The public key that is to hold, and the domains its certificate names. Raises BadSignature."""
    if "publicKey" not in signed and "domainCert" not in signed:
        raise BadSignature("neither publicKey nor domainCert: nobody signed")
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd certificates: a verdict is one line
            if "publicKey" in signed:
                return serialization.load_der_public_key(_decoded(signed, "publicKey")), []
            certificate = x509.load_pem_x509_certificate(str(signed["domainCert"]).encode())
            return certificate.public_key(), _names(certificate)
    except Exception as error:  # what the parser raises for bytes made to mislead it has no common base
        raise BadSignature("its public key or certificate cannot be read") from error


def holds(public: Any, signature: bytes, signed: bytes) -> bool:
    """Whether the key *public* made *signature* over *signed*."""
    for algorithm in _DIGESTS:
        for form, *how in _forms(public, signature, algorithm()):
            with suppress(InvalidSignature):
                public.verify(form, signed, *how)
                return True
    return False


def _forms(public: Any, signature: bytes, algorithm: hashes.HashAlgorithm) -> tuple[tuple[Any, ...], ...]:
    """ECDSA as DER, and taken as r and s side by side; RSA with either padding."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        return (signature, ec.ECDSA(algorithm)), (encode_dss_signature(r, s), ec.ECDSA(algorithm))
    if isinstance(public, rsa.RSAPublicKey):
        return (signature, PKCS1v15(), algorithm), (signature, PSS(MGF1(algorithm), PSS.AUTO), algorithm)
    return ()


def _names(certificate: x509.Certificate) -> list[str]:
    names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    try:
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return names
    return [*names, *named.value.get_values_for_type(x509.DNSName)]


def _der(public: Any) -> bytes:
    der: bytes = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der


def _decoded(signed: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(signed[name], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise BadSignature(f"{name} is missing or not base64") from error


def _shown(value: object) -> str:
    return ascii(value)[:100]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_KEY_BYTES)
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}") from error
