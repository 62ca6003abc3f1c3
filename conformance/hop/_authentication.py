"""AUTH at our next hop (RFC 4954): whoever authenticates is let in, and every line of it is kept."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from conformance.hop._rules import reply_octets
from conformance.wire.digest_md5 import AUTH, AUTH_INT, Digest, directives, message_of, service_of

CRAM_CHALLENGE = b"<1896.697170952@hop.example.test>"

DIGEST_REALM, DIGEST_NONCE = b"hop.example.test", b"b2JzZXJ2ZWQgYnkgdXM"


def _digest_challenge(quality: bytes) -> bytes:
    return message_of(
        {b"algorithm": b"md5-sess", b"charset": b"utf-8"},
        {b"realm": DIGEST_REALM, b"nonce": DIGEST_NONCE, b"qop": quality},
    )


CHALLENGES: dict[bytes, tuple[bytes, ...]] = {
    b"PLAIN": (b"",),
    b"EXTERNAL": (b"",),
    b"LOGIN": (b"Username:", b"Password:"),
    b"CRAM-MD5": (CRAM_CHALLENGE,),
    b"DIGEST-MD5": (_digest_challenge(AUTH),),
}
"""What we ask in each mechanism; an initial response is the answer to the first.

In DIGEST-MD5 we prove nothing where we have no password; the client may go on without.
"""


@dataclass(slots=True, eq=False)
class Authentication:
    """One AUTH command: its mechanism in upper case, the initial response and the other responses as they came.

    ``initial`` is ``None`` where there was none. ``challenges`` are our replies with 334, ``reply`` is the one that
    ended it. ``pipelined`` tells that octets behind the command had come before we answered it.

    ``secret`` is the client's password where DIGEST-MD5 is to bring an integrity layer; ``key`` is that of the session
    then, once the client has shown that it has it too.
    """

    mechanism: bytes
    initial: bytes | None
    line_length: int
    secured: bool
    authenticated_before: bool = False
    in_transaction: bool = False
    pipelined: bool = False
    challenges: list[bytes] = field(default_factory=list)
    responses: list[bytes] = field(default_factory=list)
    reply: bytes = b""
    secret: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    _proof: bytes = b""
    _asked: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether our last word was 235."""
        return self.reply.startswith(b"235")

    @property
    def cancelled(self) -> bool:
        """Whether the client ended it with an asterisk."""
        return self.responses[-1:] == [b"*"]

    @property
    def said(self) -> tuple[bytes, ...]:
        """All that the client said, the initial response included, as octets of base64."""
        return (*(() if self.initial is None else (self.initial,)), *self.responses)

    @property
    def service(self) -> bytes:
        """The name of the service that the client said it wants in DIGEST-MD5, as it came, or nothing."""
        messages = [directives(decoded(word) or b"") for word in self.said]
        uris = [uri for message in messages for uri in message.get(b"digest-uri", ())]
        return service_of(uris[0]) if self.mechanism == b"DIGEST-MD5" and uris else b""

    def first(self) -> bytes:
        """Our usual answer to the command."""
        if self.mechanism not in CHALLENGES:
            return reply_octets(504, "No such mechanism")
        if self.initial is None:
            return self._challenge()
        self._asked += 1
        return self._next(b"" if self.initial == b"=" else self.initial)

    def following(self) -> bytes:
        """Our usual answer to the last response."""
        if self.cancelled:
            return reply_octets(501, "Cancelled")
        return self._next(self.responses[-1])

    @property
    def _protects(self) -> bool:
        return self.mechanism == b"DIGEST-MD5" and bool(self.secret)

    def _next(self, response: bytes) -> bytes:
        plain = decoded(response)
        if plain is None:
            return reply_octets(501, "Not base64")
        if self._protects and not self.key and not self._is_right(plain):
            return reply_octets(535, "Credentials invalid")
        return self._challenge()

    def _is_right(self, response: bytes) -> bool:
        """Whether the response is one of who knows the secret and wants the layer (RFC 2831 §2.1.2)."""
        said = {name: values[0] for name, values in directives(response).items()}
        digest = Digest(
            said.get(b"username", b""),
            said.get(b"realm", b""),
            DIGEST_NONCE,
            said.get(b"cnonce", b""),
            said.get(b"digest-uri", b""),
            AUTH_INT,
            utf8=b"charset" in said,
        )
        key = digest.key(self.secret)
        if said.get(b"qop") != AUTH_INT or said.get(b"response") != digest.response(key):
            return False
        self.key, self._proof = key, digest.proof(key)
        return True

    def _challenges(self) -> tuple[bytes, ...]:
        if self._protects:
            return (_digest_challenge(AUTH_INT), b"rspauth=" + self._proof)
        return CHALLENGES.get(self.mechanism, ())

    def _challenge(self) -> bytes:
        challenges = self._challenges()
        if self._asked >= len(challenges):
            return reply_octets(235, "Welcome")
        self._asked += 1
        return reply_octets(334, base64.b64encode(challenges[self._asked - 1]))

    def secrets(self) -> list[bytes]:
        """What no transcript may show: the responses, and the last part of what each stands for."""
        found = [plain for plain in map(decoded, self.said) if plain]
        return [*found, *(plain.rpartition(b"\0")[2] for plain in found)]


def decoded(octets: bytes) -> bytes | None:
    """What the base64 stands for, or ``None`` where it is none."""
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error:
        return None
