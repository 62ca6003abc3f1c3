"""The AUTH command of the reference server (RFC 4954): the state of an exchange, and the mechanisms' server side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cache

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import Decisions, decision
from conformance.reference._digest import digest_md5
from conformance.reference._notification import is_xtext
from conformance.reference._parameters import encoded
from conformance.reference._saslprep import prepared
from conformance.reference._site import ACCOUNTS, HOST, LOGIN_DOMAIN, TOO_WEAK
from conformance.wire.digest_md5 import AUTH, AUTH_INT, IntegrityLayer
from conformance.wire.paths import mailbox
from conformance.wire.sasl import SaslError, ScramKeys, decoded, fields_of, scram_keys

MAX_RESPONSE = 12288
"""Octets of a line of an exchange, its end included, which RFC 4954 §4 calls sufficient."""

ITERATIONS = 4096
SALT = b"reference server"

Exchange = Generator[bytes, bytes, bytes | None]
"""Challenges out, responses in; in the end the identity, or ``None``."""


@cache
def _keys(password: bytes) -> ScramKeys:
    return scram_keys("sha256", password, SALT, ITERATIONS)


@dataclass(slots=True, eq=False)
class Authentication:
    """What a session knows of who its client is; ``exchange`` is the one that is under way, by ``mechanism``.

    ``failures`` counts those that failed; ``certified`` is the name on the certificate that the client has shown.
    ``layer`` is the security layer that an exchange has brought and that has not begun.
    """

    decisions: Decisions
    identity: bytes | None = None
    exchange: Exchange | None = field(default=None, repr=False)
    mechanism: bytes = b""
    failures: int = 0
    certified: str = ""
    layer: IntegrityLayer | None = None

    def begin(self, argument: bytes, *, extended: bool, in_transaction: bool) -> Answer | None:
        """Act on an AUTH command: refuse it, or take the first step of the exchange (§4)."""
        if not extended:
            return self.auth_before_ehlo(argument)
        if self.identity is not None:
            return self.auth_again(argument)
        if in_transaction:
            return self.auth_in_transaction(argument)
        return self.auth_begins(argument)

    @decision
    def auth_begins(self, argument: bytes) -> Answer | None:
        """Take an AUTH command that comes at the right time."""
        words = argument.split(b" ")
        if not words[0] or len(words) > 2:
            return answer(501, b"AUTH takes a mechanism and an initial response", status=b"5.5.4")
        name = self.auth_mechanism(words[0])
        if name is None:
            return self.auth_unknown_mechanism(words[0])
        initial = self.auth_initial_response(words[1]) if len(words) > 1 else None
        if len(words) > 1 and initial is None:
            return self.auth_bad_base64(words[1])
        if initial is not None and name in SERVER_FIRST:
            return self.auth_initial_for_server_first(name)
        self.mechanism = name
        self.exchange = (_external if name == b"EXTERNAL" else MECHANISMS[name])(self)
        challenge = next(self.exchange)
        if initial is None or name == b"DIGEST-MD5":  # whose client may begin where it was known (RFC 2831 §2.2.2)
            return self.auth_challenge(challenge)
        return self._step(initial)

    @decision
    def auth_line(self, line: bytes) -> Answer | None:
        """Act on a line of the exchange (§4)."""
        if self.auth_is_cancelled(line):
            self.exchange = None
            return self.auth_cancelled()
        if len(line) + 2 > self.auth_line_limit():
            return self.give_up()
        response = self.auth_response(line)
        if response is None:
            self.exchange = None
            return self.auth_bad_base64(line)
        return self._step(response)

    def give_up(self) -> Answer | None:
        """End the exchange over a line that is too long (§4)."""
        self.exchange = None
        return self.auth_too_long()

    def forget(self) -> None:
        """Know nobody any more (RFC 3207 §4.2)."""
        self.identity, self.exchange, self.certified, self.layer = None, None, "", None

    def _step(self, response: bytes) -> Answer | None:
        assert self.exchange is not None
        try:
            challenge = self.exchange.send(response)
        except StopIteration as end:
            self.exchange = None
            identity = self.auth_identity(end.value)
            weak = identity is not None and self.mechanism in TOO_WEAK.get(_account(identity), ())
            if identity is None or weak:
                self.layer = None
                self.failures += identity is None
                return self.auth_too_weak() if weak else self.auth_failed()
            return self.auth_succeeded(identity)
        return self.auth_challenge(challenge)

    @decision
    def auth_mechanisms(self) -> tuple[bytes, ...]:
        """The mechanisms that EHLO lists; which of them are offered in clear is the site's choice (§4).

        EXTERNAL is one for those who have shown a certificate (RFC 3207 §6).
        """
        return (*MECHANISMS, *((b"EXTERNAL",) if self.certified else ()))

    @decision
    def auth_mechanism(self, word: bytes) -> bytes | None:
        """The mechanism that the word names, in any case of letters (§8), or ``None``."""
        known = {*MECHANISMS, *((b"EXTERNAL",) if self.certified else ())}
        return word.upper() if word.upper() in known else None

    @decision
    def auth_unknown_mechanism(self, name: bytes) -> Answer | None:
        """The refusal of a mechanism that we do not have (§4)."""
        del name
        return answer(504, b"No such mechanism", status=b"5.5.4")

    @decision
    def auth_before_ehlo(self, argument: bytes) -> Answer | None:
        """The refusal of AUTH where nothing was offered (RFC 5321 §4.1.4)."""
        del argument
        return answer(503, b"Say EHLO first")

    @decision
    def auth_again(self, argument: bytes) -> Answer | None:
        """The refusal of AUTH after a successful one (§4)."""
        del argument
        return answer(503, b"You are authenticated already")

    @decision
    def auth_in_transaction(self, argument: bytes) -> Answer | None:
        """The refusal of AUTH in a mail transaction (§4)."""
        del argument
        return answer(503, b"Not in a transaction")

    @decision
    def auth_initial_response(self, word: bytes) -> bytes | None:
        """What the initial response stands for: nothing where it is an equals sign; ``None`` if not base64 (§4)."""
        return b"" if word == b"=" else self.auth_response(word)

    @decision
    def auth_initial_for_server_first(self, name: bytes) -> Answer | None:
        """The refusal of an initial response where we speak first (§4)."""
        del name
        return answer(501, b"This mechanism takes no initial response", status=b"5.7.0")

    @decision
    def auth_response(self, line: bytes) -> bytes | None:
        """What the client's base64 stands for, ``None`` if it is none: no character is skipped (§4)."""
        try:
            return decoded(line)
        except SaslError:
            return None

    @decision
    def auth_bad_base64(self, line: bytes) -> Answer | None:
        """The refusal of what is not base64 (§4)."""
        del line
        return answer(501, b"Not base64", status=b"5.5.2")

    @decision
    def auth_challenge(self, octets: bytes) -> Answer | None:
        """A challenge: 334, a space, and nothing but base64 (§4)."""
        return answer(334, base64.b64encode(octets))

    @decision
    def auth_is_cancelled(self, line: bytes) -> bool:
        """Whether the line is the asterisk that ends the exchange (§4)."""
        return line == b"*"

    @decision
    def auth_cancelled(self) -> Answer | None:
        """The refusal of AUTH that the client asks for (§4)."""
        return answer(501, b"Cancelled", status=b"5.7.0")

    @decision
    def auth_line_limit(self) -> int:
        """Octets of a line of the exchange (§4)."""
        return MAX_RESPONSE

    @decision
    def auth_too_long(self) -> Answer | None:
        """The refusal of a line that is too long (§4)."""
        return answer(500, b"Line too long", status=b"5.5.6")

    @decision
    def auth_identity(self, found: bytes | None) -> bytes | None:
        """Who the client is, after an exchange that went to its end."""
        return found

    @decision
    def auth_failed(self) -> Answer | None:
        """The refusal of credentials that are not right (§4, §6)."""
        return answer(535, b"Credentials invalid", status=b"5.7.8")

    @decision
    def auth_too_weak(self) -> Answer | None:
        """The refusal of a mechanism that is too weak for this user (§6)."""
        return answer(534, b"Take a stronger mechanism", status=b"5.7.9")

    @decision
    def auth_succeeded(self, identity: bytes) -> Answer | None:
        """Know the client from now on (§4)."""
        self.identity = identity
        return answer(235, b"Welcome", status=b"2.7.0")

    @decision
    def auth_password_is_right(self, user: bytes, password: bytes) -> bool:
        """Whether this is the user's password."""
        return hmac.compare_digest(ACCOUNTS.get(user, b""), password) and bool(password)

    @decision
    def auth_prepared(self, name: bytes) -> bytes | None:
        """The name as it is compared, or ``None`` where it can't be prepared, or nothing is left of it (§4)."""
        return prepared(name)

    @decision
    def auth_service_fits(self, uri: bytes) -> bool:
        """Whether the service that the client wants is ours: it is called smtp, on the submission port too (§4)."""
        return uri.lower() == b"smtp/" + HOST

    @decision
    def auth_qualities(self) -> tuple[bytes, ...]:
        """The qualities of protection that DIGEST-MD5 offers: none, and an integrity layer (§4)."""
        return (AUTH, AUTH_INT)

    @decision
    def auth_final_challenge(self) -> bool:
        """Whether what a mechanism says along with its success goes into a challenge before the 235 (§4)."""
        return True

    @decision
    def auth_parameter_fits(self, value: bytes) -> bool:
        """Whether the AUTH parameter of MAIL is xtext of a mailbox or of two angle brackets (§5, §8)."""
        if not is_xtext(value):
            return False
        plain = _from_xtext(value)
        return plain == b"<>" or mailbox(plain) is not None

    @decision
    def auth_submitter(self, said: bytes | None) -> bytes:
        """Whom the AUTH parameter names on the way: nobody for strangers, else whom the client says, or itself (§5)."""
        if self.identity is None:
            return b"<>"
        return self.auth_generated(self.identity) if said is None else said

    @decision
    def auth_generated(self, identity: bytes) -> bytes:
        """The mailbox of a client that we know, and nobody where its name makes none (§5)."""
        found = _account(identity) + b"@" + LOGIN_DOMAIN
        return encoded(found) if found.isascii() and mailbox(found) is not None else b"<>"

    def password_of(self, user: bytes) -> bytes:
        """The user's password; of users that we do not know one that nobody can have."""
        return ACCOUNTS.get(user) or secrets.token_bytes(32)


def _from_xtext(value: bytes) -> bytes:
    first, *rest = value.split(b"+")
    return first + b"".join(bytes.fromhex(part[:2].decode("ascii")) + part[2:] for part in rest)


def _account(user: bytes) -> bytes:
    """The account's name: the part before our own domain."""
    return user.removesuffix(b"@" + LOGIN_DOMAIN)


def _plain(ours: Authentication) -> Exchange:
    """PLAIN (RFC 4616); one may act for oneself only."""
    parts = (yield b"").split(b"\0")
    if len(parts) != 3:
        return None
    for_whom, user = (ours.auth_prepared(name) for name in parts[:2])
    right = ours.auth_password_is_right(_account(user or b""), parts[2])
    return user if right and for_whom in {b"", user} else None


def _external(ours: Authentication) -> Exchange:
    """EXTERNAL (RFC 4422 appendix A): the user of the certificate, who may act for itself only."""
    for_whom = ours.auth_prepared((yield b""))
    user = ours.certified.encode()
    return user if for_whom in {b"", user} and _account(user) in ACCOUNTS else None


def _login(ours: Authentication) -> Exchange:
    """LOGIN, with the two questions that its clients expect."""
    user = ours.auth_prepared((yield b"Username:"))
    password = yield b"Password:"
    return user if ours.auth_password_is_right(_account(user or b""), password) else None


def _cram_md5(ours: Authentication) -> Exchange:
    """CRAM-MD5 (RFC 2195)."""
    challenge = b"<%b@%b>" % (secrets.token_hex(8).encode("ascii"), HOST)
    name, _, digest = (yield challenge).rpartition(b" ")
    user = ours.auth_prepared(name)
    right = hmac.new(ours.password_of(_account(user or b"")), challenge, "md5").hexdigest()
    return user if hmac.compare_digest(right.encode("ascii"), digest) else None


def _scram_sha_256(ours: Authentication) -> Exchange:
    """SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677)."""
    first = yield b""
    binding, _, bare = first.partition(b",,")
    fields = fields_of(bare)
    if binding not in {b"n", b"y"} or not fields.get(b"n") or not fields.get(b"r"):
        return None
    user = ours.auth_prepared(fields[b"n"].replace(b"=2C", b",").replace(b"=3D", b"="))
    nonce = fields[b"r"] + secrets.token_hex(9).encode("ascii")
    question = b"r=%b,s=%b,i=%d" % (nonce, base64.b64encode(SALT), ITERATIONS)
    final = yield question
    unsigned, _, proof = final.rpartition(b",p=")
    said = fields_of(unsigned)
    if said.get(b"r") != nonce or said.get(b"c") != base64.b64encode(binding + b",,"):
        return None
    keys = _keys(ours.password_of(_account(user or b"")))
    signed = b",".join((bare, question, unsigned))
    if not hmac.compare_digest(_recovered(keys, signed, proof), keys.client):
        return None
    signature = b"v=" + base64.b64encode(hmac.digest(keys.server, signed, "sha256"))
    if ours.auth_final_challenge() and (yield signature):
        return None
    return user


def _digest_md5(ours: Authentication) -> Exchange:
    """DIGEST-MD5 (RFC 2831), with our domain for its realm."""
    return digest_md5(ours, LOGIN_DOMAIN)


def _recovered(keys: ScramKeys, signed: bytes, proof: bytes) -> bytes:
    """The client's key, as its proof shows it to one who has the stored key."""
    signature = hmac.digest(hashlib.sha256(keys.client).digest(), signed, "sha256")
    try:
        given = decoded(proof)
    except SaslError:
        return b""
    if len(given) != len(signature):
        return b""
    return bytes(one ^ other for one, other in zip(given, signature, strict=True))


MECHANISMS = {
    b"PLAIN": _plain,
    b"LOGIN": _login,
    b"CRAM-MD5": _cram_md5,
    b"SCRAM-SHA-256": _scram_sha_256,
    b"DIGEST-MD5": _digest_md5,
}
SERVER_FIRST = frozenset({b"LOGIN", b"CRAM-MD5"})
