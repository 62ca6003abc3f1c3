"""DIGEST-MD5 (RFC 2831) of the reference server: the challenge, what the response must be, and the layer behind it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from conformance.wire.digest_md5 import (
    AUTH,
    AUTH_INT,
    FIRST_USE,
    LARGEST,
    Digest,
    IntegrityLayer,
    directives,
    message_of,
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A response that is right: whose it is, and the session key."""

    user: bytes
    key: bytes
    quality: bytes
    proof: bytes
    largest: int


class Knowing(Protocol):
    """What the exchange needs to know of users, and of the service."""

    layer: IntegrityLayer | None

    def auth_prepared(self, name: bytes) -> bytes | None: ...
    def auth_service_fits(self, uri: bytes) -> bool: ...
    def auth_qualities(self) -> tuple[bytes, ...]: ...
    def auth_final_challenge(self) -> bool: ...
    def password_of(self, user: bytes) -> bytes: ...


def digest_md5(ours: Knowing, realm: bytes) -> Generator[bytes, bytes, bytes | None]:
    """One exchange; no nonce is used again, so none begins with a response."""
    nonce, qualities = secrets.token_hex(16).encode("ascii"), ours.auth_qualities()
    challenge = message_of(
        {b"algorithm": b"md5-sess", b"charset": b"utf-8"},
        {b"realm": realm, b"nonce": nonce, b"qop": b",".join(qualities)},
    )
    verified = _verified(ours, (yield challenge), realm, nonce, qualities)
    if verified is None or (ours.auth_final_challenge() and (yield b"rspauth=" + verified.proof)):
        return None
    if verified.quality == AUTH_INT:
        ours.layer = IntegrityLayer.of_server(verified.key, verified.largest)
    return verified.user


def _verified(
    ours: Knowing, response: bytes, realm: bytes, nonce: bytes, qualities: tuple[bytes, ...]
) -> Verified | None:
    """What a response shows, or ``None`` where it is not right."""
    said = {name: values[0] for name, values in directives(response).items() if len(values) == 1}
    quality, uri = said.get(b"qop", AUTH), said.get(b"digest-uri", b"")
    fresh = said.get(b"nonce") == nonce and said.get(b"nc") == FIRST_USE and bool(said.get(b"cnonce"))
    if not fresh or quality not in qualities or said.get(b"realm") != realm or b"authzid" in said:
        return None
    user = ours.auth_prepared(said.get(b"username", b""))
    if user is None or not ours.auth_service_fits(uri):
        return None
    digest = Digest(said[b"username"], realm, nonce, said[b"cnonce"], uri, quality, utf8=b"charset" in said)
    key = digest.key(ours.password_of(user))
    if not hmac.compare_digest(digest.response(key), said.get(b"response", b"")):
        return None
    largest = said.get(b"maxbuf", b"")
    return Verified(user, key, quality, digest.proof(key), int(largest) if largest.isdigit() else LARGEST)
