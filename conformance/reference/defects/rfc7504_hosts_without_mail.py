"""Defects of hosts and domains that take no mail (RFC 7504, RFC 7505)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._mailer import Mailer
from conformance.reference._relay import Sent
from conformance.reference._session import Answer, ServerSession, answer
from conformance.reference._site import HOST

OfOctets = Callable[[bytes], Answer | None]
Nothing = Callable[[], Answer | None]


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc7504/3/watch_521_where_mail_is_taken"},
    also={"rfc5321/3.3/*", "rfc5321/4.2.2/*", "rfc5321/4.3.2/*"},
)
def recipients_are_refused_with_521(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Refuses a recipient with 521, while it takes others."""
    del session
    given = clean(forward_path)
    return replace(given, code=521) if given and given.code == 550 else given


@defect(
    ServerSession.greeting,
    varies={
        "rfc7504/3/server_without_mail_may_open_with_521",
        "rfc7504/3/opening_text_may_say_that_no_mail_is_taken",
        "rfc7504/3/command_after_the_opening_may_be_answered*",
    },
)
def opening_is_a_521(clean: Nothing, session: ServerSession) -> Answer | None:
    """Opens with 521 and a text of its own where it takes no mail."""
    return answer(521, HOST + b" is not for you") if session.rejects else clean()


@defect(
    ServerSession.command_after_554,
    varies={"rfc7504/3/command_after_the_opening_may_be_answered*"},
    also={"rfc5321/3.1/503-after-554", "rfc5321/3.1/wait-for-quit-after-554"},
)
def commands_after_the_opening_bring_the_close(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Answers any command after a refusal at the opening with 521 and the close."""
    del clean, session, verb
    return answer(521, HOST + b" takes no mail", close=True)


@defect(
    ServerSession.quit,
    proves={"rfc7504/3/quit_after_the_opening_is_taken"},
    also={"rfc5321/3.1/*", "rfc5321/4.3.2/quit-replies"},
)
def quit_after_the_opening_is_refused(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 503 to QUIT where it takes no mail, and stays."""
    return answer(503, b"Bad sequence of commands") if session.rejects else clean(argument)


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc7505/4.1/watch_code_for_recipients_with_null_mx"},
)
def null_mx_of_a_recipient_gets_550(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Says 5.1.10, that the recipient's domain has a null MX, with the code 550."""
    del session
    given = clean(forward_path)
    return (
        replace(given, texts=(b"Recipient address has null MX",), status=b"5.1.10")
        if given and given.code == 550
        else given
    )


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc7505/4.1/watch_status_for_recipients_with_null_mx"},
    also={"rfc5321/4.2.2/*", "rfc3463/3.2/x-1-2-bad-domain"},
)
def null_mx_of_a_recipient_has_no_status(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 556, that the recipient's domain has a null MX, without 5.1.10."""
    del session
    given = clean(forward_path)
    return answer(556, b"Domain does not accept mail", status=b"5.1.2") if given and given.code == 550 else given


@defect(
    ServerSession.refuse_recipient,
    proves={"rfc7505/4.1/watch_code_for_senders_with_null_mx"},
    also={"rfc3463/3.2/*", "rfc5321/4.2.2/*", "rfc5321/3.3/*"},
)
def null_mx_of_a_sender_gets_553(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Says 5.7.27, that the sender's domain has a null MX, with the code 553."""
    del session
    given = clean(forward_path)
    return answer(553, b"Sender address has null MX", status=b"5.7.27") if given and given.code == 550 else given


@defect(
    ServerSession.open_transaction,
    proves={"rfc7505/4.2/null_reverse_path_is_no_null_mx"},
    also={"rfc5321/*"},
)
def null_reverse_path_has_a_null_mx(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Refuses the null reverse-path as if it were an address of a domain with a null MX."""
    del session
    return (
        answer(550, b"Sender address has null MX", status=b"5.7.27")
        if argument.upper().startswith(b"FROM:<>")
        else clean(argument)
    )


@defect(
    ServerSession.null_mx,
    proves={"rfc7504/4/domain_without_mail_is_refused_with_556*"},
    also={"rfc7504/6/*"},
)
def null_mx_is_refused_as_no_mailbox(
    clean: Callable[[str], Answer | None], session: ServerSession, domain: str
) -> Answer | None:
    """Refuses a recipient in a domain with a null MX with 550, as one that it does not know."""
    del clean, session, domain
    return answer(550, b"No such recipient", status=b"5.1.1")


@defect(
    ServerSession.null_mx,
    proves={"rfc7504/6/refusal_for_a_null_mx_says_so"},
    also={"rfc7505/4.1/5.1.10-for-recipients"},
)
def refusal_for_a_null_mx_is_about_policy(
    clean: Callable[[str], Answer | None], session: ServerSession, domain: str
) -> Answer | None:
    """Refuses a recipient in a domain with a null MX with 556 and the status 5.7.1."""
    given = clean(domain)
    del session
    return replace(given, status=b"5.7.1") if given else None


@defect(Mailer.judged, proves={"rfc7504/4/sender_is_told_of_a_556_as_of_a_550*"})
def refusal_with_556_is_one_for_now(clean: Callable[[Sent], Sent], mailer: Mailer, sent: Sent) -> Sent:
    """Keeps what the next hop refuses with 556, a code that it does not know, and tries again."""
    del mailer
    tried = clean(sent)
    unknown = tuple(each for each in tried.failed if each.reason.startswith(b"556"))
    rest = tuple(each for each in tried.failed if each not in unknown)
    return replace(tried, failed=rest, deferred=(*tried.deferred, *unknown))
