"""Defects of internationalized mail (RFC 6531)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.reference._answer import Answer, answer
from conformance.reference._decision import defect
from conformance.reference._session import ServerSession
from conformance.reference._site import HOST
from conformance.wire.paths import Mailbox, PathArgument

Extensions = Callable[[], tuple[bytes, ...]]
OfOctets = Callable[[bytes], Answer | None]


@defect(ServerSession.extensions, proves={"rfc6531/3.1/keyword_has_no_parameters"})
def smtputf8_keyword_has_a_parameter(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists SMTPUTF8 with a parameter."""
    del session
    return tuple(b"SMTPUTF8 yes" if line == b"SMTPUTF8" else line for line in clean())


@defect(
    ServerSession.extensions,
    proves={"rfc6531/3.1/eightbitmime_is_listed_too"},
    also={"rfc5321/2.4/8bitmime-supported"},
)
def smtputf8_is_listed_without_8bitmime(clean: Extensions, session: ServerSession) -> tuple[bytes, ...]:
    """Lists SMTPUTF8 and not 8BITMIME."""
    del session
    return tuple(line for line in clean() if line != b"8BITMIME")


@defect(
    ServerSession.refuse_mail_parameters,
    proves={"rfc6531/3.1/parameter_is_taken*"},
)
def smtputf8_is_listed_and_unknown(
    clean: Callable[[dict[bytes, bytes]], Answer | None], session: ServerSession, parameters: dict[bytes, bytes]
) -> Answer | None:
    """Lists SMTPUTF8 and answers 555 to it."""
    del session
    return answer(555, b"Parameter not recognized") if b"SMTPUTF8" in parameters else clean(parameters)


@defect(
    ServerSession.mail_parameter_fits,
    only={"SMTPUTF8"},
    proves={
        "rfc6531/3.4/parameter_with_a_value_is_refused[word]",
        "rfc6531/3.4/parameter_with_a_value_is_refused[digit]",
    },
)
def smtputf8_takes_a_value(
    clean: Callable[[bytes, bytes], bool], session: ServerSession, keyword: bytes, value: bytes
) -> bool:
    """Takes SMTPUTF8 with any value."""
    del clean, session, keyword, value
    return True


@defect(
    ServerSession.takes_utf8,
    proves={"rfc6531/3.2/sender_in_utf_8_is_read*", "rfc6531/3.2/recipient_in_utf_8_is_read*"},
    also={"rfc6531/3.5/*", "rfc6531/3.7/utf-8-for-mailboxes"},
)
def utf8_is_refused_as_8_bit(clean: Callable[[bytes], bool], session: ServerSession, line: bytes) -> bool:
    """Lists SMTPUTF8 and refuses every command with an octet outside ASCII."""
    del clean, session, line
    return False


@defect(
    ServerSession.path_and_parameters,
    proves={
        "rfc6531/3.2/sender_domain_in_either_form_gets_the_same_answer*",
        "rfc6531/3.2/sender_in_utf_8_is_read[u-label*]",
    },
    also={"rfc6531/3.2/utf-8-wherever-mailbox"},
)
def u_labels_are_no_domains(
    clean: Callable[[bytes, bytes], PathArgument | None], session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Reads domains in ASCII only."""
    del session
    found = clean(keyword, argument)
    mailbox = found.path.mailbox if found else None
    return None if mailbox and not mailbox.domain.isascii() else found


@defect(ServerSession.serves, proves={"rfc6531/3.2/relayed_domain_is_taken_in_either_form*"})
def relayed_domains_are_known_in_a_labels_alone(
    clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox
) -> bool:
    """Relays for a domain in A-labels, and refuses to for the same domain in U-labels."""
    del session
    return mailbox.domain.isascii() and clean(mailbox)


@defect(
    ServerSession.refuse_relaying,
    proves={"rfc6531/3.2/recipient_domain_in_either_form_gets_the_same_answer*"},
    also={"rfc5321/*"},
)
def mail_is_relayed_for_u_labels(clean: OfOctets, session: ServerSession, forward_path: bytes) -> Answer | None:
    """Knows one domain by its A-label only, and relays for the U-label."""
    return session.take_recipient(forward_path) if not forward_path.isascii() else clean(forward_path)


EIGHT_BIT = "commands-are-8-bit-clean"


@defect(
    ServerSession.takes_utf8,
    name=EIGHT_BIT,
    proves={
        "rfc6531/3.2/utf_8_is_refused_without_the_parameter*",
        "rfc6531/3.2/sender_that_is_not_utf_8_is_refused*",
        "rfc6531/3.2/parameter_holds_for_its_transaction_only",
        "rfc6531/3.1/utf_8_is_refused_where_smtputf8_is_not_listed*",
    },
    also={"rfc5321/*", "rfc3461/*", "rfc6531/3.7/*"},
)
def every_line_may_be_8_bit(clean: Callable[[bytes], bool], session: ServerSession, line: bytes) -> bool:
    """Takes every octet outside ASCII in every command, and every address."""
    del clean, session, line
    return True


@defect(ServerSession.may_be_utf8, name=EIGHT_BIT)
def every_address_may_be_8_bit(
    clean: Callable[[bytes, bool], bool], session: ServerSession, address: bytes, asked: bool
) -> bool:
    """Takes every octet outside ASCII in every command, and every address."""
    del clean, session, address, asked
    return True


@defect(ServerSession.path_and_parameters, name=EIGHT_BIT)
def every_path_may_be_8_bit(
    clean: Callable[[bytes, bytes], PathArgument | None], session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes every octet outside ASCII in every command, and every address."""
    del session
    return clean(keyword, argument) or clean(keyword, bytes(octet if octet < 0x80 else 0x78 for octet in argument))


@defect(ServerSession.serves, name=EIGHT_BIT)
def every_mailbox_is_served(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Takes every octet outside ASCII in every command, and every address."""
    del session
    return clean(mailbox) or not bytes(mailbox).isascii()


@defect(ServerSession.acceptable_client_name, name=EIGHT_BIT)
def every_client_name_is_good(clean: Callable[[bytes], bool], session: ServerSession, name: bytes) -> bool:
    """Takes every octet outside ASCII in every command, and every address."""
    del session
    return clean(name) or not name.isascii()


@defect(ServerSession.vrfy, name=EIGHT_BIT)
def every_user_is_known(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes every octet outside ASCII in every command, and every address."""
    del session
    return clean(argument) if argument.isascii() else answer(252, b"Try it")


@defect(
    ServerSession.has,
    only={"SMTPUTF8"},
    proves={"rfc6531/3.1/extension_that_is_there_is_listed*"},
    also={"rfc5321/2.4/refuse-8-bit-commands"},
    varies={"rfc6531/3.1/parameter_where_smtputf8_is_not_listed"},
)
def smtputf8_is_known_and_not_listed(clean: Callable[[bytes], bool], session: ServerSession, extension: bytes) -> bool:
    """Knows SMTPUTF8 where EHLO does not list it."""
    del clean, session, extension
    return True


@defect(
    ServerSession.end_of_data,
    proves={"rfc6531/3.1/message_with_utf_8_in_its_header_is_taken"},
    also={"rfc5321/*", "rfc3030/3/agrees-to-keep-all-bits", "rfc6152/3/keyword-means-support"},
)
def messages_are_7_bit(clean: OfOctets, session: ServerSession, content: bytes) -> Answer | None:
    """Refuses messages with octets outside ASCII."""
    if content.isascii():
        return clean(content)
    session.clear("end of data")
    return answer(554, b"Not in ASCII")


@defect(
    ServerSession.without_utf8_parameter,
    name="vrfy-and-expn-know-no-parameter",
    proves={"rfc6531/3.1/parameter_of_vrfy_and_expn_is_known[vrfy]"},
)
def smtputf8_is_a_part_of_the_mailbox(
    clean: Callable[[bytes], bytes], session: ServerSession, argument: bytes
) -> bytes:
    """Takes SMTPUTF8 for a part of what VRFY and EXPN ask for."""
    del clean, session
    return argument


@defect(
    ServerSession.expn,
    name="vrfy-and-expn-know-no-parameter",
    proves={"rfc6531/3.1/parameter_of_vrfy_and_expn_is_known[expn]"},
)
def smtputf8_is_a_part_of_the_list(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Takes SMTPUTF8 for a part of what VRFY and EXPN ask for."""
    del session
    return answer(550, b"No such list here") if argument.endswith(b" SMTPUTF8") else clean(argument)


@defect(
    ServerSession.rcpt_parameter_fits,
    only={"ORCPT"},
    proves={"rfc6531/3.2/original_recipient_of_the_type_utf_8_is_taken*"},
)
def orcpt_has_no_type_utf_8(
    clean: Callable[[bytes, bytes], bool], session: ServerSession, keyword: bytes, value: bytes
) -> bool:
    """Does not know the address type utf-8."""
    del session
    return not value.startswith(b"utf-8;") and clean(keyword, value)


ODD = "Jürgen <jürgen@example.test>".encode()


@defect(
    ServerSession.vrfy,
    name="replies-hold-utf-8-unasked",
    proves={"rfc6531/3.7.4.2/reply_without_the_parameter_is_ascii*"},
    also={"rfc5321/*"},
)
def vrfy_tells_in_utf_8(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY and EXPN in UTF-8, whether or not the client asked for it."""
    del session
    given = clean(argument)
    return replace(given, texts=(ODD,)) if given and given.code == 250 else given


@defect(ServerSession.expn, name="replies-hold-utf-8-unasked")
def expn_tells_in_utf_8(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers VRFY and EXPN in UTF-8, whether or not the client asked for it."""
    del session
    given = clean(argument)
    return replace(given, texts=(ODD,)) if given and given.code == 250 else given


@defect(
    ServerSession.hello_text,
    proves={"rfc6531/3.7.1/watch_ehlo_reply_is_ascii"},
    also={"rfc5321/*", "rfc6531/3.7.4.2/no-other-utf-8"},
)
def ehlo_reply_greets_in_utf_8(clean: Callable[[], bytes], session: ServerSession) -> bytes:
    """Greets in UTF-8 in the reply to EHLO."""
    del clean, session
    return HOST + " grüßt".encode()


@defect(ServerSession.noop, proves={"rfc6531/3.7.4.2/watch_replies_are_ascii"}, also={"rfc5321/*"})
def noop_is_answered_in_utf_8(clean: OfOctets, session: ServerSession, argument: bytes) -> Answer | None:
    """Answers NOOP in UTF-8."""
    del clean, session, argument
    return answer(250, "für nichts".encode())


def other_than(given: Answer | None, codes: dict[int, int], status: bytes = b"") -> Answer | None:
    """The answer with another code in the place of one, and another status where one is given."""
    if given is None or given.code not in codes:
        return given
    return replace(given, code=codes[given.code], status=status or given.status)


@defect(
    ServerSession.mail,
    name="address-outside-ascii-gets-another-code",
    proves={"rfc6531/3.5/address_that_has_to_be_ascii_has_a_code*"},
)
def sender_outside_ascii_gets_553(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Answers 553 at MAIL and 550 at RCPT to an address outside ASCII that is not allowed."""
    given = clean(argument)
    return given if argument.isascii() else other_than(given, {550: 553})


@defect(ServerSession.rcpt, name="address-outside-ascii-gets-another-code")
def recipient_outside_ascii_gets_550(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Answers 553 at MAIL and 550 at RCPT to an address outside ASCII that is not allowed."""
    given = clean(argument)
    return given if argument.isascii() else other_than(given, {553: 550})


@defect(
    ServerSession.mail,
    name="address-outside-ascii-gets-another-status",
    proves={"rfc6531/3.5/address_that_has_to_be_ascii_has_a_status*"},
)
def sender_outside_ascii_gets_x_1_7(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Says 5.1.7 or 5.1.3 of an address outside ASCII that is not allowed."""
    given = clean(argument)
    return given if argument.isascii() else other_than(given, {550: 550}, b"5.1.7")


@defect(ServerSession.rcpt, name="address-outside-ascii-gets-another-status")
def recipient_outside_ascii_gets_x_1_3(clean: OfOctets, _: ServerSession, argument: bytes) -> Answer | None:
    """Says 5.1.7 or 5.1.3 of an address outside ASCII that is not allowed."""
    given = clean(argument)
    return given if argument.isascii() else other_than(given, {553: 553}, b"5.1.3")
