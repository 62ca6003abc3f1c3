"""The site that the reference server serves, and the target facts that a suite needs to know of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from conformance.target import Alias, Credentials, Disabled, Limits, MailingList, Owners, Role, Store, Submit, Target
from conformance.wire.paths import Mailbox

if TYPE_CHECKING:
    from conformance.reference._mailer import Copy

HOST = b"mail.example.test"
DOMAIN = b"example.test"
UTF8_USER = "jürgen".encode()
"""A user whose mailbox is outside ASCII (RFC 6531)."""
USERS = {
    b"alice": b"Alice Example",
    b"bob": b"Bob Example",
    b"heidi": b"Heidi Newcomer",
    UTF8_USER: "Jürgen Muster".encode(),
}
LOGIN_DOMAIN = DOMAIN
STRICT, NAMELESS = "dora", "håkon"
"""A user for whom two mechanisms are too weak, and one whose name makes no mailbox of ours."""
ACCOUNTS = {
    b"alice": b"open sesame, 40 thieves",
    STRICT.encode(): b"a secret of her own",
    NAMELESS.encode(): b"a secret of his own",
}
"""Who can authenticate, by name or by address, and with which password."""
LOCAL_USER = b"alice@" + DOMAIN
"""The mailbox of the user whose programs hand messages over without an envelope."""
RETURN_PATH_OPTION = "-f"
"""Behind this they name a reverse-path."""
REQUEST_FIELD = "Return-Receipt-To"
"""The header field by which they ask for a notification of success."""
FETCHED_BY = b"alice"
EIGHT_BIT_URL = b"imap://%b/outbox;uidvalidity=1/;uid=8;urlauth=submit+%b:internal:91354a473744909de610943775f92038" % (
    HOST,
    FETCHED_BY,
)
"""What BURL can fetch (RFC 4468), and for whom."""
TOO_WEAK = {STRICT.encode(): frozenset({b"PLAIN", b"LOGIN"})}
CERTIFIED = "alice"
"""The user whose certificate a client may show."""
PASSWORD_FROM = "SMTP_CONFORMANCE_REFERENCE_PASSWORD"  # noqa: S105 - the name of a variable
STRICT_PASSWORD_FROM = "SMTP_CONFORMANCE_REFERENCE_STRICT_PASSWORD"  # noqa: S105 - as above
OUTWARD_PASSWORD_FROM = "SMTP_CONFORMANCE_REFERENCE_OUTWARD_PASSWORD"  # noqa: S105 - as above
NAMELESS_PASSWORD_FROM = "SMTP_CONFORMANCE_REFERENCE_NAMELESS_PASSWORD"  # noqa: S105 - as above
MECHANISM_NAMES = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "DIGEST-MD5")
HOLDS_AT_MOST = 3
"""Messages that a user may have on hold."""
LEAST_PRIORITY = -6
"""The lowest priority with which mail is taken for submission."""
LONG_LOCAL = b"a" * 64
BUSY = b"busy"
"""The local-part of a mailbox that takes nothing for now."""
GIVES_UP_AFTER = 60.0
FULL = b"full"
"""The local-part of a mailbox that is known, and into which nothing goes."""
LISTS = {
    b"staff": (b"alice@example.test", b"bob@example.test"),
    b"circle": (b"reader@extended.example.test", b"writer@extended.example.test"),
    b"readers": (b"reader@account.example.test",),
}
LIST_OWNERS = dict.fromkeys(LISTS, b"postmaster@example.test")
ALIASES = {
    b"team": (b"alice@example.test", b"bob@example.test"),
    b"desk": (b"clerk@extended.example.test",),
    b"crew": (b"reader@extended.example.test", b"writer@extended.example.test"),
}
OWNED_SINCE = {b"heidi": "2020-03-01T12:00:00+00:00"}
"""Mailboxes that were another's before; all others have had one owner ever."""
CONFIRMED = {b"desk": "2022-05-04T03:02:01+00:00"}
"""When somebody last made sure who owns the address behind an alias."""
REFUSED_CONTENT = b"This content is refused."
"""What makes the site refuse a message after its end."""
DEFERRED_CONTENT = b"This content is refused for now."
"""What makes it refuse a message after its end for now."""
RELAY_DOMAIN = b"relay.example.test"
EXTENDED_DOMAIN = b"extended.example.test"
"""Relayed to a next hop that offers every extension."""
BARE_DOMAIN = b"bare.example.test"
"""Relayed to a next hop that offers next to none."""
ACCOUNT_DOMAIN = b"account.example.test"
"""Relayed to a next hop at which we authenticate, under TLS that verifies."""
SUBMISSIONS_DOMAIN = b"submissions.example.test"
"""Relayed to a next hop with TLS from the first octet, whose certificate has to verify."""
LMTP_DOMAIN = b"lmtp.example.test"
"""Passed on by LMTP."""
OUTWARD_USER, OUTWARD_PASSWORD = b"relay", b"what the relay knows and nobody else, " * 12
"""Who we are there; no line of a command has room for that."""
OUTWARD = Credentials(user=OUTWARD_USER.decode(), password_from=OUTWARD_PASSWORD_FROM)
LOOKED_UP = "mx.example.test"
"""Below this domain every name is looked up."""
EXCHANGERS = ("127.0.0.21:25", "127.0.0.22:25", "127.0.0.23:25", "127.0.0.24:25")
NAME_SERVER = "127.0.0.53:53"
CHECKED_BEHIND = frozenset({BARE_DOMAIN})
"""Domains whose next hop lacks RRVS, and behind which the header field is acted on (RFC 7293 §6.1)."""
NEXT_HOP = "127.0.0.1:2600"
NEXT_HOPS = {
    EXTENDED_DOMAIN: "127.0.0.2:2600",
    BARE_DOMAIN: "127.0.0.3:2600",
    ACCOUNT_DOMAIN: "127.0.0.4:2600",
    LMTP_DOMAIN: "127.0.0.5:2600",
    SUBMISSIONS_DOMAIN: "127.0.0.6:2600",
}
"""Where mail for these goes."""
MOVED = {b"carol": b"carol@elsewhere.example.org", b"dora": "dörte@elsewhere.example.org".encode()}
"""Users that are elsewhere now: mail for them is forwarded (RFC 5321 §3.4)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the server took responsibility for."""

    reverse_path: bytes
    forward_paths: tuple[bytes, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in the mailbox of a user."""

    user: bytes
    content: bytes


@dataclass(slots=True, eq=False, weakref_slot=True)
class Site:
    """What is delivered at the site, whether its server is down, and whether VRFY and EXPN are turned off.

    ``delivered`` are the messages that its server took responsibility for, ``stored`` those that are in mailboxes;
    ``on_stored`` is told of each of these. ``queue`` is what was written down of mail on its way, by number, ``held``
    what waits for its time, in seconds of trio's clock, and who put it on hold.
    ``retry_after``, ``warns_after`` and ``gives_up_after`` are in seconds. ``queue_is_full`` and ``mailboxes_are_full``
    say that nothing more can be written there for now.
    Addresses are compared as RFC 5321 §2.4 and §4.5.1 say.
    """

    delivered: list[Delivery] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    on_stored: Callable[[Stored], None] | None = None
    queue: dict[int, Copy] = field(default_factory=dict)
    held: dict[int, tuple[float, Copy, bytes | None]] = field(default_factory=dict)
    retry_after: float = 5.0
    gives_up_after: float = GIVES_UP_AFTER
    warns_after: float = float("inf")
    down: bool = False
    keeps_secrets: bool = False
    queue_is_full: bool = False
    mailboxes_are_full: bool = False

    def store(self, stored: Stored) -> None:
        """Put a message into a mailbox."""
        self.stored.append(stored)
        if self.on_stored is not None:
            self.on_stored(stored)

    def relays_for(self, domain: bytes) -> bool:
        """Whether the site takes mail for the domain and passes it on."""
        return domain.lower() in {RELAY_DOMAIN, *NEXT_HOPS} or self.looks_up(domain.decode("ascii", "replace"))

    def looks_up(self, domain: str) -> bool:
        """Whether the hosts for the domain are found in the DNS."""
        return domain.lower().endswith("." + LOOKED_UP)

    def is_local(self, domain: bytes) -> bool:
        """Whether mail for the domain ends here; domains have no case."""
        return domain.lower() in {DOMAIN, HOST}

    def has_user(self, local: bytes) -> bool:
        """Whether the local-part is a mailbox here: case counts, except in postmaster."""
        plain = unquoted(local)
        known = {*USERS, *LISTS, *ALIASES, LONG_LOCAL, FULL}
        return plain in known or plain.lower() == b"postmaster"


def unquoted(local: bytes) -> bytes:
    """The local-part without its quotes: all quoted forms are equal (RFC 5321 §4.1.2)."""
    if local[:1] != b'"':
        return local
    plain, escaped = bytearray(), False
    for octet in local[1:-1]:
        if octet == 0x5C and not escaped:
            escaped = True
        else:
            plain.append(octet)
            escaped = False
    return bytes(plain)


def takes_mail_for(site: Site, mailbox: Mailbox) -> bool:
    """Whether the site delivers mail for the mailbox."""
    return site.is_local(mailbox.domain) and site.has_user(mailbox.local)


MEMORY = Store(kind="smtp-sink", where="127.0.0.1:2601")
"""What the target of the tests says of its store, which the kill matrix reads in memory."""


def reference_target(
    address: str = "smtp://127.0.0.1:25",
    role: Role = "mx",
    *,
    next_hop: str | None = NEXT_HOP,
    store: Store | None = MEMORY,
    auth_required: bool = False,
    disabled: tuple[Disabled, ...] = (),
) -> Target:
    """What there is to know about the reference server's site, where these commands are turned off.

    Its passwords are put where a target file says that one is found, the environment, unless one is there.
    """
    for name, account in (
        (PASSWORD_FROM, "alice"),
        (STRICT_PASSWORD_FROM, STRICT),
        (NAMELESS_PASSWORD_FROM, NAMELESS),
    ):
        os.environ.setdefault(name, ACCOUNTS[account.encode()].decode("ascii"))
    os.environ.setdefault(OUTWARD_PASSWORD_FROM, OUTWARD_PASSWORD.decode("ascii"))
    target = msgspec.structs.replace(
        _target(address, role, next_hop, store), auth_required=auth_required, disabled=disabled
    )
    if role != "lmtp":
        return target
    return msgspec.structs.replace(
        target, address="lmtp://127.0.0.1:24", fails_after_acceptance=f"{FULL.decode()}@example.test"
    )


def _alias(name: bytes) -> Alias:
    return Alias(address=f"{name.decode()}@example.test", members=tuple(each.decode() for each in ALIASES[name]))


def _target(address: str, role: Role, next_hop: str | None, store: Store | None) -> Target:
    return Target(
        address=address,
        role=role,
        name="reference",
        publicly_referenced=True,
        ehlo_name="client.example.test",
        client_trusted=False,
        credentials=Credentials(user="alice", password_from=PASSWORD_FROM, mechanisms=MECHANISM_NAMES),
        strict_credentials=Credentials(user=STRICT, password_from=STRICT_PASSWORD_FROM, mechanisms=("PLAIN", "LOGIN")),
        credentials_trusted=True,
        security_layer=True,
        nameless_credentials=Credentials(user=NAMELESS, password_from=NAMELESS_PASSWORD_FROM),
        domains=("example.test", "mail.example.test"),
        postmaster_domains=("example.test", "mail.example.test"),
        mailboxes=("alice@example.test", "bob@example.test", "postmaster"),
        long_mailbox=f"{LONG_LOCAL.decode()}@example.test",
        alias=Alias(address="team@example.test", members=("alice@example.test", "bob@example.test")),
        mailing_list=MailingList(
            address="staff@example.test",
            members=("alice@example.test", "bob@example.test"),
            owner="postmaster@example.test",
        ),
        alias_elsewhere=_alias(b"desk"),
        alias_of_several_elsewhere=_alias(b"crew"),
        list_elsewhere=MailingList(
            address="circle@example.test",
            members=("reader@extended.example.test", "writer@extended.example.test"),
            owner="postmaster@example.test",
        ),
        owners=Owners(
            changed="heidi@example.test",
            since=OWNED_SINCE[b"heidi"],
            only="alice@example.test",
            confirmed=CONFIRMED[b"desk"],
            behind=BARE_DOMAIN.decode(),
        ),
        moved="carol@example.test",
        utf8_mailbox=f"{UTF8_USER.decode()}@example.test",
        moved_to_utf8="dora@example.test",
        ambiguous_name="Example",
        refused="nobody@example.test",
        temporarily_refused="busy@example.test",
        fails_after_acceptance="full@example.test",
        refused_content=REFUSED_CONTENT.decode(),
        temporarily_refused_content=DEFERRED_CONTENT.decode(),
        relay_domains=(RELAY_DOMAIN.decode(),),
        next_hop=next_hop,
        extended_domain=EXTENDED_DOMAIN.decode() if next_hop else None,
        extended_next_hop=NEXT_HOPS[EXTENDED_DOMAIN] if next_hop else None,
        bare_domain=BARE_DOMAIN.decode() if next_hop else None,
        bare_next_hop=NEXT_HOPS[BARE_DOMAIN] if next_hop else None,
        heeds_limits=bool(next_hop),
        account_domain=ACCOUNT_DOMAIN.decode() if next_hop else None,
        account_next_hop=NEXT_HOPS[ACCOUNT_DOMAIN] if next_hop else None,
        account_verified=bool(next_hop),
        account_long=bool(next_hop),
        account_credentials=OUTWARD if next_hop else None,
        account_authority="in memory" if next_hop else None,
        submissions_domain=SUBMISSIONS_DOMAIN.decode() if next_hop else None,
        submissions_next_hop=NEXT_HOPS[SUBMISSIONS_DOMAIN] if next_hop else None,
        lmtp_domain=LMTP_DOMAIN.decode() if next_hop else None,
        lmtp_next_hop=NEXT_HOPS[LMTP_DOMAIN] if next_hop else None,
        relayed_list="readers@example.test" if next_hop else None,
        dns_domains=(LOOKED_UP,) if next_hop else (),
        exchangers=EXCHANGERS if next_hop else (),
        name_server=NAME_SERVER if next_hop else None,
        delivery_within=10.0,
        gives_up_within=GIVES_UP_AFTER,
        eight_bit_url=EIGHT_BIT_URL.decode() if role == "submission" else None,
        submit=Submit(
            command=("in", "memory"),
            user=LOCAL_USER.decode(),
            request_field=REQUEST_FIELD,
            return_path_option=RETURN_PATH_OPTION,
        ),
        store=store,
        sender="sender@client.example.test",
        sender_domains=("client.example.test",),
        sender_verification=False,
        content_filter=False,
        limits=Limits(
            recipients=120, recipients_kind="implementation", on_hold=HOLDS_AT_MOST, least_priority=LEAST_PRIORITY
        ),
    )
