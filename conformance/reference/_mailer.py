"""What the reference server does after the 250: local delivery, relaying with retries, and notifications."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

import trio

from conformance.reference._decision import Decisions, decision
from conformance.reference._life import Life
from conformance.reference._relay import DialNextHop, Failed, RelaySession, Sent, refused
from conformance.reference._routing import DialAddress, Routing, UnroutableError
from conformance.reference._site import (
    ALIASES,
    DOMAIN,
    FULL,
    HOST,
    LIST_OWNERS,
    LISTS,
    MOVED,
    Copy,
    Site,
    Stored,
    unquoted,
)
from conformance.reference._trace import Accepted, Trace
from conformance.wire import CRLF
from conformance.wire.paths import Mailbox, path

__all__ = ["Copy", "Mailer", "local_name"]


@dataclass(slots=True, eq=False)
class Mailer:
    """The queue of a site: takes responsibility for messages and gets rid of each of them.

    Deliveries run in ``nursery``, to the next hop that ``dial`` reaches, or where ``routing`` says for the domains that
    are looked up; without these nothing is relayed. ``dead`` are the addresses that could not be reached, and until
    when they are not tried again.
    """

    BEHIND_THE_REPLY: ClassVar = True

    site: Site
    decisions: Decisions
    nursery: trio.Nursery | None = None
    dial: DialNextHop | None = None
    routing: Routing | None = None
    trace: Trace = field(init=False)
    life: Life = field(default_factory=Life)
    taken: int = 0
    queued_so_far: int = 0
    turn: trio.Lock = field(default_factory=trio.Lock)
    contact: trio.Event = field(default_factory=trio.Event)
    dead: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trace = Trace(self.decisions)

    @decision
    def take_message(self, accepted: Accepted) -> None:
        """Deliver a message, now or by and by."""
        self.taken += 1
        accepted = replace(accepted, number=self.taken)
        content = self.trace.with_trace(accepted, accepted.content)
        copy = Copy(accepted.reverse_path, accepted.forward_paths, content, accepted.eight_bit, accepted.notified)
        if self.wakes_the_queue(accepted):
            self.contact.set()
            self.contact = trio.Event()
        if self.trace.is_looping(accepted.content):
            self.stop_loop(copy)
            return
        for expanded in self.expanded(copy):
            self.dispatch(expanded)

    @decision
    def stop_loop(self, copy: Copy) -> None:
        """Give a message back that goes in circles (§6.3)."""
        self.fail(copy, [Failed(each, b"554 Too many hops") for each in copy.forward_paths])

    # Aliases and lists.

    @decision
    def expanded(self, copy: Copy) -> list[Copy]:
        """The copies of a message: alias and list members in the place of their addresses (§3.9)."""
        plain = replace(copy, forward_paths=tuple(dict.fromkeys(self._without_lists(copy))))
        copies = [plain] if plain.forward_paths else []
        for forward_path in copy.forward_paths:
            name = local_name(forward_path)
            if name in LISTS and self.is_here(forward_path):
                copies.append(self.list_copy(copy, name))
        return copies

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
        return replace(copy, reverse_path=LIST_OWNERS[name], forward_paths=LISTS[name])

    def is_here(self, forward_path: bytes) -> bool:
        """Whether mail for it ends here."""
        domain = self.destination(forward_path)
        return not domain or self.site.is_local(domain.encode("ascii"))

    @decision
    def destination(self, forward_path: bytes) -> str:
        """The domain to which mail for a recipient goes: its mailbox's, whatever route stands before it (§F.2).

        In small letters; nothing where it has none.
        """
        found = _mailbox_of(forward_path)
        return found.domain.decode("ascii").lower() if found else ""

    # Out.

    def dispatch(self, copy: Copy) -> None:
        """Deliver to the mailboxes here, and queue what goes elsewhere."""
        here = tuple(each for each in copy.forward_paths if self.is_here(each))
        failed: list[Failed] = []
        for forward_path in here:
            reason = self.deliver_here(copy, forward_path)
            if reason:
                failed.append(Failed(forward_path, reason))
        if failed:
            self.fail(copy, failed)
        elsewhere = tuple(each for each in copy.forward_paths if each not in here)
        for together in self._by_destination(elsewhere):
            for forward_paths in self.grouped(together):
                queued = replace(copy, forward_paths=forward_paths)
                if self.nursery is not None and self.dial is not None:
                    self.queued_so_far += 1
                    self.write_down(self.queued_so_far, queued)
                    self.start(self._relay_to_the_end, self.queued_so_far, queued)

    def start(self, work: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Do something behind the reply, for as long as the server is up."""

        async def living() -> None:
            with self.life.lived():
                await work(*arguments)

        assert self.nursery is not None
        self.nursery.start_soon(living)

    def resume(self) -> None:
        """Go on with the mail that was on its way when the server ended."""
        for number, copy in self.site.queue.items():
            self.start(self._relay_to_the_end, number, copy)

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
            groups.setdefault(domain if self.site.looks_up(domain) else "", []).append(each)
        return [tuple(group) for group in groups.values()]

    @decision
    def grouped(self, forward_paths: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
        """Which recipients share a transaction: all, for there is one next hop (§4.5.4.1)."""
        return [forward_paths] if forward_paths else []

    @decision
    def deliver_here(self, copy: Copy, forward_path: bytes) -> bytes:
        """Put the message into a mailbox; returns the reason where that can't be done."""
        name = local_name(forward_path)
        if name == FULL:
            return b"552 Mailbox full"
        self.site.store(Stored(name, self.trace.finally_delivered(copy.reverse_path, copy.content)))
        return b""

    async def relay(self, copy: Copy) -> None:
        """Send a message to the next hop, again after temporary failures, and give up at last (§4.5.4.1)."""
        began = trio.current_time()
        while True:
            tried = await self._in_turn(copy) if self.may_try(copy) else refused(copy.forward_paths, b"550 Not tried")
            sent = self.judged(tried)
            if sent.mail_refused:
                self.note_refused_mail(copy)
            if sent.failed:
                self.fail(copy, list(sent.failed))
            if not sent.deferred:
                return
            copy = self.queued(copy, sent)
            if trio.current_time() - began >= self.gives_up_after(copy):
                self.give_up(copy, list(sent.deferred))
                return
            with trio.move_on_after(self.retry_after(copy)):
                await self.contact.wait()

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
            return await self._send_to(self.dial, copy)
        try:
            addresses = self.routing.addresses(domain)
        except UnroutableError as error:
            failed = tuple(Failed(each, error.reason) for each in copy.forward_paths)
            return Sent(failed=failed) if error.lasting else Sent(deferred=failed)
        failures: list[Failed] = []
        for address in addresses:
            sent = await self._send_to_address(self.routing.dial, address, copy)
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
            return self.no_connection(copy, b"421 No connection a while ago")
        greeted: list[bool] = []
        sent = await self._send_to(partial(dial, address), copy, greeted)
        if not greeted:
            self.dead[address] = trio.current_time() + self.retry_after(copy)
        return sent

    @decision
    def is_known_dead(self, address: str) -> bool:
        """Whether the address could not be reached a while ago, and its time has not come yet (§4.5.4.1)."""
        return trio.current_time() < self.dead.get(address, 0.0)

    async def _send_to(self, dial: DialNextHop, copy: Copy, greeted: list[bool] | None = None) -> Sent:
        try:
            stream = await dial()
        except OSError as error:
            return self.no_connection(copy, b"421 No connection: " + str(error).encode("ascii", "replace"))
        session = RelaySession(stream, self.decisions, wants=frozenset({b"DSN"} if copy.notified else ()))
        sent = await session.send(copy.reverse_path, copy.forward_paths, copy.content, eight_bit=copy.eight_bit)
        if session.greeted and greeted is not None:
            greeted.append(True)
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
        """Tell the originator, but for a notification, about which nobody is told (§6.1)."""
        if self.may_notify(copy.reverse_path):
            for together in self.notified_together(failed):
                self.notify(copy, together)

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
        told = Copy(self.notification_reverse_path(), (to,), self.notification(copy, to, failed))
        self.dispatch(told)

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
        boundary = b"report-%d" % self.taken
        lines = [
            b"From: Mail Delivery System <postmaster@%b>" % DOMAIN,
            b"To: <%b>" % to,
            b"Date: " + datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").encode("ascii"),
            b"Message-ID: <notification-%d-%d@%b>" % (self.taken, id(failed), HOST),
            b"Subject: Undelivered mail",
            b"MIME-Version: 1.0",
            b'Content-Type: multipart/report; report-type=delivery-status; boundary="%b"' % boundary,
            b"",
            b"--" + boundary,
            b"",
            b"Your message was not delivered to:",
            *(b"<%b>: %b" % (each.forward_path, each.reason) for each in failed),
            b"",
            b"--" + boundary,
            b"Content-Type: message/delivery-status",
            b"",
            b"Reporting-MTA: dns; " + HOST,
        ]
        for each in failed:
            lines += [
                b"",
                b"Final-Recipient: rfc822; " + each.forward_path,
                b"Action: failed",
                b"Status: 5.0.0",
                b"Diagnostic-Code: smtp; " + each.reason,
            ]
        header = copy.content.partition(CRLF + CRLF)[0]
        lines += [b"", b"--" + boundary, b"Content-Type: text/rfc822-headers", b"", header, b"", b"--%b--" % boundary]
        return CRLF.join(lines) + CRLF


def local_name(forward_path: bytes) -> bytes:
    """The local-part, quotes resolved; that of postmaster in small letters."""
    found = _mailbox_of(forward_path)
    local = unquoted(found.local) if found else forward_path
    return local.lower() if local.lower() == b"postmaster" else local


def _mailbox_of(forward_path: bytes) -> Mailbox | None:
    """The mailbox of a path, a source route apart."""
    found = path(b"<" + forward_path + b">")
    return found.mailbox if found else None
