"""Defects of a relay as a client: its order, its words, what it makes of replies (RFC 5321 §3.3, §4.2, §4.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.reference._decision import defect
from conformance.reference._mailer import Copy, Mailer
from conformance.reference._relay import Failed, RelaySession
from conformance.wire import Reply

Lines = tuple[bytes, ...]
OfLines = Callable[[], Lines]
OfReply = Callable[[Reply], bool]

HERE = "rfc5321/4.3.1"
AS_A_CLIENT = f"{HERE}/relay_as_a_client"
SUCCESS = f"{HERE}/success_is_told_by_the_code"
LISTED = {250, 251, 252}


@defect(
    RelaySession.before_hello,
    proves={f"{AS_A_CLIENT}[hello-before-mail]", f"{AS_A_CLIENT}[ehlo-first]"},
    also={
        "rfc3207/6/client-can-require-tls",
        "rfc4954/9/configured-never-to-send",
        "rfc5321/4.1.4/no-nested-mail",
        "rfc5321/3.3/commands-in-order",
        "rfc5321/4.1.1.1/start-with-ehlo",
    },
)
def relay_says_mail_before_ehlo(clean: OfLines, _: RelaySession) -> Lines:
    """Says MAIL before EHLO."""
    return (*clean(), b"MAIL FROM:<>")


@defect(
    RelaySession.hello_verbs,
    proves={f"{AS_A_CLIENT}[ehlo-first]"},
    also={
        "rfc3207/6/retry-tls-later",
        "rfc5321/4.5.3.1.7/client-uses-size",
        "rfc5321/4.1.1.1/start-with-ehlo",
        "rfc6531/3.2/else-reject",
    },
    varies={"rfc5321/3.2/session_may_start_with_helo"},
)
def relay_says_helo_first(clean: OfLines, _: RelaySession) -> Lines:
    """Says HELO where EHLO would be taken."""
    return tuple(reversed(clean()))


@defect(
    RelaySession.sends_mail_with_hello,
    proves={
        f"{AS_A_CLIENT}[reply-to-ehlo]",
        "rfc2920/3.1/nothing_goes_out_behind_what_ends_a_group[taken]",
    },
    also={
        "rfc3207/6/client-can-require-tls",
        "rfc4954/9/configured-never-to-send",
        "rfc5321/4.5.3.1.7/client-uses-size",
        "rfc2920/3.1/only-where-listed",
        "rfc3030/3/body-with-mail",
        "rfc3461/3/*",
        "rfc3461/5.2.1/*",
        "rfc3461/5.2.7.2/alias-propagates",
        "rfc5321/2.2.1/client-supports-helo",
        "rfc5321/3.2/fall-back-to-helo",
        "rfc6152/3/*",
        "rfc6531/3.4/client-supplies-parameter",
    },
)
def relay_does_not_wait_for_the_reply_to_ehlo(clean: Callable[[], bool], _: RelaySession) -> bool:
    """Sends MAIL together with EHLO."""
    del clean
    return True


@defect(
    RelaySession.before_recipients,
    proves={f"{AS_A_CLIENT}[order]"},
    also={"rfc3030/3/rset-after-503", "rfc5321/4.2/client-ends-on-out-of-range-code"},
)
def relay_says_data_before_rcpt(clean: OfLines, _: RelaySession) -> Lines:
    """Says DATA before RCPT."""
    return (*clean(), b"DATA")


@defect(
    RelaySession.before_recipients,
    proves={f"{AS_A_CLIENT}[no-nested-mail]"},
    also={"rfc5321/3.3/commands-in-order"},
)
def relay_says_mail_twice(clean: OfLines, _: RelaySession) -> Lines:
    """Says MAIL again within a transaction."""
    return (*clean(), b"MAIL FROM:<>")


@defect(RelaySession.before_recipients, proves={f"{AS_A_CLIENT}[ascii]"})
def relay_says_8_bit_words(clean: OfLines, _: RelaySession) -> Lines:
    """Says NOOP with a word that is not ASCII."""
    return (*clean(), b"NOOP caf\xe9")


@defect(
    RelaySession.before_recipients,
    proves={f"{AS_A_CLIENT}[line-ends]", "rfc5321/3.3/relay_writes_the_envelope[lines]"},
    also={"rfc5321/2.3.7/commands-and-data-in-lines"},
)
def relay_says_bare_lf(clean: OfLines, _: RelaySession) -> Lines:
    """Says NOOP with a bare LF."""
    return (*clean(), b"NOOP one\ntwo")


@defect(RelaySession.data_line, proves={f"{AS_A_CLIENT}[no-arguments]"})
def relay_says_data_with_an_argument(clean: Callable[[], bytes], _: RelaySession) -> bytes:
    """Says DATA with an argument."""
    return clean() + b" now"


@defect(
    RelaySession.outward_parameters,
    proves={f"{AS_A_CLIENT}[parameters]"},
    also={
        "rfc3461/4.5/mail-once-each",
        "rfc3461/5.2.1/no-new-ret",
        "rfc3461/5.2.2/no-parameters",
        "rfc3461/6.1/no-ret",
    },
)
def relay_gives_parameters_that_nobody_offered(
    clean: Callable[[bool], bytes], _: RelaySession, eight_bit: bool
) -> bytes:
    """Gives MAIL a parameter of an extension that the next hop does not offer."""
    return clean(eight_bit) + b" RET=HDRS"


@defect(
    RelaySession.own_name,
    proves={f"{AS_A_CLIENT}[name]"},
    also={"rfc5321/2.3.5/*", "rfc5321/4.1.1.1/*", "rfc5321/4.1.4/client-name-is-primary"},
)
def relay_gives_a_short_name(clean: Callable[[], bytes], _: RelaySession) -> bytes:
    """Says EHLO with a name that has no domain."""
    return clean().partition(b".")[0]


@defect(
    RelaySession.farewell, proves={f"{HERE}/relay_leaves_with_quit*"}, also={"rfc3207/4.1/client-quits-when-too-weak"}
)
def relay_leaves_without_quit(clean: OfLines, _: RelaySession) -> Lines:
    """Closes the connection without QUIT."""
    del clean
    return ()


REPLIES = "rfc5321/4.2"
BARE = f"{REPLIES}/code_alone_is_enough"
DIGITS = f"{REPLIES}/code_is_read_by_its_first_digit"


def fails_for(does: str, name: str, wrong: OfReply, rows: Iterable[str], more: Iterable[str] = ()) -> None:
    """Declare a relay that takes some replies of success for failure; ``more`` are other scenarios that find it."""

    def override(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
        return clean(reply) and not wrong(reply)

    override.__name__, override.__doc__ = name.replace("-", "_"), does
    proves = {f"{SUCCESS}[{row}]" for row in rows} | set(more)
    defect(RelaySession.is_success, proves=proves)(override)


fails_for(
    "Wants text behind the code.",
    "relay-wants-text",
    lambda reply: not reply.text.strip(),
    ["no-text", "bare-code"],
    [f"{BARE}[{row}]" for row in ("mail", "rcpt", "rcpt-and-space", "end-of-data")],
)
fails_for("Reads the text for a code.", "relay-reads-the-text", lambda reply: b"550" in reply.text, ["odd-text"])
fails_for("Takes no reply of many lines.", "relay-reads-ten-lines", lambda reply: len(reply.lines) > 10, ["many-lines"])
fails_for(
    "Takes no long reply line.",
    "relay-reads-400-octets",
    lambda reply: any(len(line.content) > 400 for line in reply.lines),
    ["512-octets"],
)
fails_for(
    "Knows the listed codes only.",
    "relay-knows-listed-codes-only",
    lambda reply: reply.code not in LISTED,
    ["new-code", "unlisted-code"],
    [f"{DIGITS}[{row}]" for row in ("2yz-*", "listed-2yz-*")],
)


@defect(Mailer.fail, proves={f"{HERE}/failure_is_told_by_the_code*"})
def relay_believes_a_friendly_refusal(
    clean: Callable[[Copy, list[Failed]], None], _: Mailer, copy: Copy, failed: list[Failed]
) -> None:
    """Takes a refusal whose text says OK for success."""
    real = [each for each in failed if b"OK" not in each.reason]
    if real:
        clean(copy, real)


@defect(
    RelaySession.may_send_data,
    proves={f"{HERE}/no_mail_data_without_354[250]", f"{HERE}/no_mail_data_without_354[new-2yz]"},
)
def relay_sends_data_after_any_success(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Sends the message after a 2yz to DATA."""
    return clean(reply) or reply.severity == 2


@defect(
    RelaySession.may_send_data,
    proves={f"{HERE}/no_mail_data_without_354*"},
    also={"rfc5321/4.2.1/client-tries-again-after-4yz"},
)
def relay_sends_data_after_anything(clean: OfReply, _: RelaySession, reply: Reply) -> bool:
    """Sends the message whatever the reply to DATA is."""
    del clean, reply
    return True
