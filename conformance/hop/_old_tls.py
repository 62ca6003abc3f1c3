"""TLS as nobody is to speak it any more."""

from __future__ import annotations

import ssl
import warnings

from conformance.hop._certificates import Authority


def old_tls(authority: Authority, *names: str, at_most: ssl.TLSVersion) -> ssl.SSLContext:
    """The server's side of TLS with all versions from the first one, and a certificate of the authority for these."""
    own = f"next hop with old versions up to {at_most.name}"
    context = authority.context(*names, common_name=own)  # a context which nobody else changes
    speak_old_versions(context, at_most)
    return context


def speak_old_versions(context: ssl.SSLContext, at_most: ssl.TLSVersion) -> None:
    """Let the context speak all versions of TLS from the first one up to this one, and none over it."""
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what Python says of versions that nobody is to use
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = at_most
