"""What the reference server does after the 250: local delivery, relaying with retries, and notifications."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import trio

from conformance.reference._decision import Decisions, decision, decision_by
from conformance.reference._delays import Delays, mode_of
from conformance.reference._extensions import seconds_held
from conformance.reference._internationalized import extended_path_argument
from conformance.reference._life import Life
from conformance.reference._limits import Limits
from conformance.reference._login import Account
from conformance.reference._owners import Ownership, required
from conformance.reference._parameters import Parameters, encoded
from conformance.reference._relay import DialNextHop, Failed, OtherMail, RelaySession, Sent, refused
from conformance.reference._relay_tls import Protection
from conformance.reference._report import About, Reported, report
from conformance.reference._routing import DialAddress, Routing, UnroutableError
from conformance.reference._site import (
    ALIASES,
    FULL,
    LIST_OWNERS,
    LISTS,
    LMTP_DOMAIN,
    MOVED,
    SUBMISSIONS_DOMAIN,
    Site,
    Stored,
    unquoted,
)
from conformance.reference._trace import Accepted, Trace
from conformance.wire import CRLF
from conformance.wire.paths import Mailbox

FOLDED = 400
"""Octets of a reply that stand on one line of a notification."""

_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]")
_BINARY = re.compile(rb"^Content-Transfer-Encoding:\s*binary\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Copy:
    """One envelope and its content, on its way to mailboxes here or to the next hop."""

    reverse_path: bytes
    forward_paths: tuple[bytes, ...]
    content: bytes
    eight_bit: bool = False
    parameters: Parameters = field(default_factory=Parameters)
    arrived: bytes = b""
    taken: float = 0.0
    client: bytes = b""


@dataclass(slots=True)
class _Queued:
    """When something is due for a message in the queue: its time under BY, and a word to its sender."""

    began: float
    due: float
    warns: float
    last: tuple[Failed, ...] = ()
    """Whom the last try was about, and what was said."""

    @property
    def next(self) -> float:
        """The first of these."""
        return min(self.due, self.warns)

    def said(self, forward_path: bytes) -> Failed:
        """What was said at the last try of this recipient."""
        return next((each for each in self.last if each.forward_path == forward_path), Failed(forward_path, b""))


@dataclass(slots=True, eq=False)
class Mailer:
    """The queue of a site: takes responsibility for messages and gets rid of each of them.

    Deliveries run in ``nursery``, to the next hop that ``dial`` reaches, or one of ``others`` for their domains, or
    where ``routing`` says for the domains that are looked up; without these nothing is relayed. ``accounts`` are those
    that we have at the next hops of some domains. ``dead`` are the addresses that could not be reached, and until when
    they are not tried again; ``trusted`` verifies certificates. ``known_limits`` are what hosts said of their limits
    first, by their names.
    """

    BEHIND_THE_REPLY: ClassVar = True

    site: Site
    decisions: Decisions
    nursery: trio.Nursery | None = None
    dial: DialNextHop | None = None
    routing: Routing | None = None
    others: Mapping[bytes, DialNextHop] = field(default_factory=dict)
    accounts: Mapping[bytes, Account] = field(default_factory=dict)
    trusted: ssl.SSLContext | None = None
    known_limits: dict[str, Limits] = field(default_factory=dict)
    trace: Trace = field(init=False)
    ownership: Ownership = field(init=False)
    delays: Delays = field(init=False)
    life: Life = field(default_factory=Life)
    taken: int = 0
    queued_so_far: int = 0
    turn: trio.Lock = field(default_factory=trio.Lock)
    contact: trio.Event = field(default_factory=trio.Event)
    dead: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trace = Trace(self.decisions)
        self.ownership = Ownership(self.site, self.decisions)
        self.delays = Delays(self.decisions)

    @decision
    def take_message(self, accepted: Accepted) -> None:
        """Deliver a message, now or by and by."""
        self.taken += 1
        accepted = replace(accepted, number=self.taken)
        content = self.trace.with_trace(accepted, accepted.content)
        copy = Copy(
            accepted.reverse_path,
            accepted.forward_paths,
            content,
            accepted.eight_bit,
            accepted.parameters,
            arrived=self.trace.time_stamp(),
            taken=trio.current_time(),
            client=b"%b (%b)" % (accepted.client_name, self.trace.address_of(accepted)),
        )
        if self.wakes_the_queue(accepted):
            self.contact.set()
            self.contact = trio.Event()
        if self.trace.is_looping(accepted.content):
            self.stop_loop(copy)
            return
        if self.is_undeclared_binary(accepted):
            self.fail(copy, [Failed(each, b"554 5.6.3 Binary, and not declared") for each in copy.forward_paths])
            return
        seconds = self.seconds_on_hold(copy.parameters)
        if seconds > 0:
            self.site.held[self.taken] = trio.current_time() + seconds, copy, accepted.user
            self.start(self._hold, self.taken)
            return
        self.let_go(copy)

    async def _hold(self, number: int) -> None:
        until, copy, _ = self.site.held[number]
        await trio.sleep_until(until)
        del self.site.held[number]
        self.let_go(copy)

    def let_go(self, copy: Copy) -> None:
        """Let a message go to all for whom it is."""
        self.tell_expanded(copy)
        for expanded in self.expanded(copy):
            self.dispatch(expanded)

    @decision_by(lambda _, parameters: "some" if seconds_held(dict(parameters.of_mail)) else "none")
    def seconds_on_hold(self, parameters: Parameters) -> float:
        """How long a message waits before it goes: as long as HOLDFOR or HOLDUNTIL said (RFC 4865 §4.2)."""
        return seconds_held(dict(parameters.of_mail)) or 0.0

    @decision
    def is_undeclared_binary(self, accepted: Accepted) -> bool:
        """Whether it says binary of itself, though BODY did not: such mail goes back (RFC 3030 §3)."""
        body = (accepted.parameters.of(b"BODY") or b"").upper()
        return body != b"BINARYMIME" and _BINARY.search(accepted.header) is not None

    @decision
    def stop_loop(self, copy: Copy) -> None:
        """Give a message back that goes in circles (§6.3)."""
        self.fail(copy, [Failed(each, b"554 5.4.6 Too many hops") for each in copy.forward_paths])

    # Aliases and lists.

    @decision
    def expanded(self, copy: Copy) -> list[Copy]:
        """The copies of a message: alias and list members in the place of their addresses (§3.9)."""
        parameters = copy.parameters
        for forward_path in copy.forward_paths:
            name = local_name(forward_path)
            if name in ALIASES and self.is_here(forward_path):
                members = self.alias_members(name)
                if len(ALIASES[name]) == 1:
                    parameters = self.forwarded_parameters(parameters, forward_path, members[0])
                else:
                    parameters = self.alias_parameters(parameters, forward_path, members)
                parameters = self.ownership.behind_alias(parameters, name, members)
        forward_paths = tuple(dict.fromkeys(self._without_lists(copy)))
        plain = replace(copy, forward_paths=forward_paths, parameters=parameters)
        copies = self._apart_where_untracked(plain, copy) if plain.forward_paths else []
        for forward_path in copy.forward_paths:
            name = local_name(forward_path)
            if name in LISTS and self.is_here(forward_path):
                copies.append(self.list_copy(copy, name))
        return copies

    def _apart_where_untracked(self, plain: Copy, copy: Copy) -> list[Copy]:
        """Those who get MTRK, and those who don't, in copies of their own."""
        if copy.parameters.of(b"MTRK") is None:
            return [plain]
        names = [local_name(each) for each in copy.forward_paths if self.is_here(each)]
        several = {each for name in names if len(ALIASES.get(name, ())) > 1 for each in self.alias_members(name)}
        apart = self.untracked(tuple(each for each in plain.forward_paths if each in several))
        rest = tuple(each for each in plain.forward_paths if each not in apart)
        of_mail = tuple(each for each in copy.parameters.of_mail if each[0] != b"MTRK")
        without = replace(plain, forward_paths=apart, parameters=replace(plain.parameters, of_mail=of_mail))
        return [each for each in (replace(plain, forward_paths=rest), without) if each.forward_paths]

    @decision
    def untracked(self, members: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Who of those for whom an address of several stands does not get MTRK: nobody does (RFC 3885 §3.3)."""
        return members

    @decision
    def tell_expanded(self, copy: Copy) -> None:
        """Tell those who asked that the message reached an alias of several, or a list (RFC 3461 §5.2.7)."""
        for forward_path in copy.forward_paths:
            name = local_name(forward_path)
            if self.is_here(forward_path) and name in {*ALIASES, *LISTS}:
                action = self.action_of(name)
                if action:
                    self.succeed(copy, [Reported(forward_path, action)])

    def action_of(self, name: bytes) -> bytes:
        """What is said of an alias or a list, or nothing."""
        if name in LISTS:
            return self.list_action()
        return self.forwarded_action() if len(ALIASES[name]) == 1 else self.alias_action()

    @decision
    def forwarded_parameters(self, parameters: Parameters, alias: bytes, member: bytes) -> Parameters:
        """Those of an alias of one for whom it stands for, all of them (RFC 3461 §5.2.7.2)."""
        return parameters.moved(alias, member, notify=parameters.at(alias, b"NOTIFY"))

    @decision
    def forwarded_action(self) -> bytes:
        """What is said of an alias of one: nothing (RFC 3461 §5.2.7.2)."""
        return b""

    @decision
    def alias_parameters(self, parameters: Parameters, alias: bytes, members: tuple[bytes, ...]) -> Parameters:
        """Those of an alias for its members, less the request to be told of success (RFC 3461 §5.2.7.3)."""
        asked = parameters.notify(alias)
        rest = b",".join(sorted((asked or frozenset()) - {b"SUCCESS"})) or (b"NEVER" if asked else b"")
        for member in members:
            parameters = parameters.moved(alias, member, notify=rest or None)
        return parameters

    @decision
    def alias_action(self) -> bytes:
        """What is said of an alias that stands for several (RFC 3461 §5.2.7.3)."""
        return b"expanded"

    @decision
    def list_action(self) -> bytes:
        """What is said of a list, which is a final delivery (RFC 3461 §5.2.7.1)."""
        return b"delivered"

    def _without_lists(self, copy: Copy) -> list[bytes]:
        found: list[bytes] = []
        for forward_path in copy.forward_paths:
            name = local_name(forward_path)
            if not self.is_here(forward_path):
                found.append(forward_path)
            elif name in ALIASES:
                found += self.alias_members(name)
            elif name in MOVED:
                found.append(MOVED[name])
            elif name not in LISTS:
                found.append(forward_path)
        return found

    @decision
    def alias_members(self, name: bytes) -> tuple[bytes, ...]:
        """Who an alias stands for: all of them, and nothing else of the envelope changes (§3.9.1)."""
        return ALIASES[name]

    @decision
    def list_copy(self, copy: Copy, name: bytes) -> Copy:
        """The copy for a list's members: errors go to its owner, the header stays as it is (§3.9.2)."""
        parameters = self.list_parameters(copy).saying(b"AUTH", self.list_submitter(copy, name))
        return replace(copy, reverse_path=LIST_OWNERS[name], forward_paths=LISTS[name], parameters=parameters)

    @decision
    def list_parameters(self, copy: Copy) -> Parameters:
        """What a list asks for: the message's priority (RFC 6710 §4.4) and its TLS (RFC 8689 §6).

        It passes on nothing else that the message asked for (RFC 3461 §5.2.7.1).
        """
        kept = {b"BODY", b"MT-PRIORITY", b"REQUIRETLS"}
        return Parameters(tuple(each for each in copy.parameters.of_mail if each[0] in kept))

    @decision
    def list_submitter(self, copy: Copy, name: bytes) -> bytes:
        """Who counts as the submitter of what a list sends on: its owner, it is a new submission (RFC 4954 §5)."""
        del copy
        return encoded(LIST_OWNERS[name])

    def is_here(self, forward_path: bytes) -> bool:
        """Whether mail for it ends here."""
        domain = self.destination(forward_path)
        return not domain or self.site.is_local(domain.encode())

    @decision
    def destination(self, forward_path: bytes) -> str:
        """The domain to which mail for a recipient goes: its mailbox's, whatever route stands before it (§F.2).

        In small letters; nothing where it has none.
        """
        found = _mailbox_of(forward_path)
        return found.domain.decode("utf-8").lower() if found else ""

    # Out.

    def dispatch(self, copy: Copy) -> None:
        """Deliver to the mailboxes here, and queue what goes elsewhere."""
        here = tuple(each for each in copy.forward_paths if self.is_here(each))
        failed: list[Failed] = []
        for forward_path in here:
            if self.site.mailboxes_are_full:
                self.wait_for_room(copy, forward_path)
                continue
            reason = self.deliver_here(copy, forward_path)
            if reason:
                failed.append(Failed(forward_path, reason))
            else:
                self.succeed(copy, [Reported(forward_path, self.local_action(forward_path))])
        if failed:
            self.fail(copy, failed)
        elsewhere = tuple(each for each in copy.forward_paths if each not in here)
        for together in self._by_destination(elsewhere):
            for forward_paths in self.grouped(together):
                queued = self.with_envelope(replace(copy, forward_paths=forward_paths))
                if self.nursery is not None and self.dial is not None:
                    self.queued_so_far += 1
                    self.write_down(self.queued_so_far, queued)
                    self.start(self._relay_to_the_end, self.queued_so_far, queued)

    def start(self, work: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Do something behind the reply, for as long as the server is up."""

        async def living() -> None:
            with self.life.lived():
                await work(*arguments)

        self.decisions.act()
        assert self.nursery is not None
        self.nursery.start_soon(living)

    def release(self, node: bytes) -> int:
        """Try what waits for this node again, or with an @ for every domain that ends in it (RFC 1985 §5.1, §5.3).

        Returns how many messages wait for it.
        """
        name = node.lstrip(b"@").decode("ascii", "replace").lower()
        ends = (name, "." + name) if node.startswith(b"@") else (name,)
        domains = [self.destination(copy.forward_paths[0]) for copy in self.site.queue.values()]
        waiting = sum(domain == name or (len(ends) > 1 and domain.endswith(ends[1])) for domain in domains)
        if waiting:
            self.contact.set()
            self.contact = trio.Event()
        return waiting

    def resume(self) -> None:
        """Go on with the mail that was on its way when the server ended."""
        for number, copy in self.site.queue.items():
            self.start(self._relay_to_the_end, number, copy)
        for number in self.site.held:
            self.start(self._hold, number)

    async def _relay_to_the_end(self, number: int, copy: Copy) -> None:
        await self.relay(copy)
        self.site.queue.pop(number, None)

    @decision
    def write_down(self, number: int, copy: Copy) -> None:
        """Keep what is on its way where a crash does not reach it, before the 250 (§6.1)."""
        self.site.queue[number] = copy

    def _by_destination(self, forward_paths: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
        """Recipients whose mail goes the same way: those of one domain that is looked up, and all others."""
        groups: dict[str, list[bytes]] = {}
        for each in forward_paths:
            domain = self.destination(each)
            apart = self.site.looks_up(domain) or domain.encode() in self.others
            groups.setdefault(domain if apart else "", []).append(each)
        return [tuple(group) for group in groups.values()]

    @decision
    def grouped(self, forward_paths: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
        """Which recipients share a transaction: all, for there is one next hop (§4.5.4.1)."""
        return [forward_paths] if forward_paths else []

    @decision
    def with_envelope(self, copy: Copy) -> Copy:
        """The copy with the envelope in which it goes on: the one it came with (§3.6.1)."""
        return copy

    @decision
    def deliver_here(self, copy: Copy, forward_path: bytes) -> bytes:
        """Put the message into a mailbox; returns the reason where that can't be done."""
        name = local_name(forward_path)
        if name == FULL:
            return b"552 5.2.2 Mailbox full"
        content = self.ownership.without_required(copy.content) if required(copy.content) else copy.content
        self.site.store(Stored(name, self.trace.finally_delivered(copy.reverse_path, content)))
        return b""

    @decision
    def wait_for_room(self, copy: Copy, forward_path: bytes) -> None:
        """Keep what a full mailbox has no room for until it has (§6.1)."""
        self.start(self._deliver_later, replace(copy, forward_paths=(forward_path,)))

    async def _deliver_later(self, copy: Copy) -> None:
        await trio.sleep(self.site.retry_after)
        self.dispatch(copy)

    async def relay(self, copy: Copy) -> None:
        """Send a message to the next hop, again after temporary failures, and give up at last (§4.5.4.1)."""
        began = trio.current_time()
        queue = _Queued(began, self.delays.due(copy.parameters, copy.taken), began + self.warns_after())
        while True:
            if self.time_is_over(copy, queue):
                return
            sent = self.judged(await self._try(copy))
            self._tell(copy, sent)
            if not sent.deferred:
                return
            if self.site.queue_is_full and not self.keeps_without_room():
                return
            copy, queue.last = self.queued(copy, sent), sent.deferred
            if trio.current_time() - began >= self.gives_up_after(copy):
                self.give_up(copy, list(sent.deferred))
                return
            if await self._wait(copy, queue):
                return

    async def _try(self, copy: Copy) -> Sent:
        if not self.may_try(copy):
            return refused(copy.forward_paths, b"550 Not tried")
        tried = await self._in_turn(copy)
        return await self._in_turn(copy) if tried.failed and self.insists(tried) else tried

    def _tell(self, copy: Copy, sent: Sent) -> None:
        if sent.mail_refused:
            self.note_refused_mail(copy)
        if sent.failed:
            self.fail(copy, list(sent.failed))
        if sent.relayed:
            self.succeed(copy, list(sent.relayed))

    async def _wait(self, copy: Copy, queue: _Queued) -> bool:
        """Wait for the next try, and tell what has to be told meanwhile; returns whether the message's time is over."""
        until = trio.current_time() + self.retry_after(copy)
        while True:
            wakes = min(until, queue.next)
            with trio.move_on_at(wakes):
                await self.contact.wait()
                return False
            if trio.current_time() >= queue.warns:
                queue.warns = float("inf")
                self.delay(copy, b"", queue)
            if self.time_is_over(copy, queue):
                return True
            if wakes == until:
                return False

    def time_is_over(self, copy: Copy, queue: _Queued) -> bool:
        """Whether the time of a message under BY has come and it is tried no more (RFC 2852 §4.1.3)."""
        if trio.current_time() < queue.due:
            return False
        queue.due = float("inf")
        mode = mode_of(copy.parameters)
        ends, status = self.delays.ends_when_late(mode), self.delays.late_status(mode)
        if ends and self.delays.tells_when_late(mode):
            self.fail(copy, [replace(queue.said(each), own_status=status) for each in copy.forward_paths])
        elif self.delays.tells_when_late(mode):
            self.delay(copy, status, queue)
        return ends

    def warns_after(self) -> float:
        """Seconds in the queue after which the sender is told that a message is held up."""
        return self.delays.warns_after(self.site.warns_after)

    @decision
    def keeps_without_room(self) -> bool:
        """Whether a message stays in the queue where what became of a try can't be written down: it does (§6.1)."""
        return True

    @decision
    def wakes_the_queue(self, accepted: Accepted) -> bool:
        """Whether what waits is tried anew because mail has come: no, it waits for its time (§4.5.4.1)."""
        del accepted
        return False

    async def _in_turn(self, copy: Copy) -> Sent:
        if self.sends_at_once():
            return await self._send(copy)
        async with self.turn:
            return await self._send(copy)

    @decision
    def sends_at_once(self) -> bool:
        """Whether a message goes out while others do (§4.5.4.1)."""
        return True

    @decision
    def insists(self, sent: Sent) -> bool:
        """Whether what was refused for good is tried once more all the same (§4.2.1)."""
        del sent
        return False

    @decision
    def judged(self, sent: Sent) -> Sent:
        """A refusal for now is no refusal for good: such mail stays in the queue (§4.2.1, §4.5.4.1)."""
        return sent

    @decision
    def queued(self, copy: Copy, sent: Sent) -> Copy:
        """What is tried again: the same message and envelope, for those who have no copy yet (§4.5.4.1)."""
        return replace(copy, forward_paths=tuple(each.forward_path for each in sent.deferred))

    async def _send(self, copy: Copy) -> Sent:
        assert self.dial is not None
        domain = self.destination(copy.forward_paths[0])
        if self.routing is None or not self.site.looks_up(domain):
            return await self._send_to(self.others.get(domain.encode(), self.dial), copy, name=domain)
        try:
            addresses = self.routing.addresses(domain)
        except UnroutableError as error:
            failed = tuple(Failed(each, error.reason) for each in copy.forward_paths)
            return Sent(failed=failed) if error.lasting else Sent(deferred=failed)
        if self.wants_protection(copy) and not self.routing.is_vouched_for(domain):
            return refused(copy.forward_paths, b"550 5.7.10 Nobody vouches for the exchangers")
        failures: list[Failed] = []
        for address in addresses:
            sent = await self._send_to_address(self.routing.dial, address, copy)
            if sent.unprotected and address != addresses[-1] and self.seeks_protection():
                continue
            failures += sent.failed
            if not sent.deferred or not self.tries_next_address(sent):
                break
            copy = replace(copy, forward_paths=tuple(each.forward_path for each in sent.deferred))
        return Sent(tuple(failures), sent.deferred)

    @decision
    def tries_next_address(self, sent: Sent) -> bool:
        """Whether the next address is tried after one that did not take the mail for now: always (§5.1)."""
        del sent
        return True

    async def _send_to_address(self, dial: DialAddress, address: str, copy: Copy) -> Sent:
        if self.is_known_dead(address):
            return self.no_connection(copy, b"421 4.4.1 No connection a while ago")
        greeted: list[bool] = []
        host = self.routing.host_at(self.destination(copy.forward_paths[0]), address) if self.routing else ""
        sent = await self._send_to(partial(dial, address), copy, greeted, name=host)
        if not greeted:
            self.dead[address] = trio.current_time() + self.retry_after(copy)
        return sent

    @decision
    def is_known_dead(self, address: str) -> bool:
        """Whether the address could not be reached a while ago, and its time has not come yet (§4.5.4.1)."""
        return trio.current_time() < self.dead.get(address, 0.0)

    @decision
    def wants_protection(self, copy: Copy) -> bool:
        """Whether the message goes only to hosts whose names were validated: not so notifications (RFC 8689 §4.2.1)."""
        return copy.parameters.of(b"REQUIRETLS") is not None and bool(copy.reverse_path)

    @decision
    def seeks_protection(self) -> bool:
        """Whether a message that wants TLS goes to the next exchanger where one has none (RFC 8689 §4.2.1)."""
        return True

    @decision
    def others_for(self, copy: Copy) -> tuple[OtherMail, ...]:
        """What else goes to the host of a message that wants TLS, before QUIT: nothing (RFC 8689 §4.2.1)."""
        del copy
        return ()

    @decision
    def remembered_limits(self, name: str) -> Limits | None:
        """The limits of an earlier session that count for this host: none do, it says them again (RFC 9422 §3.8)."""
        del name
        return None

    @decision
    def goes_without_tls(self) -> bool:
        """Whether mail that does not insist on TLS is sent in clear after a failed handshake (RFC 8689 §4.2.2)."""
        return True

    async def _send_to(
        self,
        dial: DialNextHop,
        copy: Copy,
        greeted: list[bool] | None = None,
        *,
        name: str = "",
        clear: bool = False,
    ) -> Sent:
        try:
            stream = await dial()
        except OSError as error:
            return self.no_connection(copy, b"421 4.4.1 No connection: " + str(error).encode("ascii", "replace"))
        domain = self.destination(copy.forward_paths[0]).encode()
        session = RelaySession(
            stream,
            self.decisions,
            wants=frozenset({b"DSN"} if _asks_to_be_told(copy) else ()),
            account=self.accounts.get(domain),
            protection=Protection(self.trusted, name),
            clear=clear,
            submits=domain == SUBMISSIONS_DOMAIN,
            remembered=self.remembered_limits(name),
            others=self.others_for(copy) if self.wants_protection(copy) else (),
            lmtp=domain == LMTP_DOMAIN,
        )
        sent = await session.send(
            copy.reverse_path,
            copy.forward_paths,
            copy.content,
            eight_bit=copy.eight_bit,
            parameters=copy.parameters,
            taken=copy.taken,
        )
        self.known_limits.setdefault(name, session.told_limits)
        if session.greeted and greeted is not None:
            greeted.append(True)
        if session.handshake_failed and not sent.unprotected and self.goes_without_tls():
            return await self._send_to(dial, copy, greeted, name=name, clear=True)
        if sent.left:
            rest = await self._send_to(dial, replace(copy, forward_paths=sent.left), greeted, name=name, clear=clear)
            return replace(sent, left=()).and_then(rest)
        return sent

    @decision
    def no_connection(self, copy: Copy, reason: bytes) -> Sent:
        """A host that can't be reached is no reason to give up (§4.5.4.1)."""
        return Sent(deferred=tuple(Failed(each, reason) for each in copy.forward_paths))

    @decision
    def may_try(self, copy: Copy) -> bool:
        """Whether to try at all: what became of other messages does not matter (§4.5.4.1)."""
        del copy
        return True

    @decision
    def note_refused_mail(self, copy: Copy) -> None:
        """The next hop refused MAIL for good: that is about this message and not remembered (§4.5.4.1)."""

    @decision
    def retry_after(self, copy: Copy) -> float:
        """Seconds until the next try; the site's choice, not the 30 minutes of §4.5.4.1."""
        del copy
        return self.site.retry_after

    @decision
    def gives_up_after(self, copy: Copy) -> float:
        """Seconds until a message is given back; the site's choice, not the 4 to 5 days of §4.5.4.1."""
        del copy
        return self.site.gives_up_after

    @decision
    def give_up(self, copy: Copy, deferred: list[Failed]) -> None:
        """Give a message back that could not be sent for too long (§4.5.4.1)."""
        self.fail(copy, deferred)

    # Notifications.

    @decision
    def fail(self, copy: Copy, failed: list[Failed]) -> None:
        """Tell the originator, but for a notification, about which nobody is told (§6.1), and where nobody asked."""
        failed = [each for each in failed if self.wants_failure(copy.parameters.notify(each.forward_path))]
        if failed and self.may_notify(copy.reverse_path):
            for together in self.notified_together(failed):
                self.notify(copy, together)

    @decision
    def wants_failure(self, notify: frozenset[bytes] | None) -> bool:
        """Whether the sender is told of a failure: where NOTIFY says so, or was not given (RFC 3461 §5.2.6)."""
        return notify is None or b"FAILURE" in notify

    @decision
    def wants_success(self, notify: frozenset[bytes] | None) -> bool:
        """Whether the sender is told of a success: where NOTIFY says so only (RFC 3461 §5.2.2, §5.2.3)."""
        return notify is not None and b"SUCCESS" in notify

    def is_told(self, notify: frozenset[bytes] | None, *, unasked: bool) -> bool:
        """Whether the sender is told of a success: on request, or where BY has it told unasked (RFC 2852 §4.1.4)."""
        return self.wants_success(notify) or (unasked and self.takes_unasked(notify))

    @decision
    def takes_unasked(self, notify: frozenset[bytes] | None) -> bool:
        """Whether what nobody asked for is told: not where NOTIFY says NEVER (RFC 2852 §4.1.4)."""
        return notify is None or b"NEVER" not in notify

    @decision
    def succeed(self, copy: Copy, reported: list[Reported]) -> None:
        """Tell those who asked what was delivered here, or went where nobody will tell (RFC 3461 §5.2.2, §5.2.3)."""
        asked = copy.parameters.notify
        reported = [each for each in reported if self.is_told(asked(each.forward_path), unasked=each.unasked)]
        if reported and self.may_notify(copy.reverse_path):
            to = self.notified(copy)
            self.send_report(copy.parameters, to, self.report(copy, to, reported))

    def delay(self, copy: Copy, status: bytes, queue: _Queued) -> None:
        """Tell those who would know that a message is held up (RFC 3461 §5.2.5)."""
        asked = copy.parameters.notify
        told = [each for each in copy.forward_paths if self.delays.wants_delay(asked(each))]
        if told and self.may_notify(copy.reverse_path):
            left = queue.began + self.gives_up_after(copy) - trio.current_time()
            until = self.delays.retry_until(left)
            last = [queue.said(each) for each in told]
            reported = [
                Reported(each.forward_path, b"delayed", each.reason, each.remote, retry_until=until, own_status=status)
                for each in last
            ]
            to = self.notified(copy)
            self.send_report(copy.parameters, to, self.report(copy, to, reported))

    @decision
    def local_action(self, forward_path: bytes) -> bytes:
        """What is said of a delivery here (RFC 3461 §5.2.3)."""
        del forward_path
        return b"delivered"

    def send_report(self, about: Parameters, to: bytes, content: bytes) -> None:
        """Send a notification, from nobody (§6.1)."""
        self.dispatch(
            Copy(
                self.notification_reverse_path(),
                (to,),
                content,
                not content.isascii(),
                parameters=Parameters(self.report_mail_parameters(about), self.report_rcpt_parameters(to)),
            )
        )

    @decision
    def report_mail_parameters(self, about: Parameters) -> tuple[tuple[bytes, bytes], ...]:
        """What MAIL of a notification asks for: no RET (RFC 3461 §6.1), the message's priority (RFC 6710 §4.6).

        And TLS as the message had it (RFC 8689 §5).
        """
        return tuple((word, value) for word, value in about.of_mail if word in {b"MT-PRIORITY", b"REQUIRETLS"})

    @decision
    def report_rcpt_parameters(self, to: bytes) -> tuple[tuple[bytes, bytes, bytes], ...]:
        """What RCPT of a notification asks for: nothing, or NEVER (RFC 3461 §6.1)."""
        return ((to, b"NOTIFY", b"NEVER"),)

    @decision
    def may_notify(self, reverse_path: bytes) -> bool:
        """Whether anybody is told: not of what came with the null reverse-path (§6.1)."""
        return bool(reverse_path)

    @decision
    def notified_together(self, failed: list[Failed]) -> list[list[Failed]]:
        """One notification lists all failed recipients (§4.4)."""
        return [failed]

    @decision
    def notify(self, copy: Copy, failed: list[Failed]) -> None:
        """Send the notification, to the reverse-path and from nobody (§3.6.3, §6.1)."""
        to = self.notified(copy)
        self.send_report(copy.parameters, to, self.notification(copy, to, failed))

    @decision
    def notified(self, copy: Copy) -> bytes:
        """Whom to tell: the reverse-path, less a source route (§6.1)."""
        found = _mailbox_of(copy.reverse_path)
        return bytes(found) if found else copy.reverse_path

    @decision
    def notification_reverse_path(self) -> bytes:
        """The reverse-path of a notification is null (§4.5.5)."""
        return b""

    @decision
    def notification(self, copy: Copy, to: bytes, failed: list[Failed]) -> bytes:
        """A report for people and one for programs (RFC 3464), and the header of the message."""
        reported = [
            Reported(each.forward_path, b"failed", each.reason, each.remote, own_status=each.own_status)
            for each in failed
        ]
        return self.report(copy, to, reported)

    @decision
    def printable(self, reason: bytes) -> bytes:
        """What can be told of a reply: ASCII that can be printed, whatever the next hop said (§4.1.1.4)."""
        return _UNPRINTABLE.sub(b"?", reason)

    @decision
    def in_lines(self, reason: bytes) -> bytes:
        """The same in folded lines of a bearable length (§4.5.3.1.6)."""
        pieces = [reason[at : at + FOLDED] for at in range(0, len(reason), FOLDED)]
        return (CRLF + b" ").join(pieces)

    @decision
    def report(self, copy: Copy, to: bytes, reported: list[Reported]) -> bytes:
        """A notification of failure or of success (RFC 3461 §6)."""
        by = copy.parameters.of(b"BY")
        seconds = int(by.partition(b";")[0]) if by else None
        about = About(copy.content, copy.parameters, copy.arrived, copy.client, self.trace.deliver_by(seconds))
        failed = any(each.action == b"failed" for each in reported)
        now = self.trace.time_stamp()
        reported = [replace(each, reason=self.in_lines(self.printable(each.reason))) for each in reported]
        return report(about, to, reported, number=self.taken, now=now, whole=self.returns_all(copy, failed))

    @decision
    def returns_all(self, copy: Copy, failed: bool) -> bool:
        """Whether the message goes back whole: where RET says so, and of failures only (RFC 3461 §6.2)."""
        secret = copy.parameters.of(b"REQUIRETLS") is not None  # RFC 8689 §5
        return failed and not secret and (copy.parameters.of(b"RET") or b"").upper() == b"FULL"


def _asks_to_be_told(copy: Copy) -> bool:
    """Whether a recipient has a NOTIFY that asks for something (RFC 3461 §4.1)."""
    asked = [copy.parameters.notify(each) or frozenset() for each in copy.forward_paths]
    return any(words - {b"NEVER"} for words in asked)


def local_name(forward_path: bytes) -> bytes:
    """The local-part, quotes resolved; that of postmaster in small letters."""
    found = _mailbox_of(forward_path)
    local = unquoted(found.local) if found else forward_path
    return local.lower() if local.lower() == b"postmaster" else local


def _mailbox_of(forward_path: bytes) -> Mailbox | None:
    """The mailbox of a path, a source route apart."""
    found = extended_path_argument(b"<" + forward_path + b">")
    return found.path.mailbox if found else None
