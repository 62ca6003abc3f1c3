"""A throw-away certificate for a server that we start."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from conformance.launchers._error import LaunchError
from conformance.launchers._site import HOST


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
