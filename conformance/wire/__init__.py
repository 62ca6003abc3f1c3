"""Octets, replies and transcripts: no input or output here."""

from conformance.wire.octets import CRLF, stuff, unstuff, visible
from conformance.wire.replies import Anomaly, Reply, ReplyLine, ReplyReader
from conformance.wire.trace import StampClause, TimeStamp, time_stamp
from conformance.wire.transcript import Entry, Transcript

__all__ = [
    "CRLF",
    "Anomaly",
    "Entry",
    "Reply",
    "ReplyLine",
    "ReplyReader",
    "StampClause",
    "TimeStamp",
    "Transcript",
    "stuff",
    "time_stamp",
    "unstuff",
    "visible",
]
