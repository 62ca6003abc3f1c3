"""The site that the reference server serves, and the target facts that a suite needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.target import Alias, Disabled, Limits, MailingList, Role, Target
from conformance.wire.paths import Mailbox

HOST = b"mail.example.test"
DOMAIN = b"example.test"
USERS = {b"alice": b"Alice Example", b"bob": b"Bob Example"}
LONG_LOCAL = b"a" * 64
BUSY = b"busy"
"""The local-part of a mailbox that takes nothing for now."""
FULL = b"full"
"""The local-part of a mailbox that is known, and into which nothing goes."""
LISTS = {b"staff": (b"alice@example.test", b"bob@example.test")}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the server took responsibility for."""

    reverse_path: bytes
    forward_paths: tuple[bytes, ...]
    content: bytes


@dataclass(slots=True)
class Site:
    """What is delivered at the site, whether its server is down, and whether VRFY and EXPN are turned off.

    Addresses are compared as RFC 5321 §2.4 and §4.5.1 say.
    """

    delivered: list[Delivery] = field(default_factory=list)
    down: bool = False
    keeps_secrets: bool = False

    def is_local(self, domain: bytes) -> bool:
        """Whether mail for the domain ends here; domains have no case."""
        return domain.lower() in {DOMAIN, HOST}

    def has_user(self, local: bytes) -> bool:
        """Whether the local-part is a mailbox here: case counts, except in postmaster."""
        plain = unquoted(local)
        known = {*USERS, *LISTS, LONG_LOCAL, FULL}
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
    """Whether the site delivers mail for the mailbox; it relays for nobody."""
    return site.is_local(mailbox.domain) and site.has_user(mailbox.local)


def reference_target(
    address: str = "smtp://127.0.0.1:25", role: Role = "mx", disabled: tuple[Disabled, ...] = ()
) -> Target:
    """What there is to know about the reference server's site, where these commands are turned off."""
    return Target(
        address=address,
        role=role,
        name="reference",
        ehlo_name="client.example.test",
        client_trusted=False,
        domains=("example.test", "mail.example.test"),
        postmaster_domains=("example.test", "mail.example.test"),
        mailboxes=("alice@example.test", "bob@example.test", "postmaster"),
        long_mailbox=f"{LONG_LOCAL.decode()}@example.test",
        alias=Alias(address="staff@example.test", members=("alice@example.test", "bob@example.test")),
        mailing_list=MailingList(
            address="staff@example.test",
            members=("alice@example.test", "bob@example.test"),
            owner="postmaster@example.test",
        ),
        refused="nobody@example.test",
        temporarily_refused="busy@example.test",
        fails_after_acceptance="full@example.test",
        sender="sender@client.example.test",
        sender_domains=("client.example.test",),
        sender_verification=False,
        content_filter=False,
        disabled=disabled,
        limits=Limits(recipients=100, recipients_kind="implementation"),
    )
