"""What to do about a target that is no SMTP server, or not one of the kind that its address says."""

from __future__ import annotations

import re

from conformance.engine import End
from conformance.target import Target

HTTP = "; it speaks HTTP: is it the right port?"
AT_FIRST = (
    (rb"HTTP/", HTTP),
    (rb"\x15\x03|\x16\x03", "; it speaks TLS: write smtps:// for a port that begins with TLS"),
)
IN_THE_PLACE_OF_TLS = (
    (", got HTTP/", HTTP),
    (r", got \d{3}[ -]", "; it speaks SMTP in clear: write smtp://"),
    ("", "; is it a port that begins with TLS? Other ports are written smtp://"),
)
AT_A_RUNG = (
    ("too many to trust the rest", "; where the reasons are its own, --max-inconclusive trusts the rest"),
    ("no longer works.* at connect: ", "; run it with --overlap 1: what ends it stands before the first refusal"),
    (" at connect: ", "; does a server listen at {where}?"),
    (r" at greeting: no reply within [^,]*$", "; it says nothing: a port that begins with TLS is written smtps://"),
    (" at greeting: connection", "; it hangs up without a greeting: is it the right port, and may we connect?"),
)
NAME_A_MAILBOX = "; every server has to take mail for this address (RFC 5321 §4.5.1); name another one with --rcpt"
NAME_A_SENDER = (
    "; delivery reports have this reverse-path (RFC 5321 §4.5.5), the null one; name another one with --sender"
)
WANTS_FIRST = (
    (r" failed at \w+: 530 .*(?i:TLS)", "; say --starttls-required"),
    (r" failed at \w+: 530 ", "; say --auth-required, and in a target file who we are (credentials)"),
)
GREYLISTED = r"^control delivery to .* failed at (?:MAIL|RCPT|DATA|end of data): 45[01]\b"
"""What a server says at first that puts off who is new to it; others say it too."""
SAY_GREYLIST_DELAY = "; where it puts off who is new to it, say for how long: --greylist-delay SECONDS"
PUT_OFF_AGAIN = "; --greylist-delay {seconds:g} has passed by then: where it greylists, it puts off for longer"


def hint(end: End, target: Target) -> str:
    """The end of the line that says why the target is unusable, empty where we have no advice."""
    said = b"".join(entry.octets for link in end.evidence for entry in link.entries if entry.sender == "them")
    for octets, advice in AT_FIRST:
        if re.match(octets, said):
            return advice
    without_tls = target.where.implicit_tls and "TLS handshake failed" in end.problem
    for words, advice in IN_THE_PLACE_OF_TLS if without_tls else AT_A_RUNG:
        if re.search(words, end.problem):
            return advice.format(where=target.where)
    for words, advice in WANTS_FIRST:
        if re.search(words, end.problem):
            return advice
    return _put_off(end, target) or _not_named(end, target)


def _put_off(end: End, target: Target) -> str:
    if not re.search(GREYLISTED, end.problem):
        return ""
    seconds = target.greylist_delay
    return SAY_GREYLIST_DELAY if seconds is None else PUT_OFF_AGAIN.format(seconds=seconds)


def _not_named(end: End, target: Target) -> str:
    # Who takes the null reverse-path for none says at RCPT that there was no MAIL.
    if not target.sender and re.search(r" failed at (MAIL: 5|RCPT: 503)", end.problem):
        return NAME_A_SENDER
    if not target.mailboxes and "<postmaster> failed at RCPT: 5" in end.problem:
        return NAME_A_MAILBOX
    return ""
