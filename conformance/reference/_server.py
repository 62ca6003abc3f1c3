"""The reference server over any stream: memory streams in the tests, sockets where a launcher wants them."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import trio

from conformance.client import Dial
from conformance.reference._composing import Composer
from conformance.reference._decision import Decisions, Defect
from conformance.reference._lmtp import LmtpSession
from conformance.reference._login import Account
from conformance.reference._mailer import Mailer
from conformance.reference._pipe import pipe
from conformance.reference._relay import DialNextHop
from conformance.reference._routing import Routing
from conformance.reference._session import ServerSession
from conformance.reference._site import LOCAL_USER, RETURN_PATH_OPTION, Site
from conformance.reference._submission import Submission
from conformance.reference._trace import Accepted
from conformance.scenario import Ended


@dataclass(slots=True, eq=False)
class ReferenceServer:
    """A conformant server, less the defects it is given.

    ``tls`` is the server side of STARTTLS; without it the keyword is not offered. ``rejects`` makes it open every
    session with 554 (RFC 5321 §3.1), ``requires_tls`` serve hardly anything in clear (RFC 3207 §4), ``implicit_tls``
    begin TLS with the first octet (RFC 8314 §3.3), ``requires_auth``
    take mail from authenticated clients only, ``requires_certificate`` serve nobody under TLS who has shown none,
    ``lmtp`` speak LMTP (RFC 2033), ``submission`` complete and check what it takes as a submission server does
    (RFC 6409). ``hides`` are EHLO keywords that it is to
    be without, ``offers`` those of the extensions that it has on request only. ``dial_next_hop`` reaches the host to
    which mail for the relay domain goes, ``dial_others`` are for their
    domains, ``accounts`` those that it has there, ``routing`` says where that for domains goes that are looked up.
    ``trusted`` verifies the certificates of next hops.
    """

    defects: Sequence[Defect] = ()
    tls: ssl.SSLContext | None = None
    rejects: bool = False
    requires_tls: bool = False
    implicit_tls: bool = False
    hides: frozenset[str] = frozenset()
    requires_auth: bool = False
    requires_certificate: bool = False
    site: Site = field(default_factory=Site)
    decisions: Decisions = field(default_factory=Decisions)
    dial_next_hop: DialNextHop | None = None
    trusted: ssl.SSLContext | None = None
    dial_others: Mapping[bytes, DialNextHop] = field(default_factory=dict)
    accounts: Mapping[bytes, Account] = field(default_factory=dict)
    lmtp: bool = False
    submission: bool = False
    offers: frozenset[str] = frozenset()
    routing: Routing | None = None
    mailer: Mailer = field(init=False)
    sessions: set[ServerSession] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.mailer = Mailer(
            self.site,
            self.decisions,
            dial=self.dial_next_hop,
            routing=self.routing,
            others=self.dial_others,
            accounts=self.accounts,
            trusted=self.trusted,
        )
        if not self.decisions.profile:
            self.decisions.profile = "lmtp" if self.lmtp else "on-request" if self.offers else ""
        for defect in self.defects:
            defect.apply(self.decisions)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one client to the end."""
        kind = LmtpSession if self.lmtp else ServerSession
        session = kind(
            stream,
            self.site,
            self.decisions,
            self.tls,
            self.rejects,
            self.mailer,
            requires_tls=self.requires_tls,
            hides=self.hides,
            requires_auth=self.requires_auth,
            requires_certificate=self.requires_certificate,
            implicit_tls=self.implicit_tls and self.tls is not None,
            offers=self.offers,
            submission=Submission(self.decisions) if self.submission else None,
        )
        self.sessions.add(session)
        try:
            with self.mailer.life.lived():
                await session.serve()
        finally:
            self.sessions.discard(session)

    def dial(self, nursery: trio.Nursery) -> Dial:
        """A way to connect in memory; sessions and deliveries run in the nursery."""
        self.mailer.nursery = nursery

        async def connect() -> trio.abc.Stream:
            self.mailer.life.require()
            ours, theirs = pipe()
            nursery.start_soon(self.serve, theirs)
            await trio.lowlevel.checkpoint()
            return ours

        return connect

    # What a program of a local user does.

    async def submit(self, message: bytes, *arguments: str) -> Ended:
        """Take a message that one of the site's own users hands over; as a command would end that does this.

        Behind the option for that the arguments hold a reverse-path.
        """
        asked = arguments[1].encode("ascii") if arguments[:1] == (RETURN_PATH_OPTION,) else b""
        composed = Composer(self.decisions).composed(message, LOCAL_USER, asked)
        if not isinstance(composed, Accepted):
            return Ended(os.EX_DATAERR, composed)
        self.mailer.take_message(composed)
        return Ended(os.EX_OK)

    # What an administrator or a crash does.

    async def kill(self) -> None:
        """End everything at once; what is on disk stays."""
        self.mailer.life.end()

    async def stop(self) -> None:
        """End everything, and say so in each session (§3.8)."""
        self.mailer.life.up = False
        for session in tuple(self.sessions):
            await session.say_last()
        self.mailer.life.end()

    async def start(self) -> None:
        """Be up again, and go on with the queue."""
        self.mailer.life.up = True
        self.mailer.resume()

    async def fill_queue(self) -> None:
        """Leave no room where the queue is."""
        self.site.queue_is_full = True

    async def fill_mailboxes(self) -> None:
        """Leave no room where the mailboxes are."""
        self.site.mailboxes_are_full = True

    async def make_room(self) -> None:
        """End either."""
        self.site.queue_is_full = self.site.mailboxes_are_full = False

    async def listens(self) -> bool:
        """Whether it is up."""
        return self.mailer.life.up
