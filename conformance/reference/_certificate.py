"""Throw-away certificates for the reference server, for its users, and for the next hop that it trusts."""

from __future__ import annotations

import atexit
import functools
import os
import ssl
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.hop import Authority
from conformance.reference._site import DOMAIN, HOST

if TYPE_CHECKING:
    import trustme


@functools.cache
def _authority() -> trustme.CA:
    """An authority made for this process alone, for ourselves and our users."""
    import trustme  # noqa: PLC0415 - a launcher's and the tests' dependency, not ours

    return trustme.CA()


@functools.cache
def hops_authority() -> Authority:
    """The authority that signs certificates for next hops, made for this process alone.

    Raises:
        CertificateError: trustme is not installed.
    """
    return Authority.new()


@functools.cache
def trusting(authority: Authority, *, any_name: bool = False) -> ssl.SSLContext:
    """A client's side of TLS that verifies a certificate of this authority, and the name in it, unless it takes any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = not any_name
    context.load_verify_locations(cadata=authority.pem().decode("ascii"))
    return context


@functools.cache
def server_tls(*, asks: bool = False, at_most: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server-side context with a certificate made for this process alone.

    It ``asks`` for the client's certificate, which counts where it is one of our users', and speaks no version of TLS
    over ``at_most``.

    Raises:
        ModuleNotFoundError: trustme is not installed.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _server_certificate().configure_cert(context)
    if asks:
        _authority().configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
    if at_most is not None:
        _with_old_versions(context, at_most)
    return context


@functools.cache
def _server_certificate() -> trustme.LeafCert:
    return _authority().issue_cert(HOST.decode("ascii"))


def _with_old_versions(context: ssl.SSLContext, at_most: ssl.TLSVersion) -> None:
    """Let the context speak versions of TLS that are no longer to be used, and none over this one."""
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what Python says of versions that nobody is to use
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = at_most


@functools.cache
def old_versions() -> ssl.SSLContext:
    """A client's side of TLS that verifies nothing and speaks no version after 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _with_old_versions(context, ssl.TLSVersion.TLSv1_1)
    return context


@functools.cache
def client_certificate(user: bytes = b"alice") -> str:
    """The file with a certificate of this user's, and its key; it is gone when the process ends.

    Raises:
        ModuleNotFoundError: trustme is not installed.
    """
    return _written(_authority().issue_cert(f"{user.decode('ascii')}@{DOMAIN.decode('ascii')}"))


def _written(certificate: trustme.LeafCert) -> str:
    handle, name = tempfile.mkstemp(suffix=".pem")
    with os.fdopen(handle, "wb") as file:
        file.write(certificate.private_key_and_cert_chain_pem.bytes())
    atexit.register(functools.partial(Path(name).unlink, missing_ok=True))
    return name
