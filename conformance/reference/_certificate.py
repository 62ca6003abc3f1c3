"""A throw-away certificate for the reference server."""

from __future__ import annotations

import atexit
import functools
import ssl
import tempfile
from pathlib import Path

from conformance.hop import Authority, speak_old_versions
from conformance.reference._login import Account
from conformance.reference._site import ACCOUNT_DOMAIN, CERTIFIED, HOST, OUTWARD_PASSWORD, OUTWARD_USER


@functools.cache
def server_tls(*, asks: bool = True, at_most: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server-side context with a certificate made for this process alone.

    A client may show one that our authority has signed, where it ``asks`` for one. No version of TLS over ``at_most``
    is spoken.

    Raises:
        ModuleNotFoundError: trustme is not installed.
    """
    import trustme  # noqa: PLC0415 - a launcher's and the tests' dependency, not ours

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST.decode("ascii")).configure_cert(context)
    if asks:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=next_hop_authority().pem().decode("ascii"))
    if at_most is not None:
        speak_old_versions(context, at_most)
    return context


@functools.cache
def old_versions() -> ssl.SSLContext:
    """A client's side of TLS that verifies nothing and speaks no version after 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    speak_old_versions(context, ssl.TLSVersion.TLSv1_1)
    return context


@functools.cache
def trusting(*, any_name: bool = False) -> ssl.SSLContext:
    """A client's side of TLS that verifies a certificate of that authority, and the name in it, unless it takes any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = not any_name
    context.load_verify_locations(cadata=next_hop_authority().pem().decode("ascii"))
    return context


@functools.cache
def client_certificate() -> Path:
    """A file with a certificate for the user that we authenticate as, and its key; it goes when the process ends."""
    with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as file:
        file.write(next_hop_authority().issue(common_name=CERTIFIED))
    path = Path(file.name)
    atexit.register(path.unlink, missing_ok=True)
    return path


@functools.cache
def next_hop_authority() -> Authority:
    """Who signs the certificates of our next hop in memory, and of clients.

    Raises:
        CertificateError: trustme is not installed.
    """
    return Authority.new()


@functools.cache
def accounts() -> dict[bytes, Account]:
    """Who the reference server is at its next hops, and that it trusts that authority."""
    name, trusted = ACCOUNT_DOMAIN.decode("ascii"), next_hop_authority().pem()
    return {ACCOUNT_DOMAIN: Account(name, OUTWARD_USER, OUTWARD_PASSWORD, trusted)}
