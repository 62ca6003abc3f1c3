"""What a client makes of the certificate that a host shows: who signed it, and for which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate: whether it is signed by whom we trust and in date, its dNSNames and its common name."""

    trusted: bool
    names: tuple[str, ...]
    common_name: str


def shown(certificate: bytes | None, authority: bytes) -> Shown:
    """Look at a certificate (DER), with that of whom we trust beside it (PEM)."""
    if certificate is None:
        return Shown(trusted=False, names=(), common_name="")
    from cryptography import x509  # noqa: PLC0415 - needed where a host shows a certificate
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as above
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    found = x509.load_der_x509_certificate(certificate)
    try:
        found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority))
        trusted = found.not_valid_before_utc <= datetime.now(UTC) <= found.not_valid_after_utc
    except (InvalidSignature, ValueError, TypeError):
        trusted = False
    try:
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(alternative.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        names = ()
    common = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Shown(trusted, names, str(common[0].value) if common else "")


def common_name(certificate: Mapping[str, Any] | None) -> str:
    """The common name of a certificate that was verified, as the standard library tells it; nothing where none was."""
    subject = (certificate or {}).get("subject", ())
    return next((value for part in subject for name, value in part if name == "commonName"), "")
