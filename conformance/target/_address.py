"""Where a target listens: ``smtp://host:port``, ``smtps://``, ``lmtp://`` and ``lmtp+unix:path``."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"smtp": 25, "smtps": 465, "lmtp": 24, "submission": 587}

PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/32",
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""This host, loopback, link-local and private use; ``is_private`` of ipaddress also means documentation and more."""


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
        return is_private(self.host)


def is_private(host: str) -> bool:
    """Whether ``host`` is a loopback, link-local or private IP address; a name is none."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in PRIVATE)


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
    if not text.isprintable() or " " in text:
        raise AddressError(f"{text!r} is no address; write smtp://host:port")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise AddressError(f"{text!r} is no address: {error}; write smtp://host:port") from error
    if parts.scheme not in DEFAULT_PORTS:
        raise AddressError(f"{text!r} is no address; write smtp://host:port, smtps://, submission:// or lmtp://")
    if not parts.hostname:
        raise AddressError(f"{text!r} names no host; write {parts.scheme}://host:port")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise AddressError(f"{text!r} has more than a host and a port; write {parts.scheme}://host:port")
    if port == 0:
        raise AddressError(f"{text!r} has port 0; write a port from 1 to 65535")
    return Address(parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme])
