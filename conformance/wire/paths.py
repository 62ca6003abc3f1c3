"""Paths, mailboxes and domains as RFC 5321 §4.1.2 and §4.1.3 write them; octets in, octets out, nothing repaired."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = rb"%b(?:\.%b)*" % (_LABEL, _LABEL)
_ATOM = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = rb"%b(?:\.%b)*" % (_ATOM, _ATOM)
_QUOTED = rb'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"'
_LITERAL = rb"\[[\x21-\x5a\x5e-\x7e]+\]"

_domain = re.compile(_DOMAIN)
_literal = re.compile(_LITERAL)
_mailbox = re.compile(rb"(?P<local>%b|%b)@(?P<domain>%b|%b)" % (_DOT_STRING, _QUOTED, _DOMAIN, _LITERAL))
_route = re.compile(rb"@%b(?:,@%b)*:" % (_DOMAIN, _DOMAIN))
_snum = re.compile(rb"(?:0|[1-9][0-9]{0,2}|0[0-9]{1,2})")
_general = re.compile(rb"[A-Za-z0-9-]*[A-Za-z0-9]:.+")
_up_to_the_end = re.compile(rb"""(?:[^">]++|"(?:[^"\\]++|\\.)*+")*+>""", re.DOTALL)
_parameter = re.compile(rb"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[\x21-\x3c\x3e-\x7e]+))?")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox; ``local`` keeps its case and its quotes (RFC 5321 §2.4)."""

    local: bytes
    domain: bytes

    def __bytes__(self) -> bytes:
        return self.local + b"@" + self.domain


@dataclass(frozen=True, slots=True)
class Path:
    """A reverse-path or forward-path; no mailbox is the null reverse-path, ``route`` an A-d-l with its colon."""

    mailbox: Mailbox | None
    route: bytes = b""


@dataclass(frozen=True, slots=True)
class PathArgument:
    """What follows ``FROM:`` or ``TO:``: a path, and parameters by keyword in upper case."""

    path: Path
    parameters: dict[bytes, bytes]


def is_domain(octets: bytes) -> bool:
    """Whether the octets are a Domain (§4.1.2) of at most 255 octets."""
    return len(octets) <= 255 and _domain.fullmatch(octets) is not None


def is_address_literal(octets: bytes) -> bool:
    """Whether the octets are an address-literal (§4.1.3): IPv4, IPv6, or a tagged general one."""
    if _literal.fullmatch(octets) is None:
        return False
    inner = octets[1:-1]
    if inner[:5].lower() == b"ipv6:":
        return _is_ipv6(inner[5:])
    if b":" in inner:
        return _general.fullmatch(inner) is not None
    return _is_ipv4(inner)


def _is_ipv4(octets: bytes) -> bool:
    parts = octets.split(b".")
    return len(parts) == 4 and all(_snum.fullmatch(part) is not None and int(part) <= 255 for part in parts)


def _is_ipv6(octets: bytes) -> bool:
    head, _, last = octets.rpartition(b":")
    if b"." in last:
        if not _is_ipv4(last):
            return False
        octets = head + b":0:0"
    groups = [group for group in octets.split(b":") if group]
    if b"::" in octets and len(groups) > 6:
        return False
    try:
        ipaddress.IPv6Address(octets.decode("ascii"))
    except ValueError:
        return False
    return b"%" not in octets


def is_mailbox(octets: bytes) -> bool:
    """Whether the octets are a mailbox (RFC 5321 §4.1.2)."""
    return mailbox(octets) is not None


def mailbox(octets: bytes) -> Mailbox | None:
    """The mailbox that the octets are, or ``None``."""
    match = _mailbox.fullmatch(octets)
    if match is None:
        return None
    domain = match["domain"]
    if not (is_domain(domain) or is_address_literal(domain)):
        return None
    return Mailbox(match["local"], domain)


def path(octets: bytes) -> Path | None:
    """The path that the octets are, brackets included, or ``None``; ``<>`` is the null reverse-path."""
    if octets[:1] != b"<" or octets[-1:] != b">":
        return None
    inner = octets[1:-1]
    if not inner:
        return Path(None)
    route = _route.match(inner)
    taken = route.group() if route else b""
    found = mailbox(inner[len(taken) :])
    return Path(found, taken) if found else None


def path_argument(octets: bytes) -> PathArgument | None:
    """A path and its esmtp-params, or ``None`` where they do not fit the grammar; a keyword may stand once."""
    end = _end_of_path(octets)
    if end is None:
        return None
    found = path(octets[:end])
    rest = octets[end:]
    if found is None or (rest and not rest.startswith(b" ")):
        return None
    parameters: dict[bytes, bytes] = {}
    for word in rest.split(b" ")[1:]:
        match = _parameter.fullmatch(word)
        if match is None or match["keyword"].upper() in parameters:
            return None
        parameters[match["keyword"].upper()] = match["value"] or b""
    return PathArgument(found, parameters)


def _end_of_path(octets: bytes) -> int | None:
    """Where the path ends: behind the first ``>`` that no quoted string hides."""
    found = _up_to_the_end.match(octets)
    return found.end() if found else None
