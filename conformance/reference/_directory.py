"""What the reference server tells of its users and lists when it is asked (RFC 5321 §3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.reference._internationalized import extended_path_argument
from conformance.reference._site import ALIASES, DOMAIN, LISTS, MOVED, USERS, Site, takes_mail_for, unquoted
from conformance.wire.paths import Mailbox


@dataclass(frozen=True, slots=True)
class Told:
    """A reply before it has its form: its code, and one text a line."""

    code: int
    texts: tuple[bytes, ...]


def told(code: int, *texts: bytes) -> Told:
    """What is told with this code."""
    return Told(code, texts)


def named(local: bytes) -> bytes:
    """A user as a reply names one: full name, then the mailbox in brackets (§3.5.1)."""
    name = USERS.get(local)
    return b"%b<%b@%b>" % (name + b" " if name else b"", local, DOMAIN)


def verified(site: Site, argument: bytes) -> Told:
    """The answer to VRFY: what is known of a mailbox, or of the users that a name means (§3.5.1, §3.5.3)."""
    asked = _mailbox(argument)
    if asked is not None:
        if site.relays_for(asked.domain):
            return told(252, b"Cannot verify the user, but will take mail for it")
        moved = site.is_local(asked.domain) and MOVED.get(unquoted(asked.local))
        if moved:
            return told(251, b"User not local; will forward to <%b>" % moved)
        if takes_mail_for(site, asked):
            return told(250, _with_name(asked))
    users = called(unquoted(argument))
    if len(users) == 1:
        return told(250, named(users[0]))
    if users:
        return told(553, b"Ambiguous; Possibilities are", *map(named, users))
    return told(550, b"No such mailbox here")


def expanded(argument: bytes) -> Told:
    """The answer to EXPN: the members of a list, one a line (§3.5.1)."""
    asked = _mailbox(argument)
    members: Sequence[bytes] | None = (LISTS | ALIASES).get(unquoted(asked.local)) if asked else None
    if members is None:
        return told(550, b"No such list here")
    return told(250, *(b"<%b>" % member for member in members))


def called(words: bytes) -> list[bytes]:
    """The users whose full name has these words in it, whatever their case."""
    wanted = set(words.lower().split())
    return [local for local, name in USERS.items() if wanted and wanted <= set(name.lower().split())]


def _mailbox(argument: bytes) -> Mailbox | None:
    """The mailbox that is asked for: with its domain or without, in brackets or not."""
    words = argument.strip(b"<>")
    for each in (words, words + b"@" + DOMAIN):
        found = extended_path_argument(b"<" + each + b">")
        if found is not None and not found.parameters:
            return found.path.mailbox
    return None


def _with_name(asked: Mailbox) -> bytes:
    name = USERS.get(unquoted(asked.local), unquoted(asked.local))
    return b"%b <%b>" % (name, bytes(asked))
