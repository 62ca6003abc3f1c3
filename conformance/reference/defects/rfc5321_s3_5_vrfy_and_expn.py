"""Defects in what VRFY and EXPN tell (RFC 5321 §3.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer

OfOctets = Callable[[bytes], Answer | None]
Keywords = Callable[[], tuple[bytes, ...]]


def _instead(given: Answer | None, code: int, *texts: bytes) -> Answer | None:
    """Another answer in the place of one with this code."""
    return answer(given.code, *texts) if given and given.code == code else given


@defect(ServerSession.expn, proves={"rfc5321/3.5.1/expn_is_known*"}, also={"rfc5321/4.2.4/no-500-for-listed"})
def expn_is_not_implemented(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 502 to EXPN."""
    del clean, session, argument
    return answer(502, b"Not implemented")


@defect(
    ServerSession.vrfy,
    varies={"rfc5321/3.5.1/vrfy_may_tell_the_full_name", "rfc5321/3.5.1/vrfy_may_know_a_user_by_another_name"},
    also={"rfc6531/3.7.4.2/mailbox-in-success"},
)
def vrfy_tells_no_names(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with the mailbox alone, as it may."""
    del session
    return _instead(clean(argument), 250, b"<alice@example.test>")


@defect(
    ServerSession.vrfy,
    proves={
        "rfc5321/3.5.1/confirmation_gives_the_mailbox",
        "rfc5321/3.5.2/mailbox_in_reply_to_vrfy_is_whole",
    },
    varies={"rfc5321/3.5.2/vrfy_may_answer_in_free_text"},
    also={"rfc6531/3.7.4.2/mailbox-in-success"},
)
def vrfy_tells_the_name_alone(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with the full name and no mailbox."""
    del session
    return _instead(clean(argument), 250, b"Alice Example")


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.2/mailbox_in_reply_to_vrfy_is_whole"},
    also={"rfc6531/3.7.4.2/mailbox-in-success"},
)
def vrfy_tells_a_mailbox_at_localhost(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with a mailbox at localhost."""
    del session
    return _instead(clean(argument), 250, b"Alice Example <alice@localhost>")


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.1/confirmation_has_one_of_two_forms"},
    also={"rfc6531/3.7.4.2/mailbox-in-success", "rfc6531/3.7.4.2/success-form"},
)
def vrfy_says_deliverable(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with a word behind the mailbox."""
    del session
    return _instead(clean(argument), 250, b"<alice@example.test> is deliverable")


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.1/ambiguous_name_gets_553"},
    varies={
        "rfc5321/3.5.1/alternatives_may_be_told",
        "rfc5321/3.5.1/ambiguity_may_be_told_in_known_words",
    },
)
def ambiguous_name_is_denied(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to a name that fits several mailboxes."""
    del session
    given = clean(argument)
    return answer(550, b"Who is that?") if given and given.code == 553 else given


@defect(ServerSession.expn, varies={"rfc5321/3.5.1/expn_may_tell_full_names"})
def expn_tells_names(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN with names beside the mailboxes, as it may."""
    del session
    return _instead(clean(argument), 250, b"Alice Example <alice@example.test>", b"Bob Example <bob@example.test>")


@defect(
    ServerSession.expn,
    proves={"rfc5321/3.5.1/expansion_gives_the_mailboxes"},
    also={"rfc5321/4.1.1.7/one-line-per-member"},
)
def expn_leaves_a_member_out(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN with all members but the last."""
    del session
    return _instead(clean(argument), 250, b"<alice@example.test>")


@defect(
    ServerSession.expn,
    proves={"rfc5321/3.5.1/expansion_has_one_mailbox_on_each_line"},
    also={"rfc6531/3.7.4.2/mailbox-in-success"},
)
def expn_has_a_heading(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN with a heading, then with two members on a line."""
    del session
    return _instead(clean(argument), 250, b"The members are", b"<alice@example.test>, <bob@example.test>")


@defect(
    ServerSession.expn,
    proves={"rfc5321/3.5.2/mailboxes_in_reply_to_expn_are_whole"},
    also={
        "rfc6531/3.7.4.2/mailbox-in-success",
        "rfc5321/3.5.1/expn-gives-mailboxes",
        "rfc5321/3.5.1/one-mailbox-per-line",
    },
)
def expn_tells_local_parts_alone(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN with local-parts and no domain."""
    del session
    return _instead(clean(argument), 250, b"<alice>", b"<bob>")


@defect(ServerSession.expn, proves={"rfc5321/3.5.2/addresses_in_reply_to_expn_are_in_brackets"})
def expn_uses_no_brackets(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN with bare mailboxes."""
    del session
    return _instead(clean(argument), 250, b"alice@example.test", b"bob@example.test")


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.2/address_that_vrfy_tells_is_one_for_rcpt"},
    also={"rfc6531/3.7.4.2/mailbox-in-success"},
)
def vrfy_tells_an_unusable_address(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with an address that no RCPT could have."""
    del session
    return _instead(clean(argument), 250, b"Alice <alice,by-hand@example.test>")


@defect(
    ServerSession.expn,
    proves={"rfc5321/3.5.2/addresses_that_expn_tells_are_for_rcpt"},
    also={"rfc6531/3.7.4.2/success-form"},
)
def expn_tells_an_unusable_address(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN with the name of a program where a mailbox belongs."""
    del session
    return _instead(clean(argument), 250, b"<alice@example.test>", b"<|/bin/archive bob@example.test>")


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.2/watch_no_source_routes_in_replies"},
    also={"rfc6531/3.7.4.2/mailbox-in-success", "rfc6531/3.7.4.2/success-form"},
)
def vrfy_tells_a_source_route(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY with a source route."""
    del session
    return _instead(clean(argument), 250, b"Alice <@relay.example.test:alice@example.test>")


@defect(ServerSession.vrfy, varies={"rfc5321/3.5.1/vrfy_may_confirm_a_list"})
def vrfy_confirms_no_lists(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to VRFY of a list, as it may."""
    del session
    return answer(550, b"That is a mailing list, not a user") if argument.startswith(b"staff") else clean(argument)


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.1/vrfy_of_a_list_is_confirmed_or_an_error"},
    also={"rfc5321/4.3.2/vrfy-replies"},
)
def vrfy_of_a_list_gets_214(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 214 to VRFY of a list."""
    del session
    return answer(214, b"That is a mailing list") if argument.startswith(b"staff") else clean(argument)


@defect(
    ServerSession.expn,
    varies={
        "rfc5321/3.5.1/user_may_be_expanded_to_a_list_of_one",
        "rfc5321/3.5.1/expansion_of_a_user_may_be_refused",
    },
)
def user_is_a_list_of_one(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers EXPN of a user with a list of one, as it may."""
    del session
    return answer(250, b"<alice@example.test>") if argument.startswith(b"alice@") else clean(argument)


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.1/vrfy_knows_the_servers_own_mailboxes"},
    also={"rfc5321/7.3/no-550-for-all", "rfc5321/7.3/vrfy-tries", "rfc5321/4.1.1.6/confirms-user"},
)
def vrfy_knows_no_mailboxes(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to VRFY of every mailbox, however it is named."""
    del session
    given = clean(argument)
    return answer(550, b"No such user") if given and given.code == 250 else given


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.1/vrfy_knows_a_mailbox_with_its_domain"},
    also={
        "rfc5321/7.3/vrfy-tries",
        "rfc5321/3.5.3/251-and-551-as-for-rcpt",
        "rfc5321/3.5.3/252-when-not-verifiable",
        "rfc5321/4.1.1.6/confirms-user",
    },
)
def vrfy_knows_no_domains(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Knows users by their local-part only."""
    del session
    return answer(550, b"No such user") if b"@" in argument else clean(argument)


@defect(
    ServerSession.vrfy,
    varies={
        "rfc5321/3.5.2/vrfy_may_be_turned_off",
        "rfc5321/3.5.2/vrfy_need_not_look_elsewhere",
    },
)
def vrfy_is_turned_off(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 252 to VRFY whoever is asked for, as a site may want it."""
    del session
    return answer(252, b"Cannot verify anybody") if argument else clean(argument)


@defect(ServerSession.extensions, varies={"rfc5321/3.5.2/vrfy_may_be_in_the_reply_to_ehlo"})
def vrfy_is_not_listed(clean: Keywords, session: ServerSession) -> tuple[bytes, ...]:
    """Does not list VRFY in the reply to EHLO, as it may."""
    del session
    return tuple(keyword for keyword in clean() if keyword != b"VRFY")


@defect(
    ServerSession.vrfy,
    proves={
        "rfc5321/3.5.3/address_that_gets_no_mail_gets_no_250[vrfy]*",
        "rfc5321/3.5.3/unknown_mailbox_gets_no_250",
        "rfc5321/3.5.3/vrfy_tells_good_from_bad_or_confirms_neither",
    },
    also={
        "rfc5321/7.3/no-250-for-syntax",
        "rfc5321/7.3/no-pretended-verification",
        "rfc5321/7.3/vrfy-tries",
        "rfc5321/4.1.1.6/confirms-user",
    },
)
def vrfy_looks_at_the_syntax_only(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to VRFY of every mailbox that has the right form."""
    del session
    given = clean(argument)
    return answer(250, b"<%b>" % argument) if given and given.code == 550 and b"@" in argument else given


@defect(
    ServerSession.expn,
    proves={"rfc5321/3.5.3/address_that_gets_no_mail_gets_no_250[expn]*"},
    also={"rfc5321/7.3/no-pretended-verification", "rfc5321/4.1.1.7/confirms-list"},
)
def expn_looks_at_the_syntax_only(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 250 to EXPN of every mailbox that has the right form."""
    del session
    given = clean(argument)
    return answer(250, b"<%b>" % argument) if given and given.code == 550 and b"@" in argument else given


@defect(
    ServerSession.vrfy,
    proves={"rfc5321/3.5.3/address_in_a_relayed_domain_is_not_denied"},
    also={"rfc2034/4/class-agrees", "rfc3463/2/class-success-or-not"},
)
def vrfy_denies_what_it_cannot_verify(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers 550 to VRFY of a mailbox that another server has."""
    del session
    given = clean(argument)
    return replace(given, code=550) if given and given.code == 252 else given
