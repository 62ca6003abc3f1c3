"""Octets, replies and transcripts: no input or output here."""

from conformance.wire.octets import CRLF, stuff, unstuff, visible
from conformance.wire.replies import Anomaly, Reply, ReplyLine, ReplyReader
from conformance.wire.transcript import Entry, Transcript

__all__ = [
    "CRLF",
    "Anomaly",
    "Entry",
    "Reply",
    "ReplyLine",
    "ReplyReader",
    "Transcript",
    "stuff",
    "unstuff",
    "visible",
]
