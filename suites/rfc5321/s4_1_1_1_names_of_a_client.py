"""RFC 5321 4.1.1.1 - EHLO, for a server that passes mail on: by which name it goes at its next hop."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from conformance import (
    At,
    Client,
    Held,
    Hop,
    HopConnection,
    Names,
    NotReady,
    Observation,
    Received,
    Reply,
    holds,
    row,
    scenario,
    visible,
)

Check = Callable[[bytes], Observation]

DOMAIN = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
"""A full name: labels of letters, digits and hyphens, and a dot at least."""
LITERAL = re.compile(rb"\[[^\[\]\s]+\]")
MEANINGLESS = re.compile(rb"(?:.*\.)?(?:localhost|localdomain|local|invalid)", re.IGNORECASE)
"""Names that lead nobody to a host: they mean another one everywhere, or none."""
NUMBER = re.compile(rb"#\d+")
OF_A_LABEL = re.compile(rb"[A-Za-z0-9.-]*")


def has_a_meaning(said: bytes) -> Observation:
    """It is a full name that could lead to a host, or else a literal."""
    word = said.split(b" ")[0]
    named = DOMAIN.fullmatch(word) is not None and MEANINGLESS.fullmatch(word) is None
    good = named or LITERAL.fullmatch(word) is not None
    return holds(good, expected="a name with a meaning, or an address literal", seen=visible(said))


def ends_with_the_literal(said: bytes) -> Observation:
    """Nothing stands behind a literal."""
    if not said.startswith(b"["):
        return Held(f"a name, no literal: {visible(said)}")
    return holds(said.rstrip().endswith(b"]") and b" " not in said.rstrip(), expected="nothing behind it", seen=said)


def is_of_a_standard_kind(said: bytes) -> Observation:
    """A literal is an IPv4 address, or IPv6 with its tag: other kinds are no standard."""
    if not said.startswith(b"["):
        return Held(f"a name, no literal: {visible(said)}")
    inner = said[1:].partition(b"]")[0].decode("latin-1")
    try:
        if inner[:5].upper() == "IPV6:":
            IPv6Address(inner[5:])
        else:
            IPv4Address(inner)
    except AddressValueError:
        return holds(False, expected="a literal of IPv4 or IPv6", seen=visible(said))
    return Held(visible(said))


def has_labels_of_letters_digits_and_hyphens(said: bytes) -> Observation:
    """A name has no other characters."""
    word = said.split(b" ")[0]
    good = word.startswith(b"[") or OF_A_LABEL.fullmatch(word) is not None
    return holds(good, expected="letters, digits, hyphens and dots", seen=visible(said))


def is_no_local_alias(said: bytes) -> Observation:
    """A name has more than one label."""
    word = said.split(b" ")[0].rstrip(b".")
    return holds(word.startswith(b"[") or b"." in word, expected="a full name", seen=visible(said))


def is_no_number(said: bytes) -> Observation:
    """It is no number behind a number sign."""
    return holds(NUMBER.match(said) is None, expected="no number for an address", seen=visible(said))


ARGUMENTS = {
    "meaning": row(has_a_meaning, "rfc5321/4.1.1.1/literal-without-name"),
    "nothing-behind": row(ends_with_the_literal, "rfc5321/4.1.1.1/no-text-after-literal"),
    "kind-of-literal": row(is_of_a_standard_kind, "rfc5321/8/literal-tags-standardized"),
    "labels": row(has_labels_of_letters_digits_and_hyphens, "rfc5321/4.1.2/domain-label-characters"),
    "full-name": row(is_no_local_alias, "rfc5321/2.3.5/client-sends-no-local-alias"),
    "number": row(is_no_number, "rfc5321/F.4/no-number-literals"),
}


def argument(connection: HopConnection) -> bytes:
    """What stood behind EHLO or HELO.

    Raises:
        NotReady: neither was said.
    """
    if connection.client_name is None:
        raise NotReady("next hop", "no EHLO and no HELO")
    return connection.client_name


async def relayed(smtp: Client, hop: Hop) -> Received:
    """A message that the target has passed on."""
    await smtp.deliver(smtp.message(), hop.path())
    return await hop.message()


@scenario("rfc5321/4.1.1.1/client-domain", start=At.EHLO, check=ARGUMENTS)
async def relay_names_itself_in_form(check: Check, smtp: Client, hop: Hop) -> Observation:
    """What a relay says behind EHLO is a name or a literal, in the form that each has."""
    return check(argument((await relayed(smtp, hop)).transaction.connection))


def own_name(smtp: Client) -> bytes:
    """The full name by which the target greets.

    Raises:
        NotReady: it greets by none, so that it may have none.
    """
    word = smtp.greeting.text.split(b" ")[0] if isinstance(smtp.greeting, Reply) else b""
    if DOMAIN.fullmatch(word) is None:
        raise NotReady("greeting", f"no full name: {visible(word)}")
    return word


@scenario("rfc5321/4.1.1.1/client-domain", start=At.EHLO, sends={"mail": False, "notification": True})
async def relay_that_has_a_name_says_it(sends: bool, smtp: Client, hop: Hop) -> Observation:
    """A server that greets by a full name has one, and gives a full name at its next hop too."""
    own = own_name(smtp)
    if sends:
        connection = (await hop.notification(await hop.refuses(smtp))).transaction.connection
    else:
        connection = (await relayed(smtp, hop)).transaction.connection
    said = argument(connection)
    good = DOMAIN.fullmatch(said) is not None
    return holds(good, expected=f"a full name, as {visible(own)}", seen=visible(said))


@scenario("rfc5321/4.1.4/client-name-is-primary", start=At.EHLO)
async def name_of_the_relay_leads_to_a_host(smtp: Client, hop: Hop, dns: Names) -> Observation:
    """The name that a server gives at its next hop has an address, where the one by which it greets has one.

    Our name server knows the host by the name that it greets by, and so a name with an address can be given.
    """
    own = own_name(smtp).decode("ascii")
    dns.add_host(own, smtp.target.where.host)
    said = argument((await relayed(smtp, hop)).transaction.connection).decode("latin-1")
    if said.startswith("["):
        return Held(f"a literal: {said}")
    good = said.lower().rstrip(".") == own.lower() or dns.has_address(said)
    return holds(good, expected=f"a name with an address, as {own}", seen=said)
