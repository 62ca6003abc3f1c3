"""Defects in what sites decide: hops, VRFY and EXPN, attacks, refusals (RFC 5321 §6.3, §7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]

SECURITY = "rfc5321/7.3/"
ATTACKS = "rfc5321/7.8/"
SCOPE = "rfc5321/7.9/"


@defect(ServerSession.end_of_data, proves={"rfc5321/6.3/message_that_came_by_many_hosts_is_taken*"})
def twenty_hops_are_a_loop(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses a message with more than 20 Received fields."""
    del session
    return answer(554, b"Too many hops") if content.count(b"Received:") > 20 else clean(content)


@defect(
    ServerSession.vrfy,
    proves={
        SECURITY + "refused_address_does_not_look_verified[vrfy]",
        SECURITY + "address_that_nobody_can_verify_does_not_look_verified",
        SECURITY + "vrfy_tells_a_mailbox_from_none",
    },
    also={
        "rfc6531/3.7.4.2/252-or-550",
        "rfc6531/3.7.4.2/for-that-command-only",
        "rfc6531/3.7.4.2/no-utf-8-unasked",
        "rfc6531/3.7.4.2/success-form",
        "rfc5321/4.1.1.6/confirms-user",
        "rfc5321/3.5.1/553-for-ambiguous-name",
        "rfc5321/3.5.3/250-only-when-verified",
        "rfc5321/3.5.3/500-or-502-when-only-syntax",
    },
)
def vrfy_confirms_every_syntax(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to VRFY of anything with an argument."""
    del session
    return answer(250, b"<%b>" % argument[:300]) if argument else clean(argument)


@defect(
    ServerSession.expn,
    proves={SECURITY + "refused_address_does_not_look_verified[expn]"},
    also={"rfc5321/4.1.1.7/confirms-list", "rfc5321/3.5.3/250-only-when-verified"},
)
def expn_takes_everything_for_a_list(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to EXPN of what is no list, as if it were one with itself for a member."""
    del session
    given = clean(argument)
    return answer(250, b"<%b>" % argument) if given and given.code == 550 else given


@defect(ServerSession.disabled, proves={SECURITY + "command_that_is_turned_off_gets_252"})
def what_is_turned_off_gets_502(
    clean: Callable[[bytes, bytes], Answer | None], session: ServerSession, verb: bytes, argument: bytes
) -> Answer | None:
    """Answers 502 to VRFY and EXPN where the site has turned them off."""
    del clean, session, argument
    return answer(502, verb + b" is turned off here")


@defect(
    ServerSession.vrfy,
    proves={SECURITY + "not_every_mailbox_is_denied", SECURITY + "vrfy_tells_a_mailbox_from_none"},
    also={
        "rfc5321/4.1.1.6/confirms-user",
        "rfc5321/3.5.1/553-for-ambiguous-name",
        "rfc5321/3.5.1/local-mailboxes-recognized",
        "rfc5321/3.5.3/251-and-551-as-for-rcpt",
        "rfc5321/3.5.3/252-when-not-verifiable",
    },
)
def vrfy_knows_nobody(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to VRFY of anything with an argument."""
    del session
    return answer(550, b"No such mailbox here") if argument else clean(argument)


@defect(ServerSession.command, only={"VRFY", "EXPN"}, varies={SECURITY + "command_is_served_or_turned_off*"})
def vrfy_and_expn_are_turned_off(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 252 to VRFY and EXPN of anything."""
    del session
    given = clean(line)
    return answer(252, b"Turned off") if given and given.code in {250, 550} else given


@defect(
    ServerSession.command,
    only={"VRFY", "EXPN"},
    varies={SECURITY + "command_is_kept_for_known_clients_or_not*"},
    also={
        "rfc3207/4/530-status-5-7-0",
        "rfc5321/7.3/252-when-disabled",
        "rfc2034/4/required-on-replies",
        "rfc5321/3.5.3/252-when-not-verifiable",
    },
)
def vrfy_and_expn_want_authentication(clean: OfOctets, session: ServerSession, line: bytes) -> Answer | None:
    """Answers 530 to VRFY and EXPN behind EHLO."""
    return answer(530, b"Authenticate first") if session.extended else clean(line)


@defect(
    ServerSession.expn,
    proves={SECURITY + "expn_is_supported"},
    also={"rfc5321/4.2.4/no-500-for-listed"},
)
def expn_is_listed_only(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Lists EXPN and answers it with 502."""
    del clean, session, argument
    return answer(502, b"Not implemented")


def _enough(given: Answer | None, session: ServerSession, commands: int) -> Answer | None:
    """421 and the close where the session has had more command lines than this."""
    return answer(421, b"Enough", close=True) if session.commands > commands else given


@defect(ServerSession.unknown, varies={ATTACKS + "many_unknown_commands_are_answered_or_not"})
def session_ends_at_many_unknown_commands(clean: OfOctets, session: ServerSession, verb: bytes) -> Answer | None:
    """Closes with 421 at an unknown command behind twenty others."""
    return _enough(clean(verb), session, 20)


@defect(ServerSession.refuse_recipient, varies={ATTACKS + "many_refused_recipients_are_answered_or_not"})
def session_ends_at_many_refused_recipients(
    clean: OfOctets, session: ServerSession, forward_path: bytes
) -> Answer | None:
    """Closes with 421 at a recipient that it refuses behind twenty other commands."""
    return _enough(clean(forward_path), session, 20)


@defect(ServerSession.noop, varies={"rfc5321/4.2.2/session_ends_with_421_or_does_not"})
def session_ends_at_many_noops(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Closes with 421 at a NOOP behind fifty other commands."""
    return _enough(clean(argument), session, 50)


@defect(ServerSession.refuse_recipient, varies={SCOPE + "refusal_has_a_code_of_the_site"})
def refused_mailboxes_get_553(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 553 to mailboxes of its own domain that it does not have."""
    del session
    given = clean(forward_path)
    return replace(given, code=553) if given and given.code == 550 and b"@example.test" in forward_path else given


@defect(
    ServerSession.refuse_relaying,
    proves={SCOPE + "refusal_to_relay_has_550"},
    also={
        "rfc5321/4.3.2/rcpt-replies",
        "rfc5321/3.6.2/550-for-refused-relaying",
    },
)
def relaying_is_refused_with_554(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Answers 554 to a recipient in a domain that it does not serve."""
    del clean, session, forward_path
    return answer(554, b"Relaying denied")
