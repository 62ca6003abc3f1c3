"""RFC 5321 4.1.2 - Command Argument Syntax, for a server that passes mail on: the mailboxes that it sends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance import (
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Received,
    Reply,
    holds,
    new_token,
    row,
    scenario,
    visible,
)

ATOM = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
DOT_STRING = re.compile(rb"%b(?:\.%b)*" % (ATOM, ATOM))
QUOTED_STRING = re.compile(rb'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"')
HOST = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
ROUTE = re.compile(rb"@%b(?:,@%b)*:.*" % (HOST, HOST), re.DOTALL)

REFUSED = Held("it is not sent, as it is refused here")


@dataclass(frozen=True)
class Pair:
    """A sender and a recipient as local-parts; ``%b`` is where the token stands."""

    sender: bytes = b"%b"
    recipient: bytes = b"%b"


async def relayed(smtp: Client, hop: Hop, reverse_path: bytes, forward_path: bytes) -> Received | None:
    """The message at our next hop, or ``None`` where the target refuses it for good.

    Raises:
        NotReady: neither.
    """
    outcomes = [await smtp.mail(reverse_path)]
    if good(outcomes[-1]):
        outcomes.append(await smtp.rcpt(forward_path))
    if good(outcomes[-1]):
        outcomes.append(await smtp.data(smtp.message()))
    last = outcomes[-1]
    if good(last):
        return await hop.message()
    if isinstance(last, Reply) and last.severity == 5:
        return None
    raise NotReady("a message", last)


def good(outcome: object) -> bool:
    """Whether it is a 2yz."""
    return isinstance(outcome, Reply) and outcome.severity == 2


def local_part(mailbox: bytes) -> bytes:
    """What stands before the last at sign."""
    return mailbox.rpartition(b"@")[0]


QUOTED = {
    "space": b'"%b with spaces"',
    "dots": b'"%b..dots."',
    "quote": b'"%b \\"quoted\\" here"',
    "at": b'"%b@here"',
}
UNQUOTED = {"dots": b"first.last.%b", "plus": b"%b+detail", "atoms": b"#$&'*?^_`{|}~-%b"}


def in_both_places(locals_: dict[str, bytes]) -> dict[str, Pair]:
    """Rows with each local-part as the recipient's, and as the sender's."""
    recipients = {name: Pair(recipient=local) for name, local in locals_.items()}
    return recipients | {f"from-{name}": Pair(sender=local) for name, local in locals_.items()}


async def sent(pair: Pair, smtp: Client, hop: Hop) -> tuple[bytes, bytes] | None:
    """The local-part that the target was given, the sender's or the recipient's, and the one that it sends."""
    sender = hop.path(new_token(), local=pair.sender)
    received = await relayed(smtp, hop, sender, hop.path(local=pair.recipient))
    if received is None:
        return None
    if pair.sender != b"%b":
        return local_part(sender[1:]), local_part(received.reverse_path)
    return local_part(hop.mailbox(local=pair.recipient)), local_part(received.forward_paths[0])


@scenario("rfc5321/4.1.1/local-part-syntax", start=At.EHLO, pair=in_both_places(QUOTED))
async def local_part_is_sent_in_form(pair: Pair, smtp: Client, hop: Hop) -> Observation:
    """The local-parts that a relay sends are atoms with dots between them, or quoted strings."""
    found = await sent(pair, smtp, hop)
    if found is None:
        return REFUSED
    _, local = found
    fits = DOT_STRING.fullmatch(local) or QUOTED_STRING.fullmatch(local)
    return holds(fits is not None, expected="a dot-string or a quoted string", seen=visible(local))


def plain(local: bytes) -> bytes:
    """The local-part without its quotes."""
    return re.sub(rb"\\(.)", rb"\1", local[1:-1], flags=re.DOTALL) if local[:1] == b'"' else local


def least_quoted(local: bytes) -> bytes:
    """The form with the least quoting."""
    bare = plain(local)
    return bare if DOT_STRING.fullmatch(bare) else b'"' + re.sub(rb'(["\\])', rb"\\\1", bare) + b'"'


@scenario(
    "rfc5321/4.1.2/least-quoting",
    start=At.EHLO,
    pair=in_both_places({**UNQUOTED, "quoted-space": QUOTED["space"], "quoted-dots": QUOTED["dots"]}),
)
async def local_part_is_not_quoted_more_than_it_must(pair: Pair, smtp: Client, hop: Hop) -> Observation:
    """A relay sends a local-part as it came, or in the form with the least quoting, and in none with more."""
    found = await sent(pair, smtp, hop)
    if found is None:
        return REFUSED
    given, local = found
    if plain(local) != plain(given) or (local[:1] != b'"' and DOT_STRING.fullmatch(local) is None):
        raise NotReady("next hop", f"another local-part, or one of no form: {visible(local)}")
    wanted = {given, least_quoted(given)}
    return holds(local in wanted, expected=" or ".join(sorted(map(visible, wanted))), seen=visible(local))


# What must not be sent, whoever asked for it.

EIGHT_BIT = {
    "sender": Pair(sender="grün-%b".encode()),
    "sender-latin-1": Pair(sender=b"gr\xfcn-%b"),
    "recipient": Pair(recipient="grün-%b".encode()),
    "recipient-latin-1": Pair(recipient=b"gr\xfcn-%b"),
    "control-in-sender": Pair(sender=b'"a\x01b-%b"'),
    "control-in-recipient": Pair(recipient=b'"a\x01b-%b"'),
}


def lines(received: Received) -> list[bytes]:
    """MAIL and RCPT as they came."""
    return [
        command.octets.rstrip(b"\r\n")
        for command in received.transaction.commands
        if command.verb in {b"MAIL", b"RCPT"}
    ]


@scenario("rfc5321/4.1.2/no-8-bit-mailbox-names", start=At.EHLO, facts=["delivery_within"], pair=EIGHT_BIT)
async def mailbox_of_other_characters_is_not_sent(pair: Pair, smtp: Client, hop: Hop) -> Observation:
    """No octet above 127 and no control character goes out in MAIL or RCPT, though SMTPUTF8 was not in use here."""
    sender = hop.path(new_token(), local=pair.sender)
    try:
        received = await relayed(smtp, hop, sender, hop.path(local=pair.recipient))
    except NotReady as problem:
        if problem.rung == "next hop":
            return Held("it is not sent", confirm=True)
        raise
    if received is None:
        return REFUSED
    wrong = [line for line in lines(received) if any(octet < 32 or octet > 126 for octet in line)]
    return holds(not wrong, expected="printable ASCII in MAIL and RCPT", seen=[visible(line, 100) for line in wrong])


DOMAINS = {
    "underscore": b"under_score.client.example.test",
    "plus": b"a+b.client.example.test",
    "exclamation-mark": b"a!b.client.example.test",
}


@scenario("rfc5321/4.1.2/domain-label-characters", start=At.EHLO, facts=["delivery_within"], domain=DOMAINS)
async def domain_of_other_characters_is_not_sent(domain: bytes, smtp: Client, hop: Hop) -> Observation:
    """A sender's domain with a character that no label may have is refused, or at least not sent on."""
    sender = b"<%b@%b>" % (new_token().encode("ascii"), domain)
    received = await relayed(smtp, hop, sender, hop.path())
    if received is None:
        return REFUSED
    said = received.reverse_path.rpartition(b"@")[2]
    form = rb"[A-Za-z0-9.-]*"
    return holds(re.fullmatch(form, said) is not None, expected="letters, digits and hyphens", seen=visible(said))


@scenario("rfc5321/2.3.5/client-sends-no-local-alias", start=At.EHLO)
async def sender_of_this_site_only_is_not_sent(smtp: Client, hop: Hop) -> Observation:
    """A sender without a domain, which means somebody here if anybody, is refused, or goes out with a full name."""
    received = await relayed(smtp, hop, b"<%b>" % new_token().encode("ascii"), hop.path())
    if received is None:
        return REFUSED
    domain = received.reverse_path.rpartition(b"@")[2] if b"@" in received.reverse_path else b""
    fits = not received.reverse_path or b"." in domain or domain.startswith(b"[")
    return holds(fits, expected="a full name behind the at sign", seen=visible(received.reverse_path))


FULL_NAMES = "rfc5321/C/full-names-in-route"
ROUTES = {
    "forward": False,
    "reverse": True,
    "full-names": row(False, FULL_NAMES),
    "full-names-reverse": row(True, FULL_NAMES),
}


@scenario("rfc5321/3.6.1/no-invalid-source-routes", start=At.EHLO, facts=["domains"], reverse=ROUTES)
async def route_that_is_sent_is_valid(reverse: bool, smtp: Client, hop: Hop) -> Observation:
    """What a relay leaves of a source route of full names is one still: hosts with at signs, and a colon."""
    own = b"@" + smtp.target.domains[0].encode("ascii")
    route = own + b",@b.client.example.test,@c.client.example.test:"
    sender, recipient = hop.mailbox(new_token()), hop.mailbox()
    paths = [
        b"<" + (route if here else b"") + mailbox + b">"
        for here, mailbox in ((reverse, sender), (not reverse, recipient))
    ]
    received = await relayed(smtp, hop, *paths)
    if received is None:
        return REFUSED
    said = received.reverse_path if reverse else received.transaction.recipients[0].forward_path
    if said == (sender if reverse else recipient):
        return Held("no route is left")
    hosts = said.partition(b":")[0].split(b",")
    fits = ROUTE.fullmatch(said) is not None and all(b"." in host for host in hosts)
    return holds(fits, expected="a route of full names, or none", seen=visible(said))


XTEXT = re.compile(rb"(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-Fa-f]{2})*")

ORIGINALS = {
    "given": b" ORCPT=rfc822;first+2Bsecond@client.example.test",
    "not-given": b" NOTIFY=FAILURE",
}


@scenario(
    "rfc5321/4.1.2/xtext-for-addresses", start=At.EHLO, offers=["DSN"], facts=["extended_next_hop"], request=ORIGINALS
)
async def address_in_a_parameter_is_xtext(request: bytes, smtp: Client, hop: Hop) -> Observation:
    """An address with a plus that a relay sends as the value of a parameter is written as xtext."""
    recipient = hop.extended(local=b"first+second-%b")
    outcomes = [await smtp.mail(hop.path(new_token())), await smtp.rcpt(b"<%b>" % recipient, request)]
    if good(outcomes[-1]):
        outcomes.append(await smtp.data(smtp.message()))
    if not good(outcomes[-1]):
        raise NotReady("a message with a request", outcomes[-1])
    received = await hop.message()
    given = [received.parameters, *(each.parameters for each in received.transaction.recipients)]
    values = [word.partition(b"=")[2] for each in given for word in each.split()]
    wrong = [value for value in values if b"@" in value and XTEXT.fullmatch(value) is None]
    return holds(not wrong, expected="xtext", seen=[visible(value) for value in wrong])
