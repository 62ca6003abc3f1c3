"""A throw-away certificate for a server that we start."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from conformance.hop import Authority, CertificateError
from conformance.launchers._error import LaunchError
from conformance.launchers._site import CERTIFIED, HOST, Site


def write_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate for our host's name, and its key, that go with the server's folder.

    Raises:
        LaunchError: trustme is not installed.
    """
    if importlib.util.find_spec("trustme") is None:
        raise LaunchError("a server's certificate needs trustme: pip install 'smtp-conformance[embedded]'")
    import trustme  # noqa: PLC0415 - needed where a server is started, and nowhere else

    issued = trustme.CA().issue_cert(HOST)
    key.touch(0o600)
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(certificate, append=True)


def write_authority(site: Site) -> None:
    """Write an authority that signs for our next hop, and a certificate of ours, that go with the server's folder.

    Raises:
        LaunchError: there is nothing to make certificates with.
    """
    try:
        authority = Authority.new()
    except CertificateError as error:
        raise LaunchError(str(error)) from None
    for path, octets in (
        (site.authority, authority.pem(with_key=True)),
        (site.client_certificate, authority.issue(CERTIFIED, common_name=CERTIFIED)),
    ):
        path.touch(0o600)
        path.write_bytes(octets)
