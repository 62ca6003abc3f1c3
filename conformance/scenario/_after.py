"""What a scenario sees of what happens after the 250: our next hop, the target's mail store, our name server."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_address
from typing import Protocol, TypeVar
from zlib import crc32

import trio

from conformance.client import Client, NotReady, new_token
from conformance.dns_server import Fault, NameServer, Query
from conformance.hop import (
    Authority,
    HopConnection,
    HopError,
    LayerOffer,
    NextHop,
    Received,
    Rule,
    Step,
    Transaction,
    old_tls,
    tokens_in,
)
from conformance.scenario._observation import Broken, Held, Observation, Unclear
from conformance.store import Delivered, DeliveryReport, delivery_report, fields_named, split_message
from conformance.store import Store as MailStore
from conformance.target import Target, split_place

DELIVERY_SECONDS = 30.0
"""How long a message is waited for, where the target does not say that it takes longer."""


LOOK_AGAIN = 0.2
"""Seconds between two looks at what nobody tells us of."""

NOBODYS_NETWORKS = tuple(
    IPv4Network(each) for each in ("127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
)
"""Loopback, and the networks that are kept for documentation (RFC 5737)."""


FEW = 4
"""As many exchangers as one scenario has."""

SPARE, ATTEMPTS = 90, 3
"""As many are kept for scenarios that want one for themselves, where the target has so many; and those of one."""


class _Came(Protocol):
    """A message that came, from wherever."""

    @property
    def content(self) -> bytes: ...


M = TypeVar("M", bound=_Came)


def _patience(target: Target) -> float:
    """How long to wait: twice what the target says that it takes, for we ask for many deliveries at once."""
    return 2 * target.delivery_within if target.delivery_within else DELIVERY_SECONDS


async def _first(
    found: Callable[[float, int], Awaitable[Sequence[M]]], within: float, wanted: Callable[[M], bool]
) -> M | None:
    """The first message that is wanted, or ``None`` where none has come in so many seconds."""
    until = trio.current_time() + within
    seen: Sequence[M] = ()
    while True:
        left = max(0.0, until - trio.current_time())
        more = await found(left, len(seen) + 1)
        for message in more:
            if wanted(message):
                return message
        if len(more) <= len(seen) or not left:
            return None
        seen = more


def _any(_: object) -> bool:
    return True


def _sent_to(token: str) -> Callable[[Received], bool]:
    mark = token.lower().encode("ascii")
    return lambda received: any(mark in path.lower() for path in received.forward_paths)


def _says_no_more_than_delayed(received: Received) -> bool:
    found = delivery_report(received.content)
    return found is not None and set(found.actions) == {"delayed"}


async def _none(target: Target, came: M | None, token: str) -> Observation:
    if came is not None:
        return Broken("no message", f"one came with {token}")
    if target.delivery_within is None:
        return Unclear("nothing came, and the target does not say delivery-within")
    return Held(f"nothing came within {target.delivery_within:g} s, though a later message did")


def signing(server: NextHop) -> Authority:
    """Who signs certificates for us.

    Raises:
        NotReady: there is no authority that the target trusts.
    """
    if server.authority is None:
        raise NotReady("next hop", "there is no authority to sign certificates")
    return server.authority


@dataclass(slots=True, eq=False)
class Hop:
    """Our next hop as one scenario sees it: the host to which the target relays mail for its first relay domain.

    Messages are found by a token in a forward-path: ``smtp.token``, or another where a scenario sends several.
    ``path`` makes a recipient of it, or a sender whose notifications come to us. What was asked for is evidence, and
    dropped when the scenario ends.
    """

    server: NextHop
    target: Target
    token: str
    asked: dict[str, None] = field(default_factory=dict)
    scripted_account: bool = False
    sessions: tuple[HopConnection, ...] = ()
    usual_offers: tuple[bytes, ...] | None = None
    usual_tls: ssl.SSLContext | None = None
    began: float = field(default_factory=trio.current_time)

    def mailbox(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox of this token at the relay domain; ``local`` is what its local-part looks like."""
        mark = token or self.token
        self.asked[mark] = None
        return local.replace(b"%b", mark.encode("ascii")) + b"@" + self.target.relay_domains[0].encode("ascii")

    def path(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox in brackets."""
        return b"<%b>" % self.mailbox(token, local)

    def extended(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox of this token whose next hop of ours offers every extension (fact ``extended_next_hop``)."""
        return self._elsewhere(token, local, self.target.extended_domain)

    def bare(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox of this token whose next hop of ours offers SIZE and no more (fact ``bare_next_hop``)."""
        return self._elsewhere(token, local, self.target.bare_domain)

    @contextmanager
    def offers(self, place: str, *keywords: bytes, recipients_at_most: int | None = None) -> Iterator[None]:
        """Offer these keywords too at a ``host:port`` of ours for a while: for scenarios that run alone.

        ``recipients_at_most`` lets no more into a transaction: those beyond get 452 (RFC 5321 §4.5.3.1.10).
        """
        usual = self.server.offers_at.get(place, self.server.offers)
        self.server.offers_at[place] = (*usual, *keywords)
        if recipients_at_most is not None:
            self.server.recipients_at_most[place] = recipients_at_most
        try:
            yield
        finally:
            self.server.offers_at[place] = usual
            self.server.recipients_at_most.pop(place, None)

    @asynccontextmanager
    async def narrow(self, place: str) -> AsyncIterator[None]:
        """Have windows of a few thousand octets at a ``host:port`` of ours, on connections that begin meanwhile.

        It is the whole network's, so such scenarios run alone and need the fact ``own_network``.

        Raises:
            NotReady: that can't be done here.
        """
        try:
            async with self.server.narrow(place):
                yield
        except HopError as error:
            raise NotReady("next hop", str(error)) from error

    @contextmanager
    def speaks_tls(
        self,
        place: str,
        *names: str,
        known: bool = True,
        expired: bool = False,
        offers: Sequence[bytes] = (),
        under_tls: Sequence[bytes] = (),
        old_up_to: ssl.TLSVersion | None = None,
    ) -> Iterator[None]:
        """Offer STARTTLS at a ``host:port`` of ours for a while, to whoever comes: for scenarios that run alone.

        The certificate is for these names, signed by the authority that the target trusts (fact ``account_authority``)
        where it is ``known``; ``old_up_to`` speaks all versions of TLS up to this one, those too that are not to be
        used. ``offers`` are the keywords in clear beside the usual ones, ``under_tls`` those behind the handshake.

        Raises:
            NotReady: there is no authority.
        """
        server, authority = self.server, signing(self.server)
        usual = server.offers_at.get(place, server.offers)
        if old_up_to is None:
            server.tls_at[place] = authority.context(*names, known=known, expired=expired)
        else:
            server.tls_at[place] = old_tls(authority, *names, at_most=old_up_to)
        server.offers_at[place] = (*usual, *offers)
        server.offers_under_tls_at[place] = (*usual, *under_tls)
        try:
            yield
        finally:
            server.offers_at[place] = usual
            for kept in (server.tls_at, server.offers_under_tls_at):
                kept.pop(place, None)

    def account(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox of this token at whose next hop of ours the target authenticates (fact ``account_next_hop``)."""
        return self._elsewhere(token, local, self.target.account_domain)

    def submissions(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox of this token to whose next hop TLS comes first (fact ``submissions_next_hop``)."""
        return self._elsewhere(token, local, self.target.submissions_domain)

    @contextmanager
    def shows(self, place: str, *names: str, known: bool = True, expired: bool = False) -> Iterator[None]:
        """Show a certificate for these names at a ``host:port`` of ours for a while: for scenarios that run alone.

        Raises:
            NotReady: there is no authority to sign one.
        """
        shown = signing(self.server).context(*names, known=known, expired=expired)
        usual, self.server.tls_at[place] = self.server.tls_at[place], shown
        try:
            yield
        finally:
            self.server.tls_at[place] = usual

    def lmtp(self, token: str | None = None, local: bytes = b"%b") -> bytes:
        """The mailbox of this token that the target passes on by LMTP (fact ``lmtp_next_hop``)."""
        return self._elsewhere(token, local, self.target.lmtp_domain)

    def script_account(self, *rules: Rule) -> None:
        """Keep rules for all that comes to the next hop at which the target authenticates, for ``alone`` scenarios."""
        self.scripted_account = True
        self.server.script(self.target.account_next_hop or "", *rules)

    def offer_account(self, *keywords: bytes) -> None:
        """Offer these keywords there, and STARTTLS where we can, until the scenario ends; ``alone`` scenarios may."""
        place = self.target.account_next_hop or ""
        if self.usual_offers is None:
            self.usual_offers = self.server.offers_at.get(place)
        self.server.offers_at[place] = keywords

    def protect_account(self, *offers: bytes) -> None:
        """Offer DIGEST-MD5 there, with an integrity layer and nothing less, until the scenario ends.

        ``offers`` are the keywords under the layer. ``alone`` scenarios may.

        Raises:
            NotReady: the target file or the environment does not say the password (fact ``account_credentials``).
        """
        credentials = self.target.account_credentials
        secret = os.environ.get(credentials.password_from) if credentials else None
        if secret is None:
            raise NotReady("next hop", "nobody says what the target's password there is")
        self.server.layer_at[self.target.account_next_hop or ""] = LayerOffer(secret.encode(), offers)

    def show(self, *names: str, common_name: str = "", known: bool = True, expired: bool = False) -> None:
        """Show a certificate for these names there, until the scenario ends; ``alone`` scenarios may.

        Raises:
            NotReady: there is no authority to sign one.
        """
        shown = signing(self.server).context(*names, common_name=common_name, known=known, expired=expired)
        place = self.target.account_next_hop or ""
        self.usual_tls = self.usual_tls or self.server.tls_at.get(place)
        self.server.tls_at[place] = shown

    async def account_sessions(self, at_least: int = 1, within: float | None = None) -> tuple[HopConnection, ...]:
        """The connections to that next hop since the scenario began that are over: so many, or after a long wait."""
        return await self.sessions_at(self.target.account_next_hop or "", at_least, within)

    async def sessions_at(
        self, place: str, at_least: int = 1, within: float | None = None
    ) -> tuple[HopConnection, ...]:
        """As ``account_sessions``, at a ``host:port`` of ours."""
        with trio.move_on_after(within or _patience(self.target)):
            while len(self._sessions_at(place)) < at_least:
                await self.server.connection_over()
        self.sessions = self._sessions_at(place)
        return self.sessions

    def _sessions_at(self, place: str) -> tuple[HopConnection, ...]:
        there = (each for each in self.server.connections() if each.local == place)
        return tuple(each for each in there if each.began >= self.began and each.over.is_set())

    def _elsewhere(self, token: str | None, local: bytes, domain: str | None) -> bytes:
        return self.mailbox(token, local).rpartition(b"@")[0] + b"@" + (domain or "").encode("ascii")

    def script(self, key: str | bytes, *rules: Rule) -> None:
        """Keep rules for a token or a mailbox of this scenario, see ``conformance.hop.NextHop.script``.

        A token's rules hold for all that has the token in its envelope, or, at the end of data, in its content: a
        notification that quotes the message has it too. A mailbox's rules hold for what is addressed to it, from RCPT.
        """
        word = key if isinstance(key, str) else key.decode("ascii")
        self.asked |= dict.fromkeys(tokens_in(word.encode("ascii")))
        self.server.script(word, *rules)

    async def refuses(
        self,
        smtp: Client,
        *others: bytes,
        sender: bytes | None = None,
        content: bytes | None = None,
        at: Step = Step.RCPT,
        code: int = 550,
        times: int | None = None,
    ) -> str:
        """Deliver a message that we refuse, to a mailbox of its own here and to ``others`` (paths, brackets included).

        Returns the token of the sender, at whose mailbox here the notification will arrive; ``sender`` is another
        reverse-path, ``<>`` for one. The rule answers ``code`` at ``at`` (RCPT or behind it) so many times or always.

        Raises:
            NotReady: the target did not take the message.
        """
        recipient, token = new_token(), new_token()
        self.script(self.mailbox(recipient), Rule.answer(at, code, times=times))
        reverse_path = sender or self.path(token)
        message = smtp.message(token=recipient) if content is None else content
        await smtp.deliver(message, self.path(recipient), *others, reverse_path=reverse_path)
        return token

    async def message(self, token: str | None = None) -> Received:
        """The first message with the token in a forward-path.

        Raises:
            NotReady: none came, which by itself proves nothing.
        """
        return _required(await self.arrival(token), "next hop", _patience(self.target))

    async def message_for(self, mailbox: bytes, token: str | None = None) -> Received:
        """The first message with the token to this mailbox, whose name need not hold it.

        Raises:
            NotReady: none came, which by itself proves nothing.
        """
        seconds = _patience(self.target)

        def wanted(received: Received) -> bool:
            return mailbox.lower() in {path.lower() for path in received.forward_paths}

        return _required(await self._arrival(token, wanted, seconds), "next hop", seconds)

    async def arrival(self, token: str | None = None, within: float | None = None) -> Received | None:
        """The first message with the token in a forward-path, or ``None``.

        That none came is a finding only for a target that says ``delivery_within``. ``within`` is how many seconds it
        is waited for, where that is longer than usual.
        """
        return await self._arrival(token, _sent_to(token or self.token), within or _patience(self.target))

    async def messages(self, token: str | None = None, *, at_least: int) -> tuple[Received, ...]:
        """All messages with the token: as soon as there are so many, else what has come after a long wait."""
        return await self.server.messages(self._note(token), within=_patience(self.target), at_least=at_least)

    async def notification(self, token: str) -> Received:
        """The first message that is addressed to this token's mailbox.

        Raises:
            NotReady: none came.
        """
        return _required(await self.notification_arrival(token), "notification", _patience(self.target))

    async def report(self, token: str) -> DeliveryReport:
        """What the first message that is addressed to this token's mailbox says to programs (RFC 3464).

        Raises:
            NotReady: none came, or it says nothing to programs.
        """
        found = delivery_report((await self.notification(token)).content)
        if found is None:
            raise NotReady("notification", "it has no part of the type message/delivery-status")
        return found

    async def notification_arrival(self, token: str, within: float | None = None) -> Received | None:
        """As ``notification``, but ``None`` where none came. That a message is delayed is not the end of it."""
        addressed = self._addressed_to(token)

        def wanted(received: Received) -> bool:
            return addressed(received) and not _says_no_more_than_delayed(received)

        return await self._arrival(token, wanted, within or _patience(self.target))

    async def notification_saying(self, token: str, action: str, within: float | None = None) -> Received | None:
        """The first report that is addressed to this token's mailbox and says this action, or ``None``."""
        addressed = self._addressed_to(token)

        def wanted(received: Received) -> bool:
            found = delivery_report(received.content) if addressed(received) else None
            return found is not None and action in found.actions

        return await self._arrival(token, wanted, within or _patience(self.target))

    async def none(self, token: str | None = None, *, after: str) -> Observation:
        """Held where nothing with the token came, though the later message with the token ``after`` did.

        Unclear, where nothing came, for a target that does not say ``delivery_within`` (it is a fact to ask for).

        Raises:
            NotReady: the later message did not come either.
        """
        await self.message(after)
        came = await self._arrival(token, _sent_to(token or self.token), self.target.delivery_within or 0.0)
        return await _none(self.target, came, token or self.token)

    async def no_notification(self, token: str, *, after: str) -> Observation:
        """As ``none``, for what is addressed to the token's mailbox, where a twin's notification did come.

        Raises:
            NotReady: the twin's did not come either.
        """
        await self.notification(after)
        came = await self._arrival(token, self._addressed_to(token), self.target.delivery_within or 0.0)
        return await _none(self.target, came, token)

    async def transactions(
        self, token: str | None = None, *, at_least: int = 1, within: float | None = None
    ) -> tuple[Transaction, ...]:
        """All transactions with the token, refused ones too, once so many have ended or after a long wait."""
        seconds = within or _patience(self.target)
        return await self.server.transactions(self._note(token), within=seconds, at_least=at_least)

    async def attempt(
        self, mailbox: bytes, *, after: float = float("-inf"), within: float | None = None
    ) -> Transaction | None:
        """The first attempt to send something to this mailbox that began later than ``after``, or ``None``.

        ``after`` is a time of the clock that ``Transaction.began`` is of. A notification that quotes the message is no
        attempt.
        """
        token = self._note(tokens_in(mailbox)[0])
        until, seen = trio.current_time() + (within or _patience(self.target)), 0
        while True:
            left = max(0.0, until - trio.current_time())
            came = await self.server.transactions(token, within=left, at_least=seen + 1)
            for each in came:
                if each.began > after and any(to.forward_path == mailbox for to in each.recipients):
                    return each
            if len(came) <= seen or not left:
                return None
            seen = len(came)

    async def ended(self, mail: Received | Transaction) -> HopConnection:
        """The connection by which a message or a transaction came, once it is over.

        Raises:
            NotReady: the client keeps it open.
        """
        return await self.closed((mail.transaction if isinstance(mail, Received) else mail).connection)

    async def closed(self, connection: HopConnection) -> HopConnection:
        """A connection once it is over.

        Raises:
            NotReady: the client keeps it open.
        """
        with trio.move_on_after(_patience(self.target)):
            await connection.over.wait()
        if not connection.over.is_set():
            raise NotReady("next hop", "the connection is still open")
        return connection

    def connections(self, token: str | None = None) -> tuple[HopConnection, ...]:
        """The connections in which the token has a transaction."""
        return self.server.connections(self._note(token))

    async def connections_at(self, address: str, *, but: Collection[int] = ()) -> tuple[HopConnection, ...]:
        """The connections to this address of ours once one is over, less those of these numbers, or after a long wait.

        For mail that never came as far as MAIL, by which it would be found.
        """
        until = trio.current_time() + _patience(self.target)
        while True:
            there = [each for each in self.server.connections() if each.local.rpartition(":")[0].strip("[]") == address]
            found = tuple(each for each in there if each.number not in but)
            if any(each.over.is_set() for each in found) or trio.current_time() >= until:
                return found
            await trio.sleep(LOOK_AGAIN)

    def forget(self) -> None:
        """Drop the rules and the mail of this scenario; what still comes for it is taken and not kept."""
        for token in self.asked:
            self.server.forget(token)
        place = self.target.account_next_hop or ""
        self.server.layer_at.pop(place, None)
        if self.scripted_account:
            self.server.unscript(place)
        if self.usual_tls is not None:
            self.server.tls_at[place] = self.usual_tls
        if self.usual_offers is not None:
            self.server.offers_at[place] = self.usual_offers

    def _note(self, token: str | None) -> str:
        mark = token or self.token
        self.asked[mark] = None
        return mark

    def _addressed_to(self, token: str) -> Callable[[Received], bool]:
        places = (self.mailbox, self.extended, self.bare, self.account)
        mailboxes = {place(token).lower() for place in places}
        return lambda received: any(path.lower() in mailboxes for path in received.forward_paths)

    async def _arrival(self, token: str | None, wanted: Callable[[Received], bool], within: float) -> Received | None:
        mark = self._note(token)

        async def found(seconds: float, at_least: int) -> tuple[Received, ...]:
            return await self.server.messages(mark, within=seconds, at_least=at_least)

        return await _first(found, within, wanted)


@dataclass(slots=True, eq=False)
class Store:
    """The target's mail store as one scenario sees it; messages are found by a token in their content.

    ``place`` is where mail for the target's mailboxes arrives, ``bounces`` where that for its ``sender`` does.
    """

    place: MailStore
    target: Target
    token: str
    bounces: MailStore | None = None
    asked: dict[str, None] = field(default_factory=dict)
    found: list[Delivered] = field(default_factory=list)

    @property
    def loses(self) -> frozenset[str]:
        """What the store loses of a message; a clause about that can't be judged here."""
        return self.place.loses

    async def message(self, token: str | None = None) -> Delivered:
        """The first message with the token.

        Raises:
            NotReady: none came, which by itself proves nothing.
        """
        return _required(await self.arrival(token), "store", _patience(self.target))

    async def arrival(self, token: str | None = None, within: float | None = None) -> Delivered | None:
        """The first message with the token, or ``None``: a finding only for a target that says ``delivery_within``.

        ``within`` is how many seconds it is waited for, where that is longer than usual.
        """
        return await self._arrival(self.place, token, _any, within or _patience(self.target))

    async def messages(self, token: str | None = None, *, at_least: int) -> tuple[Delivered, ...]:
        """All messages with the token: as soon as there are so many, else what has come after a long wait."""
        found = await self.place.messages(self._note(token), within=_patience(self.target), at_least=at_least)
        self.found += [message for message in found if message not in self.found]
        return found

    async def notification(self, token: str | None = None) -> Delivered:
        """The first message that speaks of the one with the token and is not that message.

        Raises:
            NotReady: none came, or the target does not say where mail for its sender can be read.
        """
        return _required(
            await self._arrival(self.bounces or self.place, token, is_about_another, _patience(self.target)),
            "notification",
            _patience(self.target),
        )

    async def none(self, token: str | None = None, *, after: str) -> Observation:
        """Held where nothing with the token came, though the later message with the token ``after`` did.

        Unclear, where nothing came, for a target that does not say ``delivery_within`` (it is a fact to ask for).

        Raises:
            NotReady: the later message did not come either.
        """
        await self.message(after)
        came = await self._arrival(self.place, token, _any, self.target.delivery_within or 0.0)
        return await _none(self.target, came, token or self.token)

    def forget(self) -> None:
        """Free what is kept for this scenario."""
        for token in self.asked:
            self.place.forget(token)
            if self.bounces is not None:
                self.bounces.forget(token)

    def _note(self, token: str | None) -> str:
        mark = token or self.token
        self.asked[mark] = None
        return mark

    async def _arrival(
        self, place: MailStore, token: str | None, wanted: Callable[[Delivered], bool], within: float
    ) -> Delivered | None:
        mark = self._note(token)

        async def found(seconds: float, at_least: int) -> tuple[Delivered, ...]:
            return await place.messages(mark, within=seconds, at_least=at_least)

        came = await _first(found, within, wanted)
        if came is not None and came not in self.found:
            self.found.append(came)
        return came


def is_about_another(message: _Came) -> bool:
    """Whether the token stands only in the body: a notification quotes the message, it does not have its subject."""
    subjects = fields_named(split_message(message.content)[0], "subject")
    return not any(tokens_in(subject.octets) for subject in subjects) or not any(
        subject.body.strip().startswith(b"smtp-conformance ") for subject in subjects
    )


@dataclass(slots=True, eq=False)
class Names:
    """Our name server as one scenario sees it: names below the target's first DNS domain that hold its token.

    The target's exchangers (``exchangers``) are addresses of our next hop, each at a port of its own: ``hop`` says by
    which a message came, and takes rules for each of them (``hop.server.script("127.0.0.21", …)``).
    """

    server: NameServer
    target: Target
    token: str

    def name(self, label: str = "") -> str:
        """A name of this scenario, without a dot at its end; ``label`` stands before the token."""
        own = f"{self.token}.{self.target.dns_domains[0]}"
        return f"{label}.{own}" if label else own

    @property
    def exchangers(self) -> tuple[str, ...]:
        """The IP addresses, a few, at which our next hop listens for mail that is routed by MX records.

        Where the target has more, scenarios share them: some servers open one connection at a time to an address.
        """
        places = self._shared()
        first = crc32(self.token.encode("ascii")) % len(places) if len(places) > FEW else 0
        return tuple(split_place(place)[0] for place in (*places[first:], *places[:first])[:FEW])

    def place(self, number: int = 0) -> str:
        """The ``host:port`` of one of these exchangers."""
        host = self.exchangers[number]
        return next(place for place in self.target.exchangers if split_place(place)[0] == host)

    def own_exchanger(self, number: int) -> str:
        """One more such IP address: no other scenario has this number, from 0 to 29, and each attempt gets another.

        It is for those that answer to the connection or to EHLO, where nobody knows whose mail will come, and for
        those that leave an exchanger with a bad name. A target that has few exchangers lets scenarios share them.
        """
        places = self.target.exchangers
        apart = places[len(self._shared()) :] or places
        attempt = self.server.handed_out[number]
        self.server.handed_out[number] += 1
        return split_place(apart[(number * ATTEMPTS + attempt % ATTEMPTS) % len(apart)])[0]

    def _shared(self) -> tuple[str, ...]:
        places = self.target.exchangers
        return places[:-SPARE] if len(places) >= FEW + SPARE else places

    def dead(self, number: int = 0) -> str:
        """An IP address at which nothing listens, one for each number from 0 to 9.

        It stands beside the exchangers' where that network is this machine's or nobody's, else on loopback.
        """
        home = ip_address(self.exchangers[0])
        network = next((each for each in NOBODYS_NETWORKS if home in each), NOBODYS_NETWORKS[0])
        first = int(ip_address(int(home) & ~0xFF)) if home in network else int(network.network_address)
        beside = (str(ip_address(first + last)) for last in range(90, 255))
        taken = {split_place(place)[0] for place in self.target.exchangers}
        return [each for each in beside if each not in taken][number]

    def add_host(self, name: str, address: str) -> None:
        """Let a name that is not this scenario's, as the target's own, lead to an address, unless it has records."""
        if not self.server.zones.has(name):
            self.server.zones.add(f"{name}. A {address}")

    def has_address(self, name: str) -> bool:
        """Whether our name server knows an address for the name, by way of an alias or without."""
        return self.server.zones.has_address(name)

    def add(self, records: str) -> None:
        """Add records, see ``conformance.dns_server.Zones.add``."""
        self.server.zones.add(records)

    def vouch(self, name: str) -> None:
        """Say of answers for this name that they are authentic, as a resolver does that checked them with DNSSEC."""
        self.server.zones.vouch(name)

    def fail(self, name: str, fault: Fault, *, type_: str | None = None, times: int | None = None) -> None:
        """Answer for a name with a fault, see ``conformance.dns_server.Zones.fail``."""
        self.server.zones.fail(name, fault, type_=type_, times=times)

    async def queries(self, name: str = "", *, type_: str | None = None, at_least: int = 1) -> tuple[Query, ...]:
        """The questions for this name, or for all of this scenario: once so many came, or after a long wait."""
        seconds = _patience(self.target)
        return await self.server.queries(name or self.token, type_=type_, seconds=seconds, at_least=at_least)

    def forget(self) -> None:
        """Drop this scenario's records and faults."""
        self.server.zones.forget(self.token)


def _required(message: M | None, where: str, within: float) -> M:
    if message is None:
        raise NotReady(where, f"no message within {within:g} s")
    return message
