"""The time of day as mail writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


def date_time(seconds: float = 0.0) -> bytes:
    """The time now, or in so many seconds, with a numeric zone (RFC 5322 §3.3)."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds)).encode("ascii")
