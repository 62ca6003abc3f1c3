"""Defects in the mailboxes that a relay sends (RFC 5321 §2.3.5, §3.6.1, §4.1.1, §4.1.2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._mailer import Mailer
from conformance.reference._parameters import Parameters
from conformance.reference._relay import RelaySession
from conformance.reference._session import ServerSession
from conformance.reference._site import unquoted
from conformance.wire.paths import Mailbox, Path, PathArgument

OfPath = Callable[[bytes], bytes]
OfParsed = Callable[[Path], bytes]
ReadPath = Callable[[bytes, bytes], PathArgument | None]
HERE = "rfc5321/4.1.2"
IN_FORM = f"{HERE}/local_part_is_sent_in_form"
LEAST = f"{HERE}/local_part_is_not_quoted_more_than_it_must"
ROUTES = f"{HERE}/route_that_is_sent_is_valid"
EVERYTHING = {"rfc*"}
NO_ATOM = re.compile(rb"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]")


def without_quotes(mailbox: bytes) -> bytes:
    """The mailbox, its local-part as it would be without quotes."""
    local, at, domain = mailbox.rpartition(b"@")
    return unquoted(local) + at + domain


def with_quotes(mailbox: bytes) -> bytes:
    """The mailbox, its local-part in quotes where it has more than letters and digits, every space with a backslash."""
    local, at, domain = mailbox.rpartition(b"@")
    plain = unquoted(local)
    if re.fullmatch(rb"[A-Za-z0-9-]*", plain):
        return mailbox
    return b'"' + re.sub(rb'([ "\\.+&])', rb"\\\1", plain) + b'"' + at + domain


@defect(
    RelaySession.outward_forward_path,
    proves={f"{IN_FORM}[space]", f"{IN_FORM}[dots]", f"{IN_FORM}[quote]", f"{IN_FORM}[at]"},
    also={"rfc5321/2.3.11/*", "rfc6531/*"},
)
def recipients_lose_their_quotes(clean: OfPath, _: RelaySession, forward_path: bytes) -> bytes:
    """Sends recipients without the quotes that they came in."""
    return without_quotes(clean(forward_path))


@defect(RelaySession.outward_reverse_path, proves={f"{IN_FORM}[from-*"}, also={"rfc5321/*"})
def senders_lose_their_quotes(clean: OfPath, _: RelaySession, reverse_path: bytes) -> bytes:
    """Sends senders without the quotes that they came in."""
    return without_quotes(clean(reverse_path))


@defect(
    RelaySession.outward_forward_path,
    proves={f"{LEAST}[{row}]" for row in ("dots", "plus", "atoms", "quoted-space", "quoted-dots")},
    also={"rfc5321/2.3.11/*", "rfc5321/*", "rfc6531/*"},
)
def recipients_get_more_quotes(clean: OfPath, _: RelaySession, forward_path: bytes) -> bytes:
    """Sends recipients in quotes, with backslashes, that can do without."""
    return with_quotes(clean(forward_path))


@defect(
    RelaySession.outward_reverse_path,
    proves={f"{LEAST}[from-{row}]" for row in ("dots", "plus", "atoms", "quoted-space", "quoted-dots")},
    also={"rfc5321/*", "rfc6531/*"},
)
def senders_get_more_quotes(clean: OfPath, _: RelaySession, reverse_path: bytes) -> bytes:
    """Sends senders in quotes, with backslashes, that can do without."""
    return with_quotes(clean(reverse_path))


# Loose servers, which send on what they should not have taken.

LOOSE = "paths-of-any-form-are-sent"
LOOSELY = {
    f"{HERE}/mailbox_of_other_characters_is_not_sent*",
    f"{HERE}/domain_of_other_characters_is_not_sent*",
    f"{HERE}/sender_of_this_site_only_is_not_sent",
}


@defect(ServerSession.has_forbidden_octets, name=LOOSE, proves=LOOSELY, also=EVERYTHING)
def any_octets_are_taken(clean: Callable[[bytes], bool], session: ServerSession, line: bytes) -> bool:
    """Takes any octets between brackets for a mailbox, and sends it on."""
    return clean(line) and session.transaction is None and not line.upper().startswith((b"MAIL", b"RCPT"))


@defect(ServerSession.path_and_parameters, name=LOOSE, proves=LOOSELY)
def anything_is_a_path(clean: ReadPath, _: ServerSession, keyword: bytes, argument: bytes) -> PathArgument | None:
    """Takes any octets between brackets for a mailbox, and sends it on."""
    found = clean(keyword, argument)
    inner = re.fullmatch(re.escape(keyword) + rb"<([^<>]+)>", argument, re.IGNORECASE | re.DOTALL)
    if found is not None or inner is None:
        return found
    local, _at, domain = inner[1].rpartition(b"@")
    return PathArgument(Path(Mailbox(local or domain, domain if local else b"")), {})


@defect(ServerSession.acceptable_path, name=LOOSE, proves=LOOSELY)
def any_path_is_acceptable(clean: Callable[[Path], bool], _: ServerSession, path: Path) -> bool:
    """Takes any octets between brackets for a mailbox, and sends it on."""
    del clean, path
    return True


@defect(ServerSession.may_be_utf8, name=LOOSE, proves=LOOSELY)
def any_path_may_be_utf8(clean: Callable[[bytes, bool], bool], _: ServerSession, address: bytes, asked: bool) -> bool:
    """Takes any octets between brackets for a mailbox, and sends it on."""
    del clean, address, asked
    return True


@defect(Mailer.destination, name=LOOSE, proves=LOOSELY)
def destination_is_behind_the_at_sign(clean: Callable[[bytes], str], _: Mailer, forward_path: bytes) -> str:
    """Takes any octets between brackets for a mailbox, and sends it on."""
    return clean(forward_path) or forward_path.rpartition(b"@")[2].decode("latin-1").lower()


@defect(RelaySession.next_hop_takes_utf8, name=LOOSE, proves=LOOSELY)
def every_next_hop_takes_utf8(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Takes any octets between brackets for a mailbox, and sends it on."""
    del clean
    return True


# Source routes.


@defect(
    ServerSession.kept_forward_path,
    proves={f"{ROUTES}[forward]", f"{ROUTES}[full-names]"},
    also={"rfc5321/*"},
)
def route_is_cut_badly(clean: OfParsed, _: ServerSession, path: Path) -> bytes:
    """Takes the first host out of a route and leaves what stood behind it, comma and all."""
    return path.route[path.route.find(b",") :] + clean(path) if b"," in path.route else clean(path)


@defect(
    ServerSession.kept_reverse_path,
    proves={f"{ROUTES}[full-names-reverse]"},
    also={"rfc5321/*"},
)
def route_of_the_sender_is_made_of_short_names(clean: OfParsed, _: ServerSession, path: Path) -> bytes:
    """Keeps the route of a sender, its hosts without their domains."""
    return re.sub(rb"(@[^.,:]+)[^,:]*", rb"\1", path.route) + clean(path)


@defect(ServerSession.kept_reverse_path, proves={f"{ROUTES}[reverse]"}, also={"rfc5321/*"})
def route_of_the_sender_is_cut_badly(clean: OfParsed, _: ServerSession, path: Path) -> bytes:
    """Takes the first host out of the route of a sender and leaves what stood behind it, comma and all."""
    return path.route[path.route.find(b",") :] + clean(path) if b"," in path.route else clean(path)


@defect(Mailer.destination, name="route-is-cut-badly", proves={f"{ROUTES}[forward]"})
def destination_is_behind_what_is_left(clean: Callable[[bytes], str], _: Mailer, forward_path: bytes) -> str:
    """Takes the first host out of a route and leaves what stood behind it, comma and all."""
    return clean(forward_path.rpartition(b":")[2])


# Parameters.


@defect(
    RelaySession.rcpt_requests,
    proves={f"{HERE}/address_in_a_parameter_is_xtext[given]"},
    also={"rfc3461/*"},
)
def original_recipient_is_sent_decoded(
    clean: Callable[[Parameters, bytes], tuple[tuple[bytes, bytes], ...]],
    _: RelaySession,
    parameters: Parameters,
    forward_path: bytes,
) -> tuple[tuple[bytes, bytes], ...]:
    """Sends the address of ORCPT as it reads, and not as xtext."""
    return tuple((keyword, value.replace(b"+2B", b"+")) for keyword, value in clean(parameters, forward_path))


@defect(
    RelaySession.rcpt_requests,
    proves={f"{HERE}/address_in_a_parameter_is_xtext[not-given]"},
    also={"rfc3461/*"},
)
def original_recipient_is_added_as_it_reads(
    clean: Callable[[Parameters, bytes], tuple[tuple[bytes, bytes], ...]],
    session: RelaySession,
    parameters: Parameters,
    forward_path: bytes,
) -> tuple[tuple[bytes, bytes], ...]:
    """Adds ORCPT where it was not given, the address as it reads."""
    requests = clean(parameters, forward_path)
    if b"ORCPT" in dict(requests) or b"DSN" not in session.offers:
        return requests
    return (*requests, (b"ORCPT", b"rfc822;" + forward_path))
