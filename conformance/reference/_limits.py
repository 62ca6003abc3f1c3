"""What LIMITS of a next hop says, and how the recipients of a message are divided by it (RFC 9422)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Limits = Mapping[bytes, int]
"""Limits by their names in capitals."""

NONE: Limits = {}

_FORM = re.compile(rb"[A-Z0-9_-]+(?:=[!-:<-~]+)?(?: [A-Z0-9_-]+(?:=[!-:<-~]+)?)*", re.IGNORECASE)
_NUMBER = re.compile(rb"[1-9][0-9]{0,5}")


def has_form(words: bytes) -> bool:
    """Whether the parameter of LIMITS has its form (RFC 9422 §3)."""
    return _FORM.fullmatch(words) is not None


def is_number(value: bytes) -> bool:
    """Whether the value is one of those of MAILMAX, RCPTMAX and RCPTDOMAINMAX (RFC 9422 §4)."""
    return _NUMBER.fullmatch(value) is not None


def pairs(words: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The limits with their values, as they came, names in capitals."""
    said = (limit.partition(b"=") for limit in words.split())
    return tuple((name.upper(), value) for name, _, value in said)


def divided(forward_paths: tuple[bytes, ...], limits: Limits) -> tuple[list[tuple[bytes, ...]], tuple[bytes, ...]]:
    """The recipients of each transaction of a session, and those for whom there is no room in it.

    Each path counts for RCPTMAX, each domain once in the session for RCPTDOMAINMAX, each transaction for MAILMAX
    (RFC 9422 §4).
    """
    here = _of_domains(forward_paths, limits.get(b"RCPTDOMAINMAX", 0))
    at_most = limits.get(b"RCPTMAX", 0) or max(len(here), 1)
    together = [here[first : first + at_most] for first in range(0, len(here), at_most)]
    session = together[: limits.get(b"MAILMAX", 0) or len(together)]
    served = {each for batch in session for each in batch}
    return session, tuple(each for each in forward_paths if each not in served)


def _of_domains(forward_paths: Iterable[bytes], at_most: int) -> tuple[bytes, ...]:
    domains: dict[bytes, None] = {}
    kept: list[bytes] = []
    for each in forward_paths:
        domain = each.rpartition(b"@")[2].lower()
        if not at_most or domain in domains or len(domains) < at_most:
            domains[domain] = None
            kept.append(each)
    return tuple(kept)
