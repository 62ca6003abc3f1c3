"""Defects of users' programs: what they hand in at a server, and what they ask of it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from conformance.reference._certificate import trusting
from conformance.reference._decision import defect
from conformance.reference._relay_tls import unverified
from conformance.reference._user_agent import UserAgentSession
from conformance.wire import CRLF, Reply

Yes = Callable[[], bool]
Octets = Callable[[], bytes]
OfReply = Callable[[Reply], bool]
Hold = Callable[[bytes], tuple[bytes, ...]]

HOLD = "rfc4865/4.1/"
TLS = "rfc8689/4.3/message_that_wants_tls_"


@defect(UserAgentSession.agent_nodes, proves={"rfc1985/5/etrn_names_nodes_in_full"})
def agent_asks_for_the_mail_of_a_short_name(
    clean: Callable[[], tuple[bytes, ...]], session: UserAgentSession
) -> tuple[bytes, ...]:
    """Says ETRN for a name of one label."""
    del session
    return (*clean(), b"mail")


@defect(UserAgentSession.agent_goes_on_asking, proves={"rfc1985/5.2/no_more_etrn_follows_a_5yz*"})
def agent_says_etrn_for_all_its_names(clean: OfReply, session: UserAgentSession, reply: Reply) -> bool:
    """Says ETRN for each name, whatever the reply to the one before was."""
    del clean, session, reply
    return True


@defect(UserAgentSession.agent_goes_on_asking, proves={"rfc1985/5.2/no_more_etrn_follows_a_5yz[not-taken]"})
def agent_gives_up_etrn_at_500_alone(clean: OfReply, session: UserAgentSession, reply: Reply) -> bool:
    """Goes on with ETRN behind any 5yz but 500 and 501."""
    del session
    return clean(reply) or reply.code not in {500, 501}


@defect(UserAgentSession.agent_envelope_id, proves={"rfc3461/5.4/user_agent_gives_no_long_envid"})
def agent_gives_a_long_envid(clean: Octets, session: UserAgentSession) -> bytes:
    """Gives an ENVID of more than 38 characters."""
    del session
    return clean() + b"-of-the-mail-system-of-the-example-company"


@defect(
    UserAgentSession.agent_solicitation,
    proves={"rfc3865/2.5/solicitation_field_is_a_list_of_keywords[several]"},
)
def agent_separates_classes_with_blanks(clean: Octets, session: UserAgentSession) -> bytes:
    """Puts a blank behind each comma of a Solicitation field."""
    del session
    return clean().replace(b",", b", ")


@defect(UserAgentSession.agent_solicitation, proves={"rfc3865/2.5/solicitation_field_is_a_list_of_keywords*"})
def agent_quotes_classes(clean: Octets, session: UserAgentSession) -> bytes:
    """Puts the classes of a Solicitation field in quotes."""
    del clean
    return b'Solicitation: "%b"' % session.words["classes"].encode("ascii") + CRLF


@defect(
    UserAgentSession.agent_tracked_id,
    proves={"rfc3885/3.2/message_that_is_sent_again_has_a_new_envid"},
)
def agent_keeps_the_envid_of_a_message(clean: Octets, session: UserAgentSession) -> bytes:
    """Makes the ENVID of the Message-ID."""
    del clean
    found = re.search(rb"Message-ID: <([^@>]+)", session.message)
    return found[1] if found else b"m"


@defect(UserAgentSession.agent_host_of_id, proves={"rfc3885/3.2/long_name_stands_in_the_envid_as_its_hash"})
def agent_cuts_a_long_name(clean: Octets, session: UserAgentSession) -> bytes:
    """Cuts a host name for which an ENVID has no room."""
    name = session.words["name"].encode("ascii")
    return clean() if len(name) < 80 else name[-80:]


@defect(UserAgentSession.agent_host_of_id, proves={"rfc3885/3.2/long_name_stands_in_the_envid_as_its_hash"})
def agent_gives_a_long_name(clean: Octets, session: UserAgentSession) -> bytes:
    """Gives its host name in an ENVID however long that gets."""
    del clean
    return session.words["name"].encode("ascii")


# BURL.


@defect(
    UserAgentSession.agent_can_burl,
    proves={"rfc4468/3.1/client_sends_urls_whatever_else_is_listed*"},
)
def agent_knows_imap_alone(
    clean: Callable[[bytes | None], bool], session: UserAgentSession, arguments: bytes | None
) -> bool:
    """Sends no URL where BURL has another argument beside imap."""
    del session
    return clean(arguments) and arguments == b"IMAP"


@defect(UserAgentSession.agent_groups, varies={"rfc4468/3.2/client_may_send_the_transaction_at_once"})
def agent_sends_burl_behind_the_replies(clean: Yes, session: UserAgentSession) -> bool:
    """Waits for each reply before the next command, BURL too."""
    del clean, session
    return False


@defect(UserAgentSession.agent_mixes_chunks, varies={"rfc4468/3.2/client_may_mix_chunks_and_urls"})
def agent_sends_a_url_alone(clean: Yes, session: UserAgentSession) -> bool:
    """Sends no part of the message by BDAT."""
    del clean, session
    return False


@defect(
    UserAgentSession.agent_waits_for_last,
    proves={"rfc4468/3.2/next_transaction_waits_for_the_reply_to_last*"},
)
def agent_begins_before_the_last_reply(clean: Yes, session: UserAgentSession) -> bool:
    """Sends MAIL of the next transaction in one group with BURL LAST."""
    del clean, session
    return False


@defect(
    UserAgentSession.agent_takes,
    proves={
        "rfc4468/6/client_takes_a_code_that_is_not_listed[success]",
        "rfc4468/6/client_takes_a_code_that_is_not_listed[another-success]",
    },
)
def agent_takes_250_alone_for_success(clean: OfReply, session: UserAgentSession, reply: Reply) -> bool:
    """Takes every code but 250 for a refusal."""
    del clean, session
    return reply.code == 250


@defect(
    UserAgentSession.agent_takes,
    proves={
        "rfc4468/6/client_takes_a_code_that_is_not_listed[refusal]",
        "rfc4468/6/client_takes_a_code_that_is_not_listed[for-now]",
    },
)
def agent_passes_over_codes_that_it_does_not_know(clean: OfReply, session: UserAgentSession, reply: Reply) -> bool:
    """Takes a refusal for success whose code it does not know."""
    del session
    return clean(reply) or reply.code % 10 == 9


# Mail on hold.


@defect(UserAgentSession.agent_hold, proves={HOLD + "mail_has_one_hold*"}, also={"rfc4865/*"})
def agent_asks_for_two_holds(clean: Hold, session: UserAgentSession, hold: bytes) -> tuple[bytes, ...]:
    """Asks for a hold both as an interval and as a date."""
    del session
    soon = (datetime.now(UTC) + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii")
    other = b"HOLDUNTIL=" + soon if hold.startswith(b"HOLDFOR") else b"HOLDFOR=60"
    return (*clean(hold), other)


@defect(UserAgentSession.agent_hold, proves={HOLD + "mail_has_one_hold*"}, also={"rfc4865/*"})
def agent_asks_for_no_hold(clean: Hold, session: UserAgentSession, hold: bytes) -> tuple[bytes, ...]:
    """Sends a message that is to be held, and does not say so."""
    del clean, session, hold
    return ()


@defect(
    UserAgentSession.agent_dares_for,
    proves={HOLD + "no_longer_hold_is_asked_for_than_is_offered"},
)
def agent_asks_for_any_interval(
    clean: Callable[[int, int], bool], session: UserAgentSession, seconds: int, longest: int
) -> bool:
    """Asks for a hold as long as the user wants."""
    del clean, session, seconds, longest
    return True


@defect(UserAgentSession.agent_dares, proves={HOLD + "no_later_date_is_asked_for_than_is_offered"})
def agent_asks_for_any_date(
    clean: Callable[[str, bytes], bool], session: UserAgentSession, date: str, latest: bytes
) -> bool:
    """Asks for a hold until whenever the user wants."""
    del clean, session, date, latest
    return True


@defect(UserAgentSession.agent_has_time, proves={"rfc4865/5.2.1/delivery_is_asked_for_behind_the_hold"})
def agent_wants_delivery_before_release(
    clean: Callable[[int, int], bool], session: UserAgentSession, seconds: int, by: int
) -> bool:
    """Asks for delivery before the end of the hold."""
    del clean, session, seconds, by
    return True


@defect(UserAgentSession.agent_holds, proves={"rfc4865/5.3.1/disposition_report_is_not_put_on_hold"})
def agent_holds_whatever_it_is_given(clean: Yes, session: UserAgentSession) -> bool:
    """Has reports held too."""
    del clean, session
    return True


@defect(UserAgentSession.agent_content, varies={"rfc4865/6/message_may_be_dated_at_the_end_of_its_hold"})
def agent_dates_a_message_at_its_release(
    clean: Callable[[bytes], bytes], session: UserAgentSession, message: bytes
) -> bytes:
    """Dates a message that is held at the end of its hold."""
    release = datetime.now(UTC) + timedelta(seconds=int(session.words.get("seconds", "0")))
    date = release.strftime("Date: %a, %d %b %Y %H:%M:%S +0000").encode("ascii")
    return clean(re.sub(rb"(?m)^Date: [^\r\n]*", date, message, count=1))


# VRFY and EXPN.


@defect(
    UserAgentSession.agent_asks_in_utf8,
    proves={
        "rfc6531/3.7.4.2/vrfy_has_the_parameter_only_where_it_is_listed",
        "rfc6531/3.7.4.2/expn_has_the_parameter_only_where_it_is_listed",
    },
)
def agent_asks_everybody_in_utf8(clean: Yes, session: UserAgentSession) -> bool:
    """Gives SMTPUTF8 with VRFY and EXPN, whatever was offered."""
    del clean, session
    return True


@defect(UserAgentSession.agent_reads, proves={"rfc6531/3.7.4.2/reply_in_utf_8_to_*"})
def agent_reads_ascii_alone(clean: Callable[[bytes], bool], session: UserAgentSession, text: bytes) -> bool:
    """Fails at a reply that is not ASCII."""
    del session
    return clean(text) and text.isascii()


# TLS.


@defect(
    UserAgentSession.agent_tls,
    proves={"rfc8314/3.3/no_mail_goes_to_a_server_that_does_not_verify*"},
)
def agent_verifies_no_certificate(clean: Callable[[], ssl.SSLContext], session: UserAgentSession) -> ssl.SSLContext:
    """Takes any certificate of a submission server."""
    del clean, session
    return unverified()


@defect(
    UserAgentSession.agent_tls,
    proves={
        "rfc8314/3.3/no_mail_goes_to_a_server_that_does_not_verify[another-name]",
        "rfc8314/3.3/no_mail_goes_to_a_server_that_does_not_verify[name-begins-alike]",
    },
)
def agent_compares_no_name(clean: Callable[[], ssl.SSLContext], session: UserAgentSession) -> ssl.SSLContext:
    """Takes a certificate for any name."""
    del clean, session
    return trusting(any_name=True)


@defect(
    UserAgentSession.agent_says_requiretls,
    proves={TLS + "is_handed_in_so"},
)
def agent_does_not_say_requiretls(clean: Yes, session: UserAgentSession) -> bool:
    """Leaves REQUIRETLS out of MAIL."""
    del clean, session
    return False


@defect(UserAgentSession.agent_can_require_tls, proves={TLS + "goes_to_no_server_without*"})
def agent_hands_in_anywhere(clean: Yes, session: UserAgentSession) -> bool:
    """Hands a message in that wants TLS whatever the server has."""
    del clean, session
    return True


CLEAR = "agent-hands-in-in-clear"


@defect(UserAgentSession.agent_starts_tls, name=CLEAR, proves={TLS + "*"})
def agent_says_no_starttls(clean: Yes, session: UserAgentSession) -> bool:
    """Hands a message in that wants TLS without STARTTLS."""
    del clean, session
    return False


@defect(UserAgentSession.agent_can_require_tls, name=CLEAR)
def agent_hands_in_without_tls(clean: Yes, session: UserAgentSession) -> bool:
    """Hands a message in that wants TLS without STARTTLS."""
    del clean, session
    return True
