"""Connections to the system under test: trio streams, outcomes as values, the ladder to a starting state."""

from conformance.client._client import At, Client, Exchange, new_token, tls_context
from conformance.client._connection import Connection, Dial, Pace, Segmentation
from conformance.client._dial import dialler
from conformance.client._layered import Layered
from conformance.client._message import usual_fields, usual_message
from conformance.client._outcomes import (
    Closed,
    HandshakeFailed,
    NotReady,
    Outcome,
    Reset,
    Secured,
    Silence,
    Unprotected,
)

__all__ = [
    "At",
    "Client",
    "Closed",
    "Connection",
    "Dial",
    "Exchange",
    "HandshakeFailed",
    "Layered",
    "NotReady",
    "Outcome",
    "Pace",
    "Reset",
    "Secured",
    "Segmentation",
    "Silence",
    "Unprotected",
    "dialler",
    "new_token",
    "tls_context",
    "usual_fields",
    "usual_message",
]
