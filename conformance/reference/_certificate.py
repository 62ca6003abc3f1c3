"""A throw-away certificate for the reference server."""

from __future__ import annotations

import functools
import ssl

from conformance.hop import Authority
from conformance.reference._login import Account
from conformance.reference._site import ACCOUNT_DOMAIN, HOST, OUTWARD_PASSWORD, OUTWARD_USER


@functools.cache
def server_tls() -> ssl.SSLContext:
    """A server-side context with a certificate made for this process alone.

    Raises:
        ModuleNotFoundError: trustme is not installed.
    """
    import trustme  # noqa: PLC0415 - a launcher's and the tests' dependency, not ours

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(HOST.decode("ascii")).configure_cert(context)
    return context


@functools.cache
def next_hop_authority() -> Authority:
    """Who signs the certificates of our next hop in memory.

    Raises:
        CertificateError: trustme is not installed.
    """
    return Authority.new()


@functools.cache
def accounts() -> dict[bytes, Account]:
    """Who the reference server is at its next hops, and that it trusts that authority."""
    name, trusted = ACCOUNT_DOMAIN.decode("ascii"), next_hop_authority().pem()
    return {ACCOUNT_DOMAIN: Account(name, OUTWARD_USER, OUTWARD_PASSWORD, trusted)}
