"""RFC 5321 6.3 - Loop Detection."""

from __future__ import annotations

from conformance import At, Client, Observation, scenario, taken_like_any_other


def _received(count: int) -> bytes:
    """Trace fields of so many hosts that the message has come by."""
    return b"".join(
        b"Received: from h%d.example.net (h%d.example.net [192.0.2.%d])\r\n"
        b"\tby h%d.example.net with ESMTP; Mon, 02 Jun 2025 10:00:00 +0000\r\n"
        % (number + 1, number + 1, number % 250 + 1, number)
        for number in range(count)
    )


@scenario("rfc5321/6.3/100-received", start=At.DATA, count={"25": 25, "50": 50, "99": 99})
async def message_that_came_by_many_hosts_is_taken(count: int, smtp: Client, second: Client) -> Observation:
    """A message with fewer than 100 Received fields is taken."""
    return await taken_like_any_other(_received(count) + smtp.message(), smtp, second)
