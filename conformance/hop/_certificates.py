"""The certificates of our next hop, made while we run."""

from __future__ import annotations

import importlib.util
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

DAY = timedelta(days=1)
MISSING = "certificates for our next hop need trustme: pip install 'smtp-conformance[embedded]'"


class CertificateError(Exception):
    """No certificates can be made; the text is one line that says why."""


@dataclass(slots=True, eq=False)
class Authority:
    """Signs certificates for our next hop, which verify at a target that trusts it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    _made: dict[tuple[object, ...], ssl.SSLContext] = field(default_factory=dict)

    @classmethod
    def new(cls) -> Authority:
        """An authority for this process.

        Raises:
            CertificateError: there is nothing to make certificates with.
        """
        if importlib.util.find_spec("cryptography") is None:
            raise CertificateError(MISSING)
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - where certificates are made

        key = ec.generate_private_key(ec.SECP256R1())
        return cls(_signed("smtp-conformance", (), key, None, key, expired=False), key)

    @classmethod
    def read(cls, path: Path) -> Authority:
        """The authority whose certificate and key stand in this file of PEM.

        Raises:
            CertificateError: there is nothing to make certificates with, or the file is not such.
        """
        if importlib.util.find_spec("cryptography") is None:
            raise CertificateError(MISSING)
        from cryptography import x509  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

        try:
            octets = path.read_bytes()
            certificate = x509.load_pem_x509_certificate(octets)
            key = serialization.load_pem_private_key(octets, None)
        except (OSError, ValueError) as error:
            raise CertificateError(f"{path}: no certificate and key of an authority: {error}") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CertificateError(f"{path}: the key of the authority is to be one of an elliptic curve")
        return cls(certificate, key)

    def pem(self, *, with_key: bool = False) -> bytes:
        """The certificate, and the key behind it where that is asked for."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

        octets = self.certificate.public_bytes(serialization.Encoding.PEM)
        return octets + _pem_of(self.key) if with_key else octets

    def issue(self, *names: str, common_name: str = "", expired: bool = False) -> bytes:
        """A certificate for these names (dNSName) and this common name, and its key, both as PEM."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above

        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(common_name, names, key, self.certificate, self.key, expired=expired)
        return certificate.public_bytes(serialization.Encoding.PEM) + _pem_of(key)

    def context(self, *names: str, common_name: str = "", known: bool = True, expired: bool = False) -> ssl.SSLContext:
        """The server's side of TLS, with a certificate for these names (dNSName) and this common name.

        It is signed by somebody else where it is not to be ``known``.
        """
        key = (names, common_name, known, expired)
        if key not in self._made:
            issuer = self if known else Authority.new()
            self._made[key] = _context(issuer.issue(*names, common_name=common_name, expired=expired))
        return self._made[key]


def _context(certificate: bytes) -> ssl.SSLContext:
    """The server's side of TLS with this certificate and its key (PEM)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "certificate.pem")  # nothing but a file can be loaded
        path.touch(0o600)
        path.write_bytes(certificate)
        context.load_cert_chain(path)
    return context


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _signed(
    common_name: str,
    names: tuple[str, ...],
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    signs: ec.EllipticCurvePrivateKey,
    *,
    expired: bool,
) -> x509.Certificate:
    """A certificate of a server; without an issuer that of an authority, signed by itself."""
    from cryptography import x509  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name or "next hop of smtp-conformance")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 30 * DAY)
        .not_valid_after(now - DAY if expired else now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(signs, hashes.SHA256())
