"""Requests that a user writes into the message itself, which become parameters of its recipients (RFC 3461 §5.3)."""

from __future__ import annotations

from dataclasses import replace

from conformance.reference._parameters import Parameters
from conformance.store import split_message
from conformance.wire import CRLF

FIELD = "Generate-Delivery-Report"
"""The field by which users ask to be told that a message was delivered."""


def asks(header: bytes) -> bool:
    """Whether the message with this header asks so."""
    return CRLF + FIELD.lower().encode("ascii") + b":" in CRLF + header.lower()


def without_field(content: bytes) -> bytes:
    """The message less the field."""
    fields, body = split_message(content)
    header = b"".join(each.octets for each in fields if each.name != FIELD.lower())
    return header + (b"" if body is None else CRLF + body)


def asked(parameters: Parameters, forward_paths: tuple[bytes, ...]) -> Parameters:
    """The parameters with the request, for each recipient of whom they say nothing else."""
    new = ((each, b"NOTIFY", b"SUCCESS,FAILURE") for each in forward_paths if parameters.notify(each) is None)
    return replace(parameters, of_rcpt=(*parameters.of_rcpt, *new))
