"""Delivered mail, found by a scenario's token: Maildir, mbox, a command, or a sink of ours."""

from conformance.store._command import CommandStore
from conformance.store._delivered import (
    BARE_CR,
    BARE_LF,
    EIGHT_BIT,
    FROM_LINES,
    LINE_ENDS,
    NUL,
    Delivered,
    Store,
    StoreError,
)
from conformance.store._fields import Field, Mail, added, fields_named, same_body, split_fields, split_message
from conformance.store._maildir import Maildir
from conformance.store._mbox import Mbox, MboxMessage, MboxReader
from conformance.store._open import open_store
from conformance.store._reports import (
    DeliveryReport,
    Part,
    delivery_report,
    typed_value,
    value_of,
    without_comments,
)
from conformance.store._sink import SinkStore

__all__ = [
    "BARE_CR",
    "BARE_LF",
    "EIGHT_BIT",
    "FROM_LINES",
    "LINE_ENDS",
    "NUL",
    "CommandStore",
    "Delivered",
    "DeliveryReport",
    "Field",
    "Mail",
    "Maildir",
    "Mbox",
    "MboxMessage",
    "MboxReader",
    "Part",
    "SinkStore",
    "Store",
    "StoreError",
    "added",
    "delivery_report",
    "fields_named",
    "open_store",
    "same_body",
    "split_fields",
    "split_message",
    "typed_value",
    "value_of",
    "without_comments",
]
