"""Whose certificates are believed: the roots somebody hands us, and whether a chain leads up to one of them. None are
built in: which authority is trusted is for the reader of an archive to say."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509 import verification

from archive.errors import WrongUse

#: the roots a browser believes, all of them, are a quarter of this
_LARGEST_BYTES = 1 << 20


class BadChain(ValueError):
    pass


def load_roots(paths: Sequence[Path]) -> tuple[x509.Certificate, ...]:
    """The certificates in PEM files. Raises WrongUse."""
    roots: list[x509.Certificate] = []
    for path in paths:
        try:
            with path.open("rb") as file:
                roots += read_chain(file.read(_LARGEST_BYTES))
        except OSError as error:
            raise WrongUse(f"{path}: {error.strerror}") from error
        except BadChain as error:
            raise WrongUse(f"{path}: no certificates in PEM form (-----BEGIN CERTIFICATE-----)") from error
    return tuple(roots)


def read_chain(pem: bytes) -> list[x509.Certificate]:
    """The certificates in *pem*, at least one, in its order. Raises BadChain."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd certificates: a verdict is one line
            return x509.load_pem_x509_certificates(pem)
    except Exception as error:  # what the parser raises for bytes made to mislead it has no common base
        raise BadChain("not certificates in PEM form") from error


def read_certificate(der: bytes) -> x509.Certificate:
    """Raises BadChain."""
    try:
        with warnings.catch_warnings(action="ignore"):
            found = x509.load_der_x509_certificate(der)
            found.public_key(), found.subject, found.issuer, found.extensions  # parsed when asked for
            return found
    except Exception as error:  # as above
        raise BadChain("not a certificate in DER form") from error


def leads_to_a_root(chain: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime) -> bool:
    """Whether the first certificate of *chain*, by way of others of it, leads to one of *roots*, all of them valid
    *at* that time. What it may be used for, and whom it names, is the caller's to ask."""
    any_leaf = verification.ExtensionPolicy.permit_all()
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store(list(roots)))
        .time(at)
        # Certificates of an institution's own CA need not be made as those of the web's are.
        .extension_policies(ee_policy=any_leaf, ca_policy=_an_issuer())
    )
    try:
        with warnings.catch_warnings(action="ignore"):
            builder.build_client_verifier().verify(chain[0], list(chain[1:]))
    except Exception:  # noqa: BLE001  # as above; whatever it was, the chain was not followed to its end
        return False
    return True


def is_valid_at(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def name(certificate: x509.Certificate) -> str:
    """Its subject as RFC 4514 writes it, without anything that is no plain text."""
    return ascii(certificate.subject.rfc4514_string())[1:-1][:200]


def _an_issuer() -> verification.ExtensionPolicy:
    def may_issue(_policy: Any, _certificate: x509.Certificate, found: x509.BasicConstraints) -> None:
        if not found.ca:
            raise BadChain("not the certificate of an issuer")

    def may_sign(_policy: Any, _certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
        if found and not found.key_cert_sign:
            raise BadChain("not for signing certificates")

    return (
        verification.ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, verification.Criticality.AGNOSTIC, may_issue)
        .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, may_sign)
    )
