"""Delivery status notifications as the reference server writes them (RFC 3461 §6, RFC 3464)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conformance.reference._parameters import Parameters, decoded
from conformance.reference._site import DOMAIN, HOST
from conformance.wire import CRLF

_STATUS = re.compile(rb"\d{3} ([245]\.\d{1,3}\.\d{1,3}) ")


_TEXTS = {
    b"failed": (b"Your message was not delivered to:", b"Undelivered mail"),
    b"delayed": (b"Your message was not delivered yet, and is tried again, to:", b"Delayed mail"),
}
"""What people are told, and under which subject, where it is no success."""
_SUCCESS = b"Your message was passed on to:", b"Delivered mail"


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of one recipient; ``reason`` is a reply, and ``remote`` who gave it, if not we.

    ``unasked`` is told without a request too, and ``retry_until`` is a date. ``own_status`` is a status of our own, in
    the place of the reply's.
    """

    forward_path: bytes
    action: bytes = b"failed"
    reason: bytes = b""
    remote: bytes = b""
    unasked: bool = False
    retry_until: bytes = b""
    own_status: bytes = b""

    @property
    def status(self) -> bytes:
        """The status code: that of the reply, else one that tells the class only (RFC 3461 §6.3)."""
        if self.own_status:
            return self.own_status
        if self.action not in _TEXTS:
            return b"2.0.0"
        found = _STATUS.match(self.reason)
        return found[1] if found else b"%b.0.0" % (b"4" if self.reason.startswith(b"4") else b"5")


@dataclass(frozen=True, slots=True)
class About:
    """The message that a notification is about; ``arrived`` and ``deliver_by`` are dates.

    ``client`` is who sent it to us.
    """

    content: bytes
    parameters: Parameters
    arrived: bytes
    client: bytes
    deliver_by: bytes = b""


def report(about: About, to: bytes, reported: list[Reported], *, number: int, now: bytes, whole: bool) -> bytes:
    """The notification, to ``to``, with the whole message or its header behind it."""
    boundary = b"report-%d" % number
    actions = {each.action for each in reported}
    text, subject = next((said for action, said in _TEXTS.items() if action in actions), _SUCCESS)
    parts = (
        [
            b"",
            text,
            *(b"<%b>: %b" % (each.forward_path, each.reason or each.action) for each in reported),
        ],
        [b"Content-Type: message/delivery-status", b"", *_fields(about, reported, now)],
        _returned(about.content, whole=whole),
    )
    lines = [
        b"From: Mail Delivery System <postmaster@%b>" % DOMAIN,
        b"To: <%b>" % to,
        b"Date: " + now,
        b"Message-ID: <notification-%d-%d@%b>" % (number, id(reported), HOST),
        b"Subject: " + subject,
        b"Auto-Submitted: auto-replied",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="%b"' % boundary,
        b"",
    ]
    for part in parts:
        lines += [b"--" + boundary, *part, b""]
    return CRLF.join([*lines, b"--%b--" % boundary]) + CRLF


def _fields(about: About, reported: list[Reported], now: bytes) -> list[bytes]:
    """The fields for programs: those of the message, and a group for each recipient (RFC 3464 §2.2, §2.3)."""
    parameters = about.parameters
    envelope = parameters.of(b"ENVID")
    lines = [b"Original-Envelope-Id: " + decoded(envelope)] if envelope is not None else []
    lines += [b"Reporting-MTA: dns; " + HOST]
    lines += [b"Received-From-MTA: dns; " + about.client] if about.client else []
    lines += [b"Arrival-Date: " + about.arrived]
    lines += [b"Deliver-By-Date: " + about.deliver_by] if about.deliver_by else []
    for keyword, how in ((b"HOLDFOR", b"for;"), (b"HOLDUNTIL", b"until;")):  # RFC 4865 §5.1.2
        held = parameters.of(keyword)
        lines += [b"Future-Release-Request: " + how + held] if held else []
    for each in reported:
        original = parameters.at(each.forward_path, b"ORCPT")
        lines += [b"", *([b"Original-Recipient: " + decoded(original)] if original is not None else [])]
        lines += [b"Final-Recipient: rfc822; " + each.forward_path]
        lines += [b"Action: " + each.action, b"Status: " + each.status]
        if each.remote:
            lines += [b"Remote-MTA: dns; " + each.remote, b"Diagnostic-Code: smtp; " + each.reason]
        lines += [b"Last-Attempt-Date: " + now]
        lines += [b"Will-Retry-Until: " + each.retry_until] if each.retry_until else []
    return lines


def _returned(content: bytes, *, whole: bool) -> list[bytes]:
    """The message, or its header (RFC 3461 §6.2)."""
    shown = content if whole else content.partition(CRLF + CRLF)[0] + CRLF
    coding = [] if shown.isascii() else [b"Content-Transfer-Encoding: 8bit"]
    kind = b"message/rfc822" if whole else b"text/rfc822-headers"
    return [b"Content-Type: " + kind, *coding, b"", shown.removesuffix(CRLF)]
