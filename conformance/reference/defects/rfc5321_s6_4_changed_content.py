"""Defects that change a message on its way: against RFC 5321 2.3.8, 3.6.3, 4.5.2, 6.4 and 7.2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import RelaySession
from conformance.reference._session import ServerSession
from conformance.reference._trace import Accepted, Trace
from conformance.wire import CRLF

Change = Callable[[bytes], bytes]

RELAYED = "rfc5321/6.4"
HEADER = f"{RELAYED}/header_field_is_relayed"
IRREGULAR = f"{RELAYED}/irregular_header_is_relayed"
BODY = f"{RELAYED}/body_is_relayed"
BEHIND = "rfc5321/4.5.2"
STORED = f"{BEHIND}/character_is_delivered"
THROUGH = f"{BEHIND}/relayed_mail_leaves_as_it_came"
LAST = {f"{BEHIND}/last_line_is_{how}" for how in ("delivered", "relayed")}
CHANGES = {
    "rfc5321/3.6.3/relay-changes-nothing",
    "rfc5321/3.6.3/relay-leaves-content-alone",
    "rfc5321/4.5.2/reversible-storage",
    "rfc5321/4.5.2/client-adds-dot",
    "rfc5321/4.1.1.4/end-keeps-the-last-crlf",
    "rfc5321/2.4/relay-trusts-content",
    "rfc5321/6.4/relay-changes-nothing",
    "rfc5321/4.5.4.2/several-transactions-at-once",
}
"""What a relay breaks that changes more than one part of a message."""
KEPT = {
    "rfc5321/4.5.2/all-characters-delivered",
    "rfc5321/4.1.1.4/end-keeps-the-last-crlf",
    "rfc5321/4.1.1.4/lines-are-mail-data",
}
"""The same for a final delivery."""


def rows(family: str, *names: str) -> set[str]:
    """The rows of a family by name."""
    return {f"{family}[{name}]" for name in names}


def of_header(change: Change) -> Change:
    """The change made to the header section alone, what the relay put before it apart."""

    def changed(content: bytes) -> bytes:
        header, empty, body = content.partition(CRLF + CRLF)
        ours, _, rest = (header + CRLF).partition(b"+0000" + CRLF)
        mended = change(rest)
        return ours + b"+0000" + CRLF + mended.removesuffix(CRLF) + empty + body

    return changed


def of_body(change: Change) -> Change:
    """The change made to the body alone."""

    def changed(content: bytes) -> bytes:
        header, empty, body = content.partition(CRLF + CRLF)
        return header + empty + change(body)

    return changed


def replaced(pattern: bytes, by: bytes) -> Change:
    """The change that replaces a pattern wherever it stands, line by line."""
    return lambda octets: re.sub(b"(?m)" + pattern, by, octets)


def with_missing(name: bytes, value: bytes) -> Change:
    """The change that adds a field where there is none of the name."""
    field = re.compile(b"(?mi)^" + name + b":")
    return lambda header: header if field.search(header) else header + name + b": " + value + CRLF


RELAYED_OTHERWISE = {
    "rfc3030/2/data-follow-at-once",
    "rfc3461/6.2/multipart-report",
    "rfc6152/3/last-line-end-is-content",
    "rfc6152/3/relay-all-bits",
    "rfc6531/3.2/notification-conforms",
}
"""What is relayed by BDAT or with BODY=8BITMIME is changed too, and notifications are."""


def relay_that(does: str, name: str, change: Change, proves: Iterable[str], also: Iterable[str] = ()) -> None:
    """Declare a defect of a relay that changes what it passes on."""

    def override(clean: Change, _: RelaySession, content: bytes) -> bytes:
        return clean(change(content))

    override.__name__, override.__doc__ = name.replace("-", "_"), does
    defect(RelaySession.outward_lines, proves=set(proves), also=set(also) | RELAYED_OTHERWISE)(override)


def delivery_that(does: str, name: str, change: Change, proves: Iterable[str], also: Iterable[str] = ()) -> None:
    """Declare a defect of a final delivery that changes what it stores."""

    def override(clean: Callable[[Copy, bytes], bytes], _: Mailer, copy: Copy, forward_path: bytes) -> bytes:
        return clean(replace(copy, content=change(copy.content)), forward_path)

    override.__name__, override.__doc__ = name.replace("-", "_"), does
    defect(Mailer.deliver_here, proves=set(proves), also=set(also) | {"rfc6152/3/preserve-all-bits"})(override)


# Lines and dots.


@defect(RelaySession.outward_lines, proves={"rfc5321/2.3.8/no_bare_line_end_goes_out*"})
def relay_passes_bare_line_ends_on(clean: Change, _: RelaySession, content: bytes) -> bytes:
    """Passes bare CR and LF on as they came."""
    del clean
    return content


@defect(
    RelaySession.outward_stuffed,
    proves={f"{BEHIND}/relay_doubles_dots*"}
    | rows(THROUGH, "dot", "two-dots", "three-dots", "dot-and-text", "dot-space", "many-dots")
    | rows(f"{BEHIND}/last_line_is_relayed", "dot"),
    also={
        "rfc1870/6/what-the-client-counts",
        "rfc5321/2.3.8/only-crlf",
        "rfc5321/4.1.1.4/lf-dot-lf",
        "rfc5321/4.1.1.4/no-bare-lf-lines",
        "rfc3030/2/data-follow-at-once",
    },
)
def relay_does_not_double_dots(clean: Change, _: RelaySession, content: bytes) -> bytes:
    """Sends lines that begin with a dot as they are."""
    del clean
    return content


# What a submission server may do.

relay_that(
    "Adds the fields that a message lacks.",
    "relay-adds-missing-fields",
    of_header(
        lambda header: with_missing(b"Message-ID", b"<added@mail.example.test>")(
            with_missing(b"Date", b"Thu, 26 Nov 2026 10:00:00 +0000")(
                with_missing(b"From", b"<sender@client.example.test>")(with_missing(b"To", b"undisclosed:;")(header))
            )
        )
    ),
    rows(IRREGULAR, "no-message-id", "no-date", "no-from", "no-to"),
)
relay_that(
    "Adds the zone that a date lacks.",
    "relay-adds-a-zone",
    of_header(replaced(rb"^(Date: [^\r\n]*:\d\d)\r$", rb"\1 +0000\r")),
    rows(IRREGULAR, "date-without-zone"),
)
relay_that(
    "Completes addresses with its own domain.",
    "relay-completes-addresses",
    of_header(
        lambda header: (
            header.replace(b"<alice>", b"<alice@example.test>")
            .replace(b"alice, bob", b"alice@example.test, bob@example.test")
            .replace(b"Cc: postmaster", b"Cc: postmaster@example.test")
        )
    ),
    rows(IRREGULAR, "unqualified-from", "unqualified-to", "unqualified-cc"),
)

# Header fields.

relay_that(
    "Drops header fields that it does not know.",
    "relay-drops-unknown-fields",
    of_header(replaced(rb"^(?:X-|List-|Resent-)[^\r\n]*\r\n", b"")),
    rows(HEADER, "unknown", "resent", "list"),
)
relay_that(
    "Drops Bcc fields.",
    "relay-drops-bcc",
    of_header(replaced(rb"^Bcc:[^\r\n]*\r\n", b"")),
    rows(HEADER, "bcc"),
    {"rfc5321/B/recipient-field-left", "rfc5321/B/empty-bcc-added"},
)
relay_that(
    "Drops the second field of a name.",
    "relay-drops-repeated-fields",
    of_header(replaced(rb"^Comments: two\r\n", b"")),
    rows(HEADER, "repeated"),
)
relay_that(
    "Drops fields without a body.",
    "relay-drops-empty-fields",
    of_header(replaced(rb"^[A-Za-z-]+:[ \t]*\r\n(?![ \t])", b"")),
    rows(HEADER, "empty"),
    {"rfc5321/B/recipient-field-left", "rfc5321/B/empty-bcc-added"},
)
relay_that(
    "Writes folded fields on one line.",
    "relay-unfolds-fields",
    of_header(replaced(rb"\r\n[ \t]+", b" ")),
    rows(HEADER, "folded"),
    {"rfc5321/4.4/received-not-changed"},
)
relay_that(
    "Takes white space off the ends of header lines.",
    "relay-trims-fields",
    of_header(replaced(rb"[ \t]+\r$", b"\r")),
    rows(HEADER, "trailing-white-space"),
)
relay_that(
    "Writes field names with a capital.",
    "relay-writes-names-anew",
    of_header(replaced(rb"^cOMMENTS", b"Comments")),
    rows(HEADER, "odd-case"),
)
relay_that(
    "Puts a space behind the colon.",
    "relay-puts-a-space-behind-the-colon",
    of_header(replaced(rb"^([A-Za-z-]+):(?=[^ \t\r])", rb"\1: ")),
    rows(HEADER, "no-space"),
)
relay_that(
    "Folds long fields.",
    "relay-folds-long-fields",
    of_header(replaced(rb"^([^\r\n]{200})(?=[^\r\n]{200})", rb"\1\r\n ")),
    rows(HEADER, "long"),
)
relay_that(
    "Writes Content-Type anew.",
    "relay-writes-content-type-anew",
    of_header(replaced(rb"^Content-Type:[^\r\n]*", b"Content-Type: text/plain; charset=utf-8; format=flowed")),
    {
        *rows(HEADER, "mime"),
        *rows(f"{RELAYED}/content_type_is_not_judged", "unknown-charset", "unknown-type", "broken-type"),
        f"{RELAYED}/eight_bit_body_is_relayed*",
    },
    {"rfc5321/3.6.3/standard-report-format"},
)
relay_that(
    "Drops an encoding that it does not know.",
    "relay-drops-unknown-encoding",
    of_header(replaced(rb"^Content-Transfer-Encoding: x-[^\r\n]*\r\n", b"")),
    rows(f"{RELAYED}/content_type_is_not_judged", "unknown-encoding"),
)
relay_that(
    "Takes comments out of addresses.",
    "relay-takes-comments-out",
    of_header(replaced(rb" \(two\)", b"")),
    rows(HEADER, "comment-in-address"),
)

# The body.

relay_that(
    "Wraps lines of more than 900 characters.",
    "relay-wraps-lines",
    of_body(replaced(rb"([^\r\n]{900})(?=[^\r\n])", rb"\1\r\n")),
    rows(BODY, "line-of-998"),
)
relay_that(
    "Takes white space off the ends of lines.",
    "relay-trims-lines",
    of_body(replaced(rb"[ \t]+\r$", b"\r")),
    {*rows(BODY, "white-space-at-the-end"), *rows(THROUGH, "spaces-at-the-end", "tab-at-the-end", "tab", "dot-space")},
)
relay_that(
    "Takes empty lines off the end.",
    "relay-drops-empty-lines-at-the-end",
    of_body(lambda body: re.sub(rb"(?:\r\n)+\Z", CRLF, body)),
    {*rows(BODY, "empty-lines-at-the-end"), *rows(f"{BEHIND}/last_line_is_relayed", "empty-line")},
)
relay_that(
    "Takes empty lines off the beginning.",
    "relay-drops-empty-lines-at-the-beginning",
    of_body(lambda body: body.lstrip(CRLF)),
    rows(BODY, "empty-lines-at-the-beginning"),
)
relay_that(
    "Writes a line into a message that has no body.",
    "relay-fills-empty-bodies",
    of_body(lambda body: body or b"(no text)" + CRLF),
    rows(BODY, "no-body"),
)
relay_that(
    "Quotes lines that begin with From.",
    "relay-quotes-from-lines",
    of_body(replaced(rb"^From ", b">From ")),
    rows(BODY, "from-line"),
)
relay_that(
    "Decodes quoted-printable.",
    "relay-decodes",
    of_body(lambda body: body.replace(b"=3D", b"=").replace(b"=20", b" ").replace(b"=" + CRLF, b"")),
    rows(BODY, "quoted-printable"),
)
relay_that(
    "Drops lines that look like commands.",
    "relay-drops-commands",
    of_body(replaced(rb"^(?:QUIT|RSET)\r\n", b"")),
    rows(BODY, "commands"),
)
relay_that(
    "Drops lines of the body that look like header fields.",
    "relay-drops-header-lines-of-the-body",
    of_body(replaced(rb"^Subject: [^\r\n]*\r\n", b"")),
    rows(BODY, "looks-like-a-header"),
)
relay_that(
    "Cuts messages off after a thousand lines.",
    "relay-cuts-messages-off",
    of_body(lambda body: b"".join(line + CRLF for line in body.split(CRLF)[:-1][:1000])),
    rows(BODY, "many-lines"),
    {"rfc5321/4.1.1.4/missing-crlf-added-or-rejected"},
)
relay_that(
    "Clears the high bit of 8-bit octets.",
    "relay-clears-high-bits",
    of_body(lambda body: bytes(octet & 0x7F for octet in body)),
    {f"{RELAYED}/eight_bit_body_is_relayed*"},
)
relay_that(
    "Drops control characters and turns tabs into spaces.",
    "relay-drops-control-characters",
    of_body(lambda body: re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", b"", body).replace(b"\t", b" ")),
    rows(
        THROUGH,
        "vertical-tab",
        "form-feed",
        "bell",
        "backspace",
        "escape",
        "control-z",
        "delete",
        "nul",
        "tab",
        "tab-at-the-end",
    ),
    {"rfc5321/3.6.3/relay-leaves-content-alone"},
)
relay_that(
    "Turns backslashes into slashes.",
    "relay-turns-backslashes",
    of_body(lambda body: body.replace(b"\\", b"/")),
    rows(THROUGH, "all-printable"),
)
relay_that(
    "Drops the last line.",
    "relay-drops-the-last-line",
    of_body(lambda body: re.sub(rb"[^\r\n]*\r\n\Z", b"", body)),
    {f"{BEHIND}/last_line_is_relayed*"},
    CHANGES,
)

# Final delivery.

delivery_that(
    "Drops control characters and turns tabs into spaces.",
    "delivery-drops-control-characters",
    of_body(lambda body: re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", b"", body).replace(b"\t", b" ")),
    rows(
        STORED,
        "vertical-tab",
        "form-feed",
        "bell",
        "backspace",
        "escape",
        "control-z",
        "delete",
        "tab",
        "tab-at-the-end",
    ),
)
delivery_that(
    "Takes white space off the ends of lines.",
    "delivery-trims-lines",
    of_body(replaced(rb"[ \t]+\r$", b"\r")),
    rows(STORED, "spaces-at-the-end", "tab-at-the-end", "tab", "dot-space"),
)
delivery_that(
    "Marks lines that begin with From, where no mbox needs it.",
    "delivery-marks-from-lines",
    of_body(replaced(rb"^From ", b">From ")),
    rows(STORED, "from"),
)
delivery_that(
    "Wraps long lines.",
    "delivery-wraps-lines",
    of_body(replaced(rb"([^\r\n]{900})(?=[^\r\n])", rb"\1\r\n")),
    rows(STORED, "998-characters"),
)
delivery_that(
    "Turns backslashes into slashes.",
    "delivery-turns-backslashes",
    of_body(lambda body: body.replace(b"\\", b"/")),
    rows(STORED, "all-printable"),
)
delivery_that(
    "Takes a dot off every line that begins with one.",
    "delivery-takes-dots-off",
    of_body(replaced(rb"^\.", b"")),
    {
        *rows(STORED, "dot", "two-dots", "three-dots", "dot-and-text", "dot-space", "many-dots"),
        *rows(f"{BEHIND}/last_line_is_delivered", "dot"),
        *rows(f"{BEHIND}/command_in_the_data_is_delivered", "bare-dots"),
    },
)
delivery_that(
    "Adds an empty line to every message.",
    "delivery-adds-an-empty-line",
    of_body(lambda body: body + CRLF),
    {f"{BEHIND}/last_line_is_delivered*"},
    KEPT,
)
delivery_that(
    "Drops lines that look like commands.",
    "delivery-drops-commands",
    of_body(replaced(rb"^(?:QUIT|RSET|DATA|MAIL FROM:[^\r\n]*)\r\n", b"")),
    rows(f"{BEHIND}/command_in_the_data_is_delivered", "quit", "rset", "data", "mail"),
)

# Recipients in the header section.


@defect(Trace.with_trace, proves={f"{RELAYED}/no_apparently_to_is_added"})
def apparently_to_is_added(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Adds Apparently-To to a message that has no To."""
    field = b"Apparently-To: <%b>" % accepted.forward_paths[0] + CRLF
    return clean(accepted, content) if b"\nTo:" in accepted.header else field + clean(accepted, content)


@defect(
    Trace.with_trace,
    proves={f"{RELAYED}/recipients_are_not_copied_into_the_header*"},
    also={"rfc5321/7.2/client-keeps-recipients-out"},
)
def recipients_are_copied_into_the_header(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Adds a field with all recipients."""
    field = b"X-Envelope-To: " + b", ".join(accepted.forward_paths) + CRLF
    return field + clean(accepted, content)


@defect(
    Trace.with_trace,
    proves={f"{RELAYED}/header_addresses_stay"},
    also={
        "rfc3030/3/preserve-all-bits",
        "rfc5321/4.5.4.2/several-transactions-at-once",
        "rfc5321/6.4/relay-changes-nothing",
    },
)
def header_is_made_from_the_envelope(
    clean: Callable[[Accepted, bytes], bytes], _: Trace, accepted: Accepted, content: bytes
) -> bytes:
    """Writes the sender of the envelope into From where they differ."""
    if b"@relay." not in accepted.reverse_path or len(accepted.forward_paths) != 1:
        return clean(accepted, content)
    return clean(accepted, re.sub(rb"(?m)^From: <[^>]*>", b"From: <%b>" % accepted.reverse_path, content))


@defect(Mailer.expanded, proves={f"{RELAYED}/header_does_not_route"})
def header_routes(clean: Callable[[Copy], list[Copy]], _: Mailer, copy: Copy) -> list[Copy]:
    """Sends a message that begins with To to the recipient there besides."""
    to = re.search(rb"\+0000\r\nTo: <([^>]*)>", copy.content)
    wanted = copy.forward_paths[0].rpartition(b"@")[2] if copy.forward_paths else b""
    if to and wanted.startswith(b"relay.") and b"alice" in to[1]:
        also = b"alice@" + wanted
        return clean(replace(copy, forward_paths=(*copy.forward_paths, also)))
    return clean(copy)


MANY = {f"{BEHIND}/body_with_many_dots_is_{how}" for how in ("delivered", "relayed")}
DOTS_STAY = {*KEPT, "rfc1870/5/what-counts", "rfc5321/4.5.2/reversible-storage", "rfc5321/4.5.2/client-adds-dot"}


@defect(
    ServerSession.unstuffed,
    proves={f"{family}[{row}]" for family in MANY for row in ("some-lines", "lines-on-end", "fifty-thousand-octets")},
    also=DOTS_STAY,
)
def one_dot_alone_is_unstuffed(clean: Change, _: ServerSession, lines: bytes) -> bytes:
    """Deletes the first dot of the first line that begins with one, and of no other."""
    del clean
    return re.sub(rb"(\A|\r\n)\.", rb"\1", lines, count=1)


@defect(
    ServerSession.unstuffed,
    proves={f"{family}[{row}]" for family in MANY for row in ("first-line*", "between-empty-lines")},
    also=DOTS_STAY,
)
def dots_behind_empty_lines_stay(clean: Change, _: ServerSession, lines: bytes) -> bytes:
    """Deletes no dot in a line behind an empty one."""
    del clean
    return re.sub(rb"(\A|[^\n]\r\n)\.", rb"\1", lines)


@defect(ServerSession.unstuffed, proves={f"{BEHIND}/dot_that_begins_the_mail_data_goes"})
def dot_of_the_first_line_stays(clean: Change, _: ServerSession, lines: bytes) -> bytes:
    """Deletes no dot in the very first line of the mail data."""
    return b"." + clean(lines) if lines.startswith(b".") else clean(lines)


@defect(ServerSession.unstuffed, proves={f"{BEHIND}/dot_that_was_not_doubled_goes*"})
def dots_that_were_not_doubled_stay(clean: Change, _: ServerSession, lines: bytes) -> bytes:
    """Makes one dot of two that begin a line, and leaves one alone."""
    del clean
    return re.sub(rb"(\A|\r\n)\.\.", rb"\1.", lines)
