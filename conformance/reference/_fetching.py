"""What BURL fetches: the one message that the reference server's IMAP server has (RFC 4468)."""

from __future__ import annotations

from conformance.reference._site import DOMAIN, EIGHT_BIT_URL, FETCHED_BY, HOST

_LINES = (
    b"From: <%b@%b>" % (FETCHED_BY, DOMAIN),
    b"To: undisclosed-recipients:;",
    b"Date: Thu, 26 Nov 2026 12:00:00 +0000",
    b"Message-ID: <fetched@%b>" % HOST,
    b"Subject: A message from the outbox",
    b"MIME-Version: 1.0",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Transfer-Encoding: 8bit",
    b"",
    "Gr\u00fc\u00dfe aus dem Ausgang = nichts Neues.".encode(),
    b"",
)
MESSAGES = {EIGHT_BIT_URL: b"\r\n".join(_LINES)}


def fetched(url: bytes, user: bytes | None) -> bytes | None:
    """The message that the URL names, for the user to whom it is made out; else ``None`` (§3.3)."""
    return MESSAGES.get(url) if user == FETCHED_BY else None
