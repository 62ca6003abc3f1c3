"""Defects of servers that do something with source routes (RFC 5321 §4.1.1.3, Appendix C, §F.2)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._mailer import Mailer
from conformance.reference._session import ServerSession
from conformance.reference._site import RELAY_DOMAIN
from conformance.wire.paths import Path

OfPath = Callable[[Path], bytes]
OfOctets = Callable[[bytes], str]

F_2 = "rfc5321/F.2/"
C = "rfc5321/C/"


def hosts(route: bytes) -> list[bytes]:
    """The hosts of a route or of a path with one, in small letters."""
    return re.findall(rb"@([^,:@]+)(?=[,:])", route.lower())


def route_of(forward_path: bytes) -> list[bytes]:
    """The hosts before the mailbox of a path."""
    return hosts(forward_path) if forward_path.startswith(b"@") else []


def without_own_name(session: ServerSession, path: Path) -> bytes:
    """The route less the first host, where that is the server itself."""
    first, *others = hosts(path.route) or [b""]
    if not session.site.is_local(first):
        return path.route
    return b",".join(b"@" + host for host in others) + b":" if others else b""


@defect(
    ServerSession.kept_forward_path,
    name="route-is-followed",
    varies={F_2 + "route_is_ignored_or_followed*"},
)
def keeps_a_route_that_it_can_follow(clean: OfPath, session: ServerSession, path: Path) -> bytes:
    """Sends mail to the first host of its route, where it relays for that host, as it may."""
    route = without_own_name(session, path)
    follows = hosts(route)[:1] == [RELAY_DOMAIN]
    return route + clean(path) if follows else clean(path)


@defect(Mailer.destination, name="route-is-followed")
def goes_to_the_first_host(clean: OfOctets, _: Mailer, forward_path: bytes) -> str:
    """Sends mail to the first host of its route, where it relays for that host, as it may."""
    route = route_of(forward_path)
    return route[0].decode("ascii") if route else clean(forward_path)


@defect(
    ServerSession.kept_forward_path,
    name="route-has-a-shortcut",
    proves={F_2 + "no_host_of_the_route_is_left_out*"},
)
def keeps_a_route_that_it_can_shorten(clean: OfPath, _: ServerSession, path: Path) -> bytes:
    """Begins a route at the last host that it relays for."""
    return path.route + clean(path) if RELAY_DOMAIN in hosts(path.route)[1:] else clean(path)


@defect(Mailer.destination, name="route-has-a-shortcut")
def goes_to_a_host_that_it_knows(clean: OfOctets, _: Mailer, forward_path: bytes) -> str:
    """Begins a route at the last host that it relays for."""
    return RELAY_DOMAIN.decode("ascii") if RELAY_DOMAIN in route_of(forward_path) else clean(forward_path)


@defect(
    ServerSession.kept_forward_path,
    varies={C + "rest_of_the_route_may_be_removed"},
    also={"rfc5321/4.1.1.3/relay-strips-source-route"},
)
def rest_of_the_route_stays(clean: OfPath, session: ServerSession, path: Path) -> bytes:
    """Takes its own name out of a source route and passes the rest on."""
    return without_own_name(session, path) + clean(path) if path.mailbox is not None else clean(path)


@defect(
    ServerSession.kept_reverse_path,
    proves={C + "name_in_the_reverse_route_is_that_of_the_next_network"},
)
def name_in_the_reverse_route_is_an_inner_one(clean: OfPath, _: ServerSession, path: Path) -> bytes:
    """Adds itself to a reverse-path that has a route, by a name that only its own network knows."""
    return b"@inside.example.test," + path.route + clean(path) if path.route else clean(path)
