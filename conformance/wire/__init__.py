"""Octets, replies and transcripts: no input or output here."""

from conformance.wire.octets import CRLF, stuff, unstuff, visible
from conformance.wire.replies import Anomaly, Reply, ReplyLine, ReplyReader
from conformance.wire.tls import CipherSuite, cipher_suite, handshake_messages
from conformance.wire.trace import StampClause, TimeStamp, time_stamp
from conformance.wire.transcript import Entry, Transcript

__all__ = [
    "CRLF",
    "Anomaly",
    "CipherSuite",
    "Entry",
    "Reply",
    "ReplyLine",
    "ReplyReader",
    "StampClause",
    "TimeStamp",
    "Transcript",
    "cipher_suite",
    "handshake_messages",
    "stuff",
    "time_stamp",
    "unstuff",
    "visible",
]
