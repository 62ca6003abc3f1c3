"""What a path and a name look like: the cases of the decision points that read them."""

from __future__ import annotations

import re

from conformance.wire.paths import Path

_plain_local = re.compile(rb"[A-Za-z0-9]+")
_plain_domain = re.compile(rb"[A-Za-z]+(?:\.[A-Za-z]+)+")


def shape_of_name(name: bytes) -> str:
    """``plain`` for a domain of letters, ``domain`` for another; else ``ipv4``, ``ipv6`` or ``general``."""
    if name.startswith(b"["):
        inner = name[1:]
        return "ipv6" if inner[:5].lower() == b"ipv6:" else "general" if b":" in inner else "ipv4"
    return "plain" if _plain_domain.fullmatch(name) and len(name) <= 64 else "domain"


def shape_of_path(path: Path) -> str:
    """``null``, ``route`` or ``quoted``; ``atoms`` where dots or specials stand; else the shape of the domain."""
    if path.mailbox is None:
        return "null"
    if path.route:
        return "route"
    if path.mailbox.local.startswith(b'"'):
        return "quoted"
    if _plain_local.fullmatch(path.mailbox.local) is None:
        return "atoms"
    return shape_of_name(path.mailbox.domain)
