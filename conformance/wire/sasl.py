"""The client's side of SASL mechanisms: what to answer to which challenge; octets in, octets out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass


class SaslError(Exception):
    """The server's side of the exchange can't be followed; the text says why."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One exchange: ``initial`` is what the client says first, ``None`` where the server begins."""

    initial: bytes | None
    respond: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What both sides make of a password (RFC 5802 §3)."""

    client: bytes
    server: bytes


def plain(user: bytes, password: bytes) -> Dialogue:
    """PLAIN (RFC 4616): no authorization identity, the user and the password."""

    def respond(challenge: bytes) -> bytes:
        raise SaslError(f"PLAIN has one message, and the server asks for another: {challenge!r}")

    return Dialogue(b"\0" + user + b"\0" + password, respond)


def login(user: bytes, password: bytes) -> Dialogue:
    """LOGIN, which no RFC describes: the server asks for the user, then for the password."""
    answers = iter((user, password))

    def respond(challenge: bytes) -> bytes:
        answer = next(answers, None)
        if answer is None:
            raise SaslError(f"LOGIN has two messages, and the server asks for another: {challenge!r}")
        return answer

    return Dialogue(None, respond)


def cram_md5(user: bytes, password: bytes) -> Dialogue:
    """CRAM-MD5 (RFC 2195): the user and the keyed digest of the server's challenge."""

    def respond(challenge: bytes) -> bytes:
        return user + b" " + hmac.new(password, challenge, "md5").hexdigest().encode("ascii")

    return Dialogue(None, respond)


def scram(hash_name: str, user: bytes, password: bytes, nonce: bytes | None = None) -> Dialogue:
    """SCRAM without channel binding (RFC 5802, RFC 7677); the server has to prove that it knows the password too."""
    ours = nonce or base64.b64encode(secrets.token_bytes(18))
    bare = b"n=" + user.replace(b"=", b"=3D").replace(b",", b"=2C") + b",r=" + ours
    expected = b""

    def respond(challenge: bytes) -> bytes:
        nonlocal expected
        if expected:
            if fields_of(challenge).get(b"v") != base64.b64encode(expected):
                raise SaslError(f"the server does not prove that it knows the password: {challenge!r}")
            return b""
        fields = fields_of(challenge)
        theirs, salt, count = fields.get(b"r", b""), fields.get(b"s", b""), fields.get(b"i", b"")
        if not theirs.startswith(ours) or theirs == ours or not count.isdigit():
            raise SaslError(f"not the server's first SCRAM message: {challenge!r}")
        final = b"c=" + base64.b64encode(b"n,,") + b",r=" + theirs
        signed = b",".join((bare, challenge, final))
        keys = scram_keys(hash_name, password, decoded(salt), int(count))
        proof = scram_proof(hash_name, keys.client, signed)
        expected = hmac.digest(keys.server, signed, hash_name)
        return final + b",p=" + base64.b64encode(proof)

    return Dialogue(b"n,," + bare, respond)


def scram_keys(hash_name: str, password: bytes, salt: bytes, count: int) -> ScramKeys:
    """The keys of a password, salted and hashed ``count`` times."""
    salted = hashlib.pbkdf2_hmac(hash_name, password, salt, count)
    return ScramKeys(hmac.digest(salted, b"Client Key", hash_name), hmac.digest(salted, b"Server Key", hash_name))


def scram_proof(hash_name: str, client_key: bytes, signed: bytes) -> bytes:
    """What shows that the client has the key, without showing the key."""
    signature = hmac.digest(hashlib.new(hash_name, client_key).digest(), signed, hash_name)
    return bytes(one ^ other for one, other in zip(client_key, signature, strict=True))


def fields_of(message: bytes) -> dict[bytes, bytes]:
    """The attributes of a SCRAM message by their letter."""
    return {name: value for name, _, value in (part.partition(b"=") for part in message.split(b","))}


def decoded(octets: bytes) -> bytes:
    """What the base64 stands for.

    Raises:
        SaslError: it is not base64 (RFC 4954 §4: no foreign character is skipped).
    """
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error as error:
        raise SaslError(f"not base64: {octets!r}") from error


MECHANISMS: dict[str, Callable[[bytes, bytes], Dialogue]] = {
    "PLAIN": plain,
    "LOGIN": login,
    "SCRAM-SHA-256": lambda user, password: scram("sha256", user, password),
    "SCRAM-SHA-1": lambda user, password: scram("sha1", user, password),
    "CRAM-MD5": cram_md5,
}
"""The mechanisms that we speak, in the order in which we take them: those first that need nothing of the server's
store but a password that it can check."""
