"""The reference server as a client that has an account at its next hop: TLS, then AUTH, then mail and not before."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from conformance.reference._decision import Decisions, decision
from conformance.reference._verification import Shown, shown
from conformance.wire import Reply
from conformance.wire.digest_md5 import AUTH, AUTH_INT, IntegrityLayer
from conformance.wire.sasl import MECHANISMS, Dialogue, SaslError, Service, decoded

LINE = 512
"""Octets of a command line, its end included (RFC 5321 §4.5.3.1.4)."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at a host, and whose signature we trust (PEM) on its certificate."""

    host: str
    user: bytes
    password: bytes = field(repr=False)
    authority: bytes = field(repr=False)


class Talk(Protocol):
    """What a session with a next hop can do."""

    @property
    def offers(self) -> Mapping[bytes, bytes]: ...
    @property
    def secured(self) -> bool: ...
    @property
    def remote(self) -> bytes: ...
    async def say(self, line: bytes, behind: bytes = b"") -> Reply: ...
    async def hello_again(self) -> Reply: ...
    async def handshake(self, *, keeps: bool) -> bytes | None: ...
    async def protect(self, layer: IntegrityLayer, *, outside_tls: bool) -> None: ...
    async def hello_under_layer(self) -> Reply: ...
    def forget_offers(self) -> None: ...


def external(user: bytes, password: bytes, service: Service) -> Dialogue:
    """EXTERNAL (RFC 4422 appendix A): who we are stands elsewhere, so the one response is empty."""
    del user, password, service
    return MECHANISM_WITHOUT_WORDS


def _nothing_more(challenge: bytes) -> bytes:
    raise SaslError(f"EXTERNAL has one message, and the server asks for another: {challenge!r}")


MECHANISM_WITHOUT_WORDS = Dialogue(b"", _nothing_more)


@dataclass(slots=True, eq=False)
class Login:
    """Makes a session with a host where we have an account fit for mail."""

    BEHIND_THE_REPLY: ClassVar = True

    decisions: Decisions
    account: Account
    talk: Talk
    peer: Shown | None = None

    async def prepare(self) -> bytes:
        """STARTTLS, EHLO and AUTH; returns why no mail can go for now, or nothing."""
        return await self._secure() or await self._authenticate()

    async def _secure(self) -> bytes:
        if self.login_starts_tls():
            reply = await self.talk.say(self.login_starttls_line(), self.login_behind_starttls())
            if reply.code == 220:
                for line in self.login_before_handshake():
                    await self.talk.say(line)
                certificate = await self.talk.handshake(keeps=self.login_keeps_clear_octets())
                self.peer = shown(certificate, self.account.authority)
                if not self.login_is_safe(self.peer):
                    return b"454 4.7.5 The certificate is not good enough"
                if self.login_says_hello_again():
                    hello = await self.talk.hello_again()
                    if hello.severity != 2:
                        return b"454 4.7.0 No EHLO under TLS"
                if self.login_starts_tls_again():
                    await self.talk.say(b"STARTTLS")
        if not self.talk.secured and not self.login_goes_on_in_clear():
            return b"454 4.7.0 No TLS there"
        return b""

    async def _authenticate(self) -> bytes:
        offered = set(self.talk.offers.get(b"AUTH", b"").decode("ascii", "replace").split())
        known = [name for name in self.login_mechanisms() if name in offered]
        for name in known:
            reply, layer = await self._try(name)
            if reply.code == 235:
                if layer is not None and not await self._begin(layer):
                    return b"454 4.7.0 No EHLO under the security layer"
                for line in self.login_after_success():
                    await self.talk.say(line)
                return b""
            if not self.login_tries_another(reply):
                break
        return b"" if self.login_goes_on_unknown() else b"454 4.7.0 No authentication there"

    async def _begin(self, layer: IntegrityLayer) -> bool:
        """Go on under the layer; whether EHLO is answered there, where it is said."""
        if self.login_keeps_to_layer():
            await self.talk.protect(layer, outside_tls=self.login_layer_is_outside_tls())
        if self.login_forgets_at_layer():
            self.talk.forget_offers()
        return not self.login_says_hello_under_layer() or (await self.talk.hello_under_layer()).severity == 2

    async def _try(self, name: str) -> tuple[Reply, IntegrityLayer | None]:
        begin = external if name == "EXTERNAL" else MECHANISMS[name]
        dialogue = begin(self.account.user, self.account.password, self.login_service())
        line, first = self.login_auth_line(name), dialogue.initial
        if first is not None and self.login_gives_initial(line, first):
            line, first = line + b" " + self.login_initial(first), None
        reply = await self.talk.say(line, self.login_behind_auth(name, first))
        while reply.code == 334:
            reply = await self.talk.say(self._answer(reply.text, dialogue, first))
            first = None
        return reply, dialogue.layer()

    def _answer(self, challenge: bytes, dialogue: Dialogue, first: bytes | None) -> bytes:
        try:
            words = self.login_challenge(challenge)
            return self.login_response(dialogue.respond(words) if first is None else first)
        except SaslError:
            return self.login_cancel()

    # TLS.

    @decision
    def login_starts_tls(self) -> bool:
        """Whether to say STARTTLS: where it is offered, and TLS is not active (RFC 3207 §4.2, §6)."""
        return b"STARTTLS" in self.talk.offers and not self.talk.secured

    @decision
    def login_starttls_line(self) -> bytes:
        """STARTTLS, without parameters (RFC 3207 §4)."""
        return b"STARTTLS"

    @decision
    def login_behind_starttls(self) -> bytes:
        """What goes out together with STARTTLS: nothing, it is the last of a group (RFC 3207 §4)."""
        return b""

    @decision
    def login_before_handshake(self) -> tuple[bytes, ...]:
        """What is said between the 220 and the handshake: nothing (RFC 3207 §4)."""
        return ()

    @decision
    def login_keeps_clear_octets(self) -> bool:
        """Whether what came in clear behind the 220 is read as if it had come under TLS: no (RFC 3207 §6)."""
        return False

    @decision
    def login_is_safe(self, peer: Shown) -> bool:
        """Whether mail and password can go to whom this certificate is for (RFC 4954 §14); else we leave."""
        return self.login_trusts(peer) and self.login_is_meant(peer)

    @decision
    def login_trusts(self, peer: Shown) -> bool:
        """Whether the certificate verifies (RFC 4954 §14)."""
        return peer.trusted

    @decision
    def login_is_meant(self, peer: Shown) -> bool:
        """Whether one of the certificate's names is that of the host (RFC 4954 §14)."""
        return any(self.login_matches(name, self.login_host()) for name in self.login_names(peer))

    @decision
    def login_host(self) -> str:
        """The name that is compared: that by which we opened the connection (RFC 4954 §14)."""
        return self.account.host

    @decision
    def login_names(self, peer: Shown) -> tuple[str, ...]:
        """The names of the certificate: its dNSNames, all of them, and else the common name (RFC 4954 §14)."""
        return peer.names or (peer.common_name,)

    @decision
    def login_matches(self, name: str, host: str) -> bool:
        """Whether a name means the host, in any case of letters; a star stands for one label (RFC 4954 §14)."""
        name, host = name.lower(), host.lower()
        return name == host or (name.startswith("*.") and name[2:] == host.partition(".")[2])

    @decision
    def login_says_hello_again(self) -> bool:
        """Whether EHLO is the first command under TLS: yes (RFC 3207 §4.2)."""
        return True

    @decision
    def login_starts_tls_again(self) -> bool:
        """Whether STARTTLS is said under TLS: no (RFC 3207 §4.2)."""
        return False

    @decision
    def login_goes_on_in_clear(self) -> bool:
        """Whether mail goes without TLS: no, it waits (RFC 3207 §6)."""
        return False

    # AUTH.

    @decision
    def login_mechanisms(self) -> tuple[str, ...]:
        """The mechanisms that we would take, the best first."""
        return ("SCRAM-SHA-256", "PLAIN", "CRAM-MD5", "EXTERNAL", "DIGEST-MD5")

    @decision
    def login_service(self) -> Service:
        """What we want there: the host's service of the name smtp, with a layer where that is a must (RFC 4954 §4)."""
        return Service(self.account.host.encode("ascii"), qualities=(AUTH, AUTH_INT))

    @decision
    def login_keeps_to_layer(self) -> bool:
        """Whether the layer that was agreed on begins behind our last response: yes (RFC 4954 §4)."""
        return True

    @decision
    def login_layer_is_outside_tls(self) -> bool:
        """Whether the layer is applied to what TLS has encoded: no, TLS is the outer one (RFC 4954 §4)."""
        return False

    @decision
    def login_forgets_at_layer(self) -> bool:
        """Whether what was offered before the layer is forgotten: yes (RFC 4954 §4)."""
        return True

    @decision
    def login_says_hello_under_layer(self) -> bool:
        """Whether EHLO is the first command under the layer: yes (RFC 4954 §4)."""
        return True

    @decision
    def login_auth_line(self, name: str) -> bytes:
        """AUTH and the mechanism."""
        return b"AUTH " + name.encode("ascii")

    @decision
    def login_gives_initial(self, line: bytes, first: bytes) -> bool:
        """Whether the initial response stands in the command: where the line does not get too long (RFC 4954 §4)."""
        return len(line) + 1 + len(base64.b64encode(first)) + 2 <= LINE

    @decision
    def login_initial(self, octets: bytes) -> bytes:
        """An initial response: base64, and an equals sign where it is empty (RFC 4954 §4)."""
        return base64.b64encode(octets) or b"="

    @decision
    def login_behind_auth(self, name: str, first: bytes | None) -> bytes:
        """What goes out together with AUTH: nothing, it is the last of a group (RFC 4954 §4)."""
        del name, first
        return b""

    @decision
    def login_challenge(self, text: bytes) -> bytes:
        """What a challenge stands for.

        Raises:
            SaslError: it is no base64 (RFC 4954 §4).
        """
        return decoded(text)

    @decision
    def login_response(self, octets: bytes) -> bytes:
        """A response: a line of base64 (RFC 4954 §4)."""
        return base64.b64encode(octets)

    @decision
    def login_cancel(self) -> bytes:
        """What ends an exchange that we can't follow (RFC 4954 §4)."""
        return b"*"

    @decision
    def login_after_success(self) -> tuple[bytes, ...]:
        """What is said directly after the 235: nothing, and no AUTH in this session (RFC 4954 §4)."""
        return ()

    @decision
    def login_tries_another(self, reply: Reply) -> bool:
        """Whether another mechanism is tried after a refusal: yes (RFC 4954 §4, §6)."""
        del reply
        return True

    @decision
    def login_goes_on_unknown(self) -> bool:
        """Whether mail goes without authentication: no, it waits (RFC 4954 §9)."""
        return False
