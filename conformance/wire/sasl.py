"""The client's side of SASL mechanisms: what to answer to which challenge; octets in, octets out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

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


class SaslError(Exception):
    """The server's side of the exchange can't be followed; the text says why."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a client wants to be known to: a host, the name of its protocol in SASL (RFC 4954 §4), and how protected.

    ``qualities`` are those of protection in DIGEST-MD5, of which the first is taken that the server offers: with
    ``auth-int`` a security layer follows.
    """

    host: bytes
    name: bytes = b"smtp"
    qualities: tuple[bytes, ...] = (AUTH,)


def no_layer() -> None:
    """The security layer of mechanisms without one."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One exchange: ``initial`` is what the client says first, ``None`` where the server begins.

    ``layer`` is the client's side of the security layer that follows its success, ``None`` where none does.
    """

    initial: bytes | None
    respond: Callable[[bytes], bytes]
    layer: Callable[[], IntegrityLayer | None] = no_layer


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


def digest_md5(user: bytes, password: bytes, service: Service, cnonce: bytes | None = None) -> Dialogue:
    """DIGEST-MD5 (RFC 2831); the server has to prove that it knows the password too."""
    expected = b""
    layer: IntegrityLayer | None = None

    def respond(challenge: bytes) -> bytes:
        nonlocal expected, layer
        said = directives(challenge)
        if expected:
            if said.get(b"rspauth") != (expected,):
                raise SaslError(f"the server does not prove that it knows the password: {challenge!r}")
            return b""
        offered = {each.strip().lower() for each in said.get(b"qop", (AUTH,))[0].split(b",")}
        quality = next((each for each in service.qualities if each in offered), b"")
        if len(said.get(b"nonce", ())) != 1 or said.get(b"algorithm") != (b"md5-sess",):
            raise SaslError(f"no challenge of DIGEST-MD5: {challenge!r}")
        if not quality:
            raise SaslError(f"none of {b', '.join(service.qualities).decode()} is offered: {challenge!r}")
        name, realm = name_in_realm(user, said.get(b"realm", ()))
        digest = Digest(
            name,
            realm,
            said[b"nonce"][0],
            cnonce or base64.b64encode(secrets.token_bytes(18)),
            service.name + b"/" + service.host,
            quality,
            utf8=b"charset" in said,
        )
        key = digest.key(password)
        expected = digest.proof(key)
        if quality == AUTH_INT:
            largest = said.get(b"maxbuf", (b"",))[0]
            layer = IntegrityLayer.of_client(key, int(largest) if largest.isdigit() else LARGEST)
        return digest_response(digest, key)

    return Dialogue(None, respond, lambda: layer)


def digest_response(digest: Digest, key: bytes) -> bytes:
    """The client's message of DIGEST-MD5 (RFC 2831 §2.1.2)."""
    quoted = {
        b"username": digest.user,
        b"realm": digest.realm,
        b"nonce": digest.nonce,
        b"cnonce": digest.cnonce,
        b"digest-uri": digest.uri,
    }
    if not digest.realm:
        del quoted[b"realm"]
    plain = {b"nc": FIRST_USE, b"qop": digest.quality, b"response": digest.response(key)}
    return message_of({**plain, b"charset": b"utf-8"} if digest.utf8 else plain, quoted)


def name_in_realm(user: bytes, realms: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """A user's name in a realm, and the realm: the one of its domain, else the first that is offered."""
    local, _, domain = user.rpartition(b"@")
    if local and (domain in realms or not realms):
        return local, domain
    return user, realms[0] if realms else b""


def decoded(octets: bytes) -> bytes:
    """What the base64 stands for.

    Raises:
        SaslError: it is not base64 (RFC 4954 §4: no foreign character is skipped).
    """
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error as error:
        raise SaslError(f"not base64: {octets!r}") from error


Begin = Callable[[bytes, bytes, Service], Dialogue]
"""Begins an exchange of a user with a password, to be known to a service."""


def _of_any_service(begin: Callable[[bytes, bytes], Dialogue]) -> Begin:
    """A mechanism that does not say which service it is for."""
    return lambda user, password, _: begin(user, password)


MECHANISMS: dict[str, Begin] = {
    "PLAIN": _of_any_service(plain),
    "LOGIN": _of_any_service(login),
    "SCRAM-SHA-256": _of_any_service(partial(scram, "sha256")),
    "SCRAM-SHA-1": _of_any_service(partial(scram, "sha1")),
    "CRAM-MD5": _of_any_service(cram_md5),
    "DIGEST-MD5": digest_md5,
}
"""The mechanisms that we speak, in the order in which we take them: those first that need nothing of the server's
store but a password that it can check, and the historic one last."""
