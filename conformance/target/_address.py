"""Where a target listens: ``smtp://host:port``, ``smtps://``, ``lmtp://`` and ``lmtp+unix:path``."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"smtp": 25, "smtps": 465, "lmtp": 24, "submission": 587}


class AddressError(Exception):
    """The address is no address of a target; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed target address; ``path`` is set for a Unix socket, ``host`` and ``port`` otherwise."""

    scheme: str
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}+unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def implicit_tls(self) -> bool:
        """Whether TLS starts before the greeting (RFC 8314 §3)."""
        return self.scheme == "smtps"

    @property
    def is_private(self) -> bool:
        """Loopback, link-local, private or a Unix socket: what may be probed without ``--authorized``."""
        if self.path or self.host == "localhost":
            return True
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return address.is_loopback or address.is_private or address.is_link_local


def parse_address(text: str) -> Address:
    """Parse the address of a target.

    Raises:
        AddressError: unknown scheme, no host, or a port out of range.
    """
    if text.startswith("lmtp+unix:"):
        path = text.removeprefix("lmtp+unix:")
        if not path:
            raise AddressError(f"{text!r} has no path; write lmtp+unix:/run/lmtp.sock")
        return Address("lmtp", "", 0, path)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is no address: {error}; write smtp://host:port") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise AddressError(f"{text!r} is no address; write smtp://host:port, smtps://, submission:// or lmtp://")
    if not parts.hostname:
        raise AddressError(f"{text!r} names no host; write {parts.scheme}://host:port")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise AddressError(f"{text!r} has more than a host and a port; write {parts.scheme}://host:port")
    if port == 0:
        raise AddressError(f"{text!r} has port 0; write a port from 1 to 65535")
    return Address(parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme])
