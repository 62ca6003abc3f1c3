"""RFC 5321 2.3.5 - Domain Names."""

from __future__ import annotations

import re

from conformance import Exchange, Held, Observation, holds, watch

LABEL_CHARACTERS = re.compile(rb"[A-Za-z0-9-]+")
NAME_WITH_DOTS = re.compile(rb"[A-Za-z0-9_\x80-\xff-]+(?:\.[A-Za-z0-9_\x80-\xff-]+)+")
"""What is meant for a domain name; with other characters it is none, which other clauses see."""
TOP_LEVEL = re.compile(rb"[A-Za-z]+|[Xx][Nn]--[A-Za-z0-9-]+")
"""What a name of one label is where it is no local alias: a top-level domain, which has no digits (RFC 3696 2)."""


def _own_name(exchange: Exchange) -> bytes:
    """The word in the place where a server names itself, an address literal apart; else nothing."""
    opening = exchange.verb == "CONNECT" and exchange.reply.code == 220
    if not opening and not (exchange.verb in {"EHLO", "HELO", "LHLO"} and exchange.reply.code == 250):
        return b""
    word = exchange.reply.lines[0].text.split(b" ")[0]
    if word.lower() == exchange.name.lower():
        return b""  # our own, which a server repeats in the place of its name
    return b"" if word.startswith(b"[") else word.removesuffix(b".")


@watch("rfc5321/2.3.5/domain-label-characters")
def watch_labels_of_the_servers_name(exchange: Exchange) -> Observation | None:
    """The labels of the name that the server gives itself are letters, digits and hyphens."""
    name = _own_name(exchange)
    if NAME_WITH_DOTS.fullmatch(name) is None:
        return None
    good = all(LABEL_CHARACTERS.fullmatch(label) for label in name.split(b"."))
    return holds(good, expected="letters, digits and hyphens between the dots", seen=exchange.reply)


@watch("rfc5321/2.3.5/server-sends-no-local-alias")
def watch_name_of_the_server_is_full(exchange: Exchange) -> Observation | None:
    """The name that the server gives itself is no local alias."""
    name = _own_name(exchange)
    if LABEL_CHARACTERS.fullmatch(name) is None:
        return Held(str(exchange.reply)) if NAME_WITH_DOTS.fullmatch(name) else None
    if name.lower() != b"localhost" and TOP_LEVEL.fullmatch(name):
        return None  # a top-level domain can be a host
    return holds(False, expected="a fully-qualified domain name", seen=exchange.reply)
