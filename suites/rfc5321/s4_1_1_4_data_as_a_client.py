"""RFC 5321 4.1.1.4 - DATA, for a server that passes mail on: the mail data that it sends."""

from __future__ import annotations

from conformance import (
    CRLF,
    At,
    Client,
    Held,
    Hop,
    NotReady,
    Observation,
    Reply,
    accepted,
    holds,
    new_token,
    presume,
    scenario,
    visible,
)

EMPTY = {"nothing": b"", "empty-line": CRLF}


@scenario("rfc5321/4.1.1.4/no-empty-mail-data", start=At.EHLO, facts=["delivery_within"], content=EMPTY)
async def message_without_a_text_is_not_sent_empty(content: bytes, smtp: Client, hop: Hop) -> Observation:
    """Mail data that were empty are refused or get a header section: nobody is sent a dot alone."""
    await smtp.transaction(hop.path())
    presume(accepted(await smtp.say(b"DATA"), {354}))
    await smtp.raw(content + b"." + CRLF)
    outcome = await smtp.reply()
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused: {outcome}")
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("end of data", outcome)
    received = await hop.message()
    return holds(received.content.strip() != b"", expected="mail data", seen=visible(received.data))


ENDS = {
    "text": b"The last line." + CRLF,
    "empty-line": b"The last line." + CRLF + CRLF,
    "dot": b"text" + CRLF + b"." + CRLF,
    "many-empty-lines": b"The last line." + CRLF * 5,
}


@scenario("rfc5321/4.1.1.4/no-extra-crlf", start=At.EHLO, end=ENDS)
async def no_line_is_added_before_the_dot(end: bytes, smtp: Client, hop: Hop) -> Observation:
    """Before the final dot stands the last line end of the message and no other."""
    await smtp.deliver(smtp.message(body=b"first" + CRLF + end), hop.path())
    received = await hop.message()
    there = received.content[received.content.rfind(b"first" + CRLF) + 7 :]
    if not there.startswith(end):
        raise NotReady("next hop", f"not the message that was sent: {visible(there)}")
    return holds(there == end, expected=visible(end), seen=visible(there))


UNENDED = b"A line that has no end"


@scenario(
    "rfc5321/4.1.1.4/missing-crlf-added-or-rejected", start=At.EHLO, offers=["CHUNKING"], facts=["delivery_within"]
)
async def last_line_gets_its_end(smtp: Client, hop: Hop) -> Observation:
    """A message whose last line has no end, which BDAT can bring, gets one before the dot, or goes back."""
    sender = new_token()
    content = smtp.message(body=UNENDED)
    await smtp.transaction(hop.path(), reverse_path=hop.path(sender))
    await smtp.raw(b"BDAT %d LAST" % len(content) + CRLF + content)
    outcome = await smtp.reply()
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(f"refused: {outcome}")
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        raise NotReady("BDAT", outcome)
    received = await hop.arrival()
    if received is None:
        begun = [each for each in hop.server.seen(hop.token) if each.commands[-1].reply.startswith(b"354")]
        if begun:
            return holds(False, expected="CRLF before the dot", seen="mail data without an end")
        raise NotReady("next hop", "the message did not come")
    return holds(received.content.endswith(UNENDED + CRLF), expected="CRLF behind it", seen=received.content[-60:])


SEVEN_BITS = bytes(range(32, 127)) + b"\t\x7f" + CRLF


@scenario("rfc5321/4.5.2/high-bit-zero", start=At.EHLO, body={"printable": SEVEN_BITS[:95] + CRLF, "all": SEVEN_BITS})
async def ascii_goes_out_with_a_clear_high_bit(body: bytes, smtp: Client, hop: Hop) -> Observation:
    """A message in US-ASCII goes out in octets whose high bit is zero."""
    await smtp.deliver(smtp.message(body=body), hop.path())
    received = await hop.message()
    return holds(received.data.isascii(), expected="no octet above 127", seen=visible(received.data[-200:]))
