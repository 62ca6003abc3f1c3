"""What can be told of TLS from names and octets: cipher suites, and the messages of a handshake in clear."""

from __future__ import annotations

from dataclasses import dataclass

CERTIFICATE_REQUEST = 13
"""The handshake message by which a server asks for the client's certificate (RFC 5246 §7.4.4)."""

_HANDSHAKE = 22


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """A cipher suite: its name in IANA's registry, its number there, and the name that OpenSSL gives it."""

    name: bytes
    number: int
    openssl: bytes

    @property
    def hexadecimal(self) -> bytes:
        """The number as RFC 8314 §4.3 writes it."""
        return b"0x%04X" % self.number


_SUITES = (
    (b"TLS_AES_128_GCM_SHA256", 0x1301, b"TLS_AES_128_GCM_SHA256"),
    (b"TLS_AES_256_GCM_SHA384", 0x1302, b"TLS_AES_256_GCM_SHA384"),
    (b"TLS_CHACHA20_POLY1305_SHA256", 0x1303, b"TLS_CHACHA20_POLY1305_SHA256"),
    (b"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", 0xC02B, b"ECDHE-ECDSA-AES128-GCM-SHA256"),
    (b"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", 0xC02C, b"ECDHE-ECDSA-AES256-GCM-SHA384"),
    (b"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 0xC02F, b"ECDHE-RSA-AES128-GCM-SHA256"),
    (b"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 0xC030, b"ECDHE-RSA-AES256-GCM-SHA384"),
    (b"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 0xCCA8, b"ECDHE-RSA-CHACHA20-POLY1305"),
    (b"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", 0xCCA9, b"ECDHE-ECDSA-CHACHA20-POLY1305"),
    (b"TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", 0x009E, b"DHE-RSA-AES128-GCM-SHA256"),
    (b"TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", 0x009F, b"DHE-RSA-AES256-GCM-SHA384"),
)

CIPHER_SUITES = {openssl: CipherSuite(name, number, openssl) for name, number, openssl in _SUITES}
"""By OpenSSL's name, the suites that a client of today agrees on with a server."""


def cipher_suite(openssl: str) -> CipherSuite | None:
    """The suite that OpenSSL calls so, or ``None`` where it is none of those that we know."""
    return CIPHER_SUITES.get(openssl.encode("ascii", "replace"))


def handshake_messages(octets: bytes) -> tuple[int, ...]:
    """The kinds of handshake messages in a peer's first records, as far as these are in clear and whole.

    In TLS 1.2 that is all up to the end of the first flight (RFC 5246 §6.2.1, §7.4), in TLS 1.3 the first message only.
    """
    messages = b""
    while len(octets) >= 5 and octets[0] == _HANDSHAKE:
        end = 5 + int.from_bytes(octets[3:5])
        messages += octets[5:end]
        octets = octets[end:]
    kinds: list[int] = []
    while len(messages) >= 4:
        end = 4 + int.from_bytes(messages[1:4])
        if end > len(messages):
            break
        kinds.append(messages[0])
        messages = messages[end:]
    return tuple(kinds)
