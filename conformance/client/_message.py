"""The message that scenarios send where what it says is of no account."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.target import Target
from conformance.wire import CRLF
from conformance.wire.dates import date_time


def usual_fields(sender: bytes, token: str) -> dict[str, bytes]:
    """The fields that every message of ours has, To apart."""
    mark = token.encode("ascii")
    return {
        "From": b"<%b>" % sender,
        "Date": date_time(),
        "Message-ID": b"<%b@client.example.test>" % mark,
        "Subject": b"smtp-conformance " + mark,
    }


def usual_message(target: Target, token: str, body: bytes, without: Iterable[str], before: bytes) -> bytes:
    """A message with the five usual fields and a token, see ``Client.message``.

    Raises:
        ValueError: ``without`` names a field that the message does not have.
    """
    sender = (target.sender or "suite@client.example.test").encode("ascii")
    recipient = target.mailbox.encode("ascii")
    to = b"<%b>" % recipient if b"@" in recipient else b"<%b@%b>" % (recipient, b"example.test")
    usual = usual_fields(sender, token)
    fields = {"From": usual.pop("From"), "To": to, **usual}
    missing = set(without)
    if missing - fields.keys():
        raise ValueError(f"a message has no {', '.join(sorted(missing - fields.keys()))} to leave out")
    header = b"".join(
        name.encode("ascii") + b": " + value + CRLF for name, value in fields.items() if name not in missing
    )
    return before + header + CRLF + body
