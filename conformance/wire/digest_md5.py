"""What both sides of DIGEST-MD5 (RFC 2831) work out: its messages, its proofs, and its integrity layer.

The mechanism is historic (RFC 6331). It is here because it is the one whose messages show the name of the service, and
the plainest that brings a security layer.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

AUTH, AUTH_INT = b"auth", b"auth-int"
"""The qualities of protection: none behind the exchange, or integrity (§2.1.1)."""

FIRST_USE = b"00000001"
"""How often a nonce has been used, the first time included."""

NO_BODY = b":" + b"0" * 32
"""What stands for the body of a request, which SASL does not have."""

LARGEST = 65536
"""Octets of the largest message that a side takes where it does not say (§2.1.1)."""

MAC = 16
"""Octets behind each message: ten of a keyed digest, the type of message, its number (§2.3)."""

TYPE = b"\x00\x01"
TO_SERVER = b"Digest session key to client-to-server signing key magic constant"
TO_CLIENT = b"Digest session key to server-to-client signing key magic constant"

_DIRECTIVE = re.compile(rb'([^\s,="]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))', re.DOTALL)


def directives(message: bytes) -> dict[bytes, tuple[bytes, ...]]:
    """The values of a message's directives, by their name in small letters; what is none is passed over."""
    found: dict[bytes, tuple[bytes, ...]] = {}
    for each in _DIRECTIVE.finditer(message):
        name = each[1].lower()
        value = each[3] if each[2] is None else re.sub(rb"\\(.)", rb"\1", each[2], flags=re.DOTALL)
        found[name] = (*found.get(name, ()), value)
    return found


def message_of(plain: Mapping[bytes, bytes], quoted: Mapping[bytes, bytes]) -> bytes:
    """A message of directives: those whose values are quoted, then those whose values are not."""
    strings = (b'%b="%b"' % (name, re.sub(rb'(["\\])', rb"\\\1", value)) for name, value in quoted.items())
    return b",".join((*strings, *(name + b"=" + value for name, value in plain.items())))


def service_of(uri: bytes) -> bytes:
    """The name of the service in a ``digest-uri``, which is followed by the host."""
    return uri.partition(b"/")[0]


@dataclass(frozen=True, slots=True)
class Digest:
    """What is hashed in one exchange; ``quality`` is that of protection (§2.1.2)."""

    user: bytes
    realm: bytes
    nonce: bytes
    cnonce: bytes
    uri: bytes
    quality: bytes = AUTH
    utf8: bool = True

    def key(self, password: bytes) -> bytes:
        """The session key: what both sides know (§2.1.2.1)."""
        words = (self.user, self.realm, password)
        secret = _md5(b":".join(map(_latin_1, words) if self.utf8 else words))
        return _md5(b":".join((secret, self.nonce, self.cnonce)))

    def response(self, key: bytes) -> bytes:
        """How the client shows that it has the key (§2.1.2.1)."""
        return self._value(key, b"AUTHENTICATE:")

    def proof(self, key: bytes) -> bytes:
        """How the server does (§2.1.3)."""
        return self._value(key, b":")

    def _value(self, key: bytes, method: bytes) -> bytes:
        asked = _hex(_md5(method + self.uri + (b"" if self.quality == AUTH else NO_BODY)))
        return _hex(_md5(b":".join((_hex(key), self.nonce, FIRST_USE, self.cnonce, self.quality, asked))))


class LayerError(Exception):
    """Octets that are none of the security layer; ``before`` is what was protected and came before them."""

    def __init__(self, octets: bytes, before: bytes) -> None:
        super().__init__(f"not protected: {octets[:64]!r}")
        self.octets = octets
        self.before = before


@dataclass(slots=True)
class IntegrityLayer:
    """Both directions of the layer (§2.3): each message behind its length, with a digest that only the two can make.

    ``largest`` is what the other side takes, ``sent`` and ``read`` count the messages.
    """

    sends_with: bytes = field(repr=False)
    reads_with: bytes = field(repr=False)
    largest: int = LARGEST
    sent: int = 0
    read: int = 0
    _waiting: bytes = b""

    @classmethod
    def of_client(cls, key: bytes, largest: int = LARGEST) -> IntegrityLayer:
        """The client's side, of the session key."""
        return cls(_md5(key + TO_SERVER), _md5(key + TO_CLIENT), largest)

    @classmethod
    def of_server(cls, key: bytes, largest: int = LARGEST) -> IntegrityLayer:
        """The server's side, of the session key."""
        return cls(_md5(key + TO_CLIENT), _md5(key + TO_SERVER), largest)

    def wrap(self, octets: bytes) -> bytes:
        """The octets as messages, no larger than the other side takes."""
        wrapped, room = b"", max(1, self.largest - MAC)
        for at in range(0, len(octets), room):
            piece = octets[at : at + room]
            mac = _mac(self.sends_with, self.sent, piece)
            wrapped += (len(piece) + MAC).to_bytes(4, "big") + piece + mac
            self.sent += 1
        return wrapped

    def unwrap(self, octets: bytes) -> bytes:
        """What the messages hold that are complete; what is not waits for the next call.

        Raises:
            LayerError: what comes next is no message, or not that of the other side.
        """
        self._waiting += octets
        plain = b""
        while len(self._waiting) >= 4:
            length = int.from_bytes(self._waiting[:4], "big")
            if not MAC <= length <= LARGEST:
                raise LayerError(self._waiting, plain)
            if len(self._waiting) < 4 + length:
                break
            piece, mac = self._waiting[4 : 4 + length - MAC], self._waiting[4 + length - MAC : 4 + length]
            if not hmac.compare_digest(mac, _mac(self.reads_with, self.read, piece)):
                raise LayerError(self._waiting, plain)
            self._waiting = self._waiting[4 + length :]
            self.read += 1
            plain += piece
        return plain


def _mac(key: bytes, number: int, message: bytes) -> bytes:
    count = number.to_bytes(4, "big")
    return hmac.digest(key, count + message, "md5")[:10] + TYPE + count


def _latin_1(octets: bytes) -> bytes:
    """UTF-8 as ISO 8859-1 where that has all its characters, and as it is elsewhere (§2.1.2.1)."""
    try:
        return octets.decode("utf-8").encode("latin-1")
    except UnicodeError:
        return octets


def _md5(octets: bytes) -> bytes:
    return hashlib.md5(octets, usedforsecurity=False).digest()


def _hex(octets: bytes) -> bytes:
    return octets.hex().encode("ascii")
