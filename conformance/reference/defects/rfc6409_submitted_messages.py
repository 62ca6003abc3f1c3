"""Defects of submission servers in what they refuse, complete and send on (RFC 6409 §4 to §8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._relay import RelaySession
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import RELAY_DOMAIN
from conformance.reference._submission import Submission
from conformance.store import Field
from conformance.wire.paths import Mailbox, Path, PathArgument

OfOctets = Callable[[bytes], Answer | None]
Complete = Callable[[Mailbox], Mailbox | None]
Fields = Callable[[list[Field]], list[Field]]
SUBMISSION = "submission"

REFUSALS = {"500", "501", "503", "550", "553", "554", "555"}

# Codes.


@defect(
    ServerSession.with_status,
    only=REFUSALS,
    profile=SUBMISSION,
    proves={"rfc6409/4.1/refusal_has_a_code_that_says_more_or_554*"},
    also={"rfc5321/*", "rfc6409/*", "rfc5248/*", "rfc2034/*"},
)
def submission_refuses_with_a_code_of_its_own(
    clean: Callable[[Answer], Answer], session: ServerSession, given: Answer
) -> Answer:
    """Refuses MAIL, RCPT and DATA with 559."""
    told = clean(given)
    return replace(told, code=559) if session.answers in {b"MAIL", b"RCPT", b"DATA"} else told


@defect(
    ServerSession.with_status,
    only=REFUSALS,
    profile=SUBMISSION,
    proves={"rfc6409/7/refusal_is_no_521*"},
    also={"rfc5321/*", "rfc6409/*", "rfc7504/*"},
)
def submission_refuses_with_521(clean: Callable[[Answer], Answer], session: ServerSession, given: Answer) -> Answer:
    """Refuses all that it refuses with 521."""
    del session
    return replace(clean(given), code=521)


@defect(
    ServerSession.greeting,
    profile=SUBMISSION,
    proves={"rfc6409/7/greeting_is_no_521"},
    also={"rfc5321/*"},
)
def submission_greets_with_521(clean: Callable[[], Answer | None], session: ServerSession) -> Answer | None:
    """Opens every session with 521."""
    del clean, session
    return answer(521, b"No mail here")


@defect(
    ServerSession.authentication_required,
    profile=SUBMISSION,
    proves={"rfc6409/7/stranger_is_not_refused_with_521"},
    also={"rfc6409/4.3/530-for-authentication"},
)
def submission_refuses_strangers_with_521(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers 521 for want of AUTH."""
    del clean, session, verb
    return answer(521, b"No mail from you")


def _as_550(given: Answer | None) -> Answer | None:
    return replace(given, code=550) if given is not None and given.code == 554 else given


@defect(
    ServerSession.open_transaction,
    name="submission-answers-incomplete-domains-with-550",
    profile=SUBMISSION,
    proves={"rfc6409/4.2/incomplete_domain_gets_554*"},
)
def incomplete_sender_gets_550(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to domains that are not complete."""
    del session
    return _as_550(clean(argument))


@defect(ServerSession.rcpt, name="submission-answers-incomplete-domains-with-550", profile=SUBMISSION)
def incomplete_recipient_gets_550(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to domains that are not complete."""
    del session
    return _as_550(clean(argument))


# Domains that are not complete.

SHORT = "submission-takes-incomplete-domains"


@defect(
    Submission.qualified_mailbox,
    name=SHORT,
    profile=SUBMISSION,
    proves={
        "rfc6409/4.2/sender_without_a_whole_domain_does_not_go_on*",
        "rfc6409/4.2/recipient_without_a_whole_domain_does_not_go_on",
    },
    also={
        "rfc6409/4.2/header-domains-qualified",
        "rfc6409/5.1/address-syntax-enforced",
        "rfc6409/5.1/501-for-addresses",
    },
)
def every_domain_is_whole(clean: Complete, submission: Submission, given: Mailbox) -> Mailbox | None:
    """Takes addresses whose domain has one label, or is missing, and sends them on as they are."""
    del clean, submission
    return given


@defect(ServerSession.path_and_parameters, name=SHORT, profile=SUBMISSION)
def path_needs_no_domain(
    clean: Callable[[bytes, bytes], PathArgument | None], session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes addresses whose domain has one label, or is missing, and sends them on as they are."""
    del session
    local = argument[len(keyword) :].strip(b"<>")
    return PathArgument(Path(Mailbox(local, b"")), {}) if local.isalnum() else clean(keyword, argument)


@defect(ServerSession.kept_reverse_path, name=SHORT, profile=SUBMISSION)
def reverse_path_needs_no_domain(clean: Callable[[Path], bytes], session: ServerSession, path: Path) -> bytes:
    """Takes addresses whose domain has one label, or is missing, and sends them on as they are."""
    del session
    return clean(path).removesuffix(b"@")


@defect(ServerSession.serves, name=SHORT, profile=SUBMISSION)
def short_domains_are_served(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Takes addresses whose domain has one label, or is missing, and sends them on as they are."""
    del session
    return clean(mailbox) or b"." not in mailbox.domain


@defect(
    Submission.qualified_field,
    profile=SUBMISSION,
    proves={"rfc6409/4.2/header_that_is_changed_has_whole_domains*"},
)
def submission_leaves_short_domains_in_the_header(
    clean: Callable[[Field], Field | None], submission: Submission, field: Field
) -> Field | None:
    """Adds a Message-ID to a message, and leaves the domains of its header as they are."""
    del clean, submission
    return field


@defect(
    Submission.qualified_mailbox,
    profile=SUBMISSION,
    proves={"rfc6409/4.2/domain_of_several_labels_is_not_completed", "rfc5321/5.1/submission_completes_no_name"},
)
def submission_completes_domains_of_several_labels(
    clean: Complete, submission: Submission, given: Mailbox
) -> Mailbox | None:
    """Adds the last label of its own domain to domains of several labels."""
    del submission
    whole = given.domain + b".test"
    return Mailbox(given.local, whole) if whole == RELAY_DOMAIN else clean(given)


# What it sends on.


@defect(
    Submission.improper_addresses,
    profile=SUBMISSION,
    proves={"rfc6409/5.1/malformed_address_does_not_stay_in_a_header_that_is_changed*"},
)
def submission_takes_any_address_in_the_header(
    clean: Callable[[tuple[Field, ...]], bytes], submission: Submission, fields: tuple[Field, ...]
) -> bytes:
    """Adds a Message-ID to a message, and leaves addresses in its header that are none."""
    del clean, submission, fields
    return b""


UNFINISHED = "rfc6409/8/what_is_sent_on_is_a_message"


@defect(
    Submission.with_date,
    profile=SUBMISSION,
    proves={
        f"{UNFINISHED}[{row}]"
        for row in ("no-date", "bad-date", "date-without-zone", "two-dates", "no-date-and-no-message-id")
    },
    varies={"rfc5321/6.4/missing_field_may_be_added[date]"},
)
def submission_leaves_dates_alone(clean: Fields, submission: Submission, fields: list[Field]) -> list[Field]:
    """Sends on what has no Date, a Date that is none, or two."""
    del clean, submission
    return fields


@defect(
    Submission.improper_message,
    profile=SUBMISSION,
    proves={
        f"{UNFINISHED}[{row}]"
        for row in ("no-from", "two-froms", "two-subjects", "two-tos", "line-that-is-no-field", "long-line")
    },
)
def submission_sends_anything_on(
    clean: Callable[[tuple[Field, ...], bytes], bytes],
    submission: Submission,
    fields: tuple[Field, ...],
    content: bytes,
) -> bytes:
    """Sends on what is no message: without From, with a field twice, with a line that is too long."""
    del clean, submission, fields, content
    return b""


@defect(
    RelaySession.outward_lines,
    profile=SUBMISSION,
    proves={f"{UNFINISHED}[bare-lf]", f"{UNFINISHED}[bare-cr]"},
    also={"rfc6409/8/*"},
)
def submission_sends_bare_line_ends(clean: Callable[[bytes], bytes], session: RelaySession, content: bytes) -> bytes:
    """Sends every other line with an LF or a CR alone at its end."""
    del clean, session
    header, empty, body = content.partition(b"\r\n\r\n")
    lines = body.split(b"\r\n")
    return (
        header
        + empty
        + b"".join(
            line + (b"\r", b"\n")[number % 2] if number < len(lines) - 2 else line + b"\r\n"
            for number, line in enumerate(lines[:-1])
        )
    )


@defect(
    Submission.with_date,
    profile=SUBMISSION,
    proves={f"{UNFINISHED}[finished]"},
    also={"rfc6409/8/*"},
)
def submission_adds_a_second_date(clean: Fields, submission: Submission, fields: list[Field]) -> list[Field]:
    """Adds a Date to every message, to those that have one too."""
    del submission
    return [*clean(fields), Field(b"Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n")]


@defect(Submission.sender_address, profile=SUBMISSION, proves={"rfc6409/8.1/sender_that_is_added_takes_mail*"})
def submission_names_logins_as_senders(
    clean: Callable[[bytes], bytes], submission: Submission, identity: bytes
) -> bytes:
    """Adds a Sender with the name of the login, and no domain."""
    del submission
    return clean(identity).partition(b"@")[0]


@defect(Submission.sender_address, profile=SUBMISSION, proves={"rfc6409/8.1/sender_that_is_added_takes_mail*"})
def submission_names_senders_that_nobody_is(
    clean: Callable[[bytes], bytes], submission: Submission, identity: bytes
) -> bytes:
    """Adds a Sender that takes no mail."""
    del submission
    return b"login-of-" + clean(identity)


MESSAGE_ID = "rfc6409/8.3/message_goes_on_with_a_message_id"


@defect(
    Submission.with_message_id,
    profile=SUBMISSION,
    proves={f"{MESSAGE_ID}[{row}]" for row in ("none", "empty", "no-brackets", "no-at", "space", "unclosed")},
    varies={"rfc5321/6.4/missing_field_may_be_added[message-id]"},
)
def submission_leaves_message_ids_alone(clean: Fields, submission: Submission, fields: list[Field]) -> list[Field]:
    """Sends on what has no Message-ID, or one that is none."""
    del clean, submission
    return fields


@defect(Submission.with_message_id, profile=SUBMISSION, proves={f"{MESSAGE_ID}[good]"}, also={"rfc6409/8/*"})
def submission_adds_a_second_message_id(clean: Fields, submission: Submission, fields: list[Field]) -> list[Field]:
    """Adds a Message-ID to every message, to those that have one too."""
    del submission
    return [*clean(fields), Field(b"Message-ID: <one.more@mail.example.test>\r\n")]


KEPT = "rfc6409/8.8/recipient_elsewhere_keeps_its_local_part"


@defect(Submission.submitted_local_part, profile=SUBMISSION, proves={f"{KEPT}*"})
def submission_rewrites_recipients_elsewhere(
    clean: Callable[[Mailbox], Mailbox], submission: Submission, given: Mailbox
) -> Mailbox:
    """Adds a word to the local-part of every recipient elsewhere."""
    del submission
    kept = clean(given)
    quoted = kept.local.endswith(b'"')
    local = kept.local.removesuffix(b'"') + b".user" + (b'"' if quoted else b"")
    return Mailbox(local, kept.domain)


@defect(Submission.submitted_local_part, profile=SUBMISSION, proves={f"{KEPT}[mixed-case]"})
def submission_writes_recipients_elsewhere_in_small_letters(
    clean: Callable[[Mailbox], Mailbox], submission: Submission, given: Mailbox
) -> Mailbox:
    """Writes the local-part of every recipient elsewhere in small letters."""
    del submission
    kept = clean(given)
    return Mailbox(kept.local.lower(), kept.domain)


# Time.


@defect(
    Submission.seconds_before_reply,
    only={"MAIL", "RCPT", "DATA", "NOOP", "RSET", "VRFY", "QUIT"},
    profile=SUBMISSION,
    proves={"rfc6409/5.3/command_is_answered_within_two_minutes*"},
    also={"rfc6409/4.3/*", "rfc5321/4.2/*"},
)
def submission_takes_its_time(clean: Callable[[bytes], float], submission: Submission, verb: bytes) -> float:
    """Answers each command after two and a half minutes."""
    del clean, submission, verb
    return 150.0
