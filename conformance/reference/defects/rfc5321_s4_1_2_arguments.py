"""Defects in reading paths, mailboxes, domains and address literals (RFC 5321 §4.1.2, §4.1.3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.reference._decision import defect
from conformance.reference._session import Answer, ServerSession, answer
from conformance.wire.paths import Mailbox, Path, PathArgument

OfName = Callable[[bytes], bool]
OfPath = Callable[[Path], bool]
OfOctets = Callable[[bytes], Answer | None]
ReadPath = Callable[[bytes, bytes], PathArgument | None]

BAD = re.compile(rb"[_$/\\\x07]")
SENDER = Path(Mailbox(b"sender", b"client.example.test"))


# Local-parts.


@defect(
    ServerSession.acceptable_path,
    only={"atoms"},
    proves={
        "rfc5321/4.1.2/dot_string_in_*_is_read[with-*",
        "rfc5321/4.1.2/dot_string_in_*_is_read[*-first]",
        "rfc5321/4.1.2/dot_string_in_*_is_read[every-special]*",
    },
    varies={"rfc5321/4.1.2/local_part_with_a_hyphen_first_may_be_refused*"},
    also={"rfc6531/3.5/*", "rfc6531/3.2/*"},
)
def atoms_are_letters_and_digits(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Refuses a local-part with anything but letters, digits and dots."""
    del session
    assert path.mailbox is not None
    return re.fullmatch(rb"[A-Za-z0-9.]+", path.mailbox.local) is not None and clean(path)


@defect(
    ServerSession.acceptable_path,
    only={"atoms"},
    proves={"rfc5321/4.1.2/dot_string_in_*_is_read[*-dot*"},
    also={"rfc6531/3.2/utf-8-wherever-mailbox"},
)
def local_parts_have_no_dots(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Refuses a local-part with a dot."""
    del session
    assert path.mailbox is not None
    return b"." not in path.mailbox.local and clean(path)


@defect(
    ServerSession.acceptable_path,
    only={"plain"},
    proves={
        "rfc5321/4.1.2/dot_string_in_*_is_read[one-letter]",
        "rfc5321/4.1.2/dot_string_in_*_is_read[digits]",
        "rfc5321/4.1.2/dot_string_in_*_is_read[upper]",
    },
)
def local_parts_are_words_in_lower_case(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Refuses a local-part of digits, of one letter or in upper case, postmaster apart."""
    del session
    assert path.mailbox is not None
    local = path.mailbox.local
    return (re.match(rb"[a-z][a-z0-9]", local) is not None or local.lower() == b"postmaster") and clean(path)


@defect(
    ServerSession.acceptable_path,
    only={"quoted"},
    proves={"rfc5321/4.1.2/quoted_string_in_*_is_read[*"},
)
def quoted_local_parts_are_refused(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Knows no quoted local-parts."""
    del clean, session, path
    return False


@defect(
    ServerSession.path_and_parameters,
    proves={
        "rfc5321/4.1.2/quoted_string_in_*_is_read[with-greater-than]",
        "rfc5321/4.1.2/quoted_string_in_*_is_read[quoted-greater-than]",
        "rfc5321/4.1.2/quoted_string_in_*_is_read[looks-like-a-path]",
    },
)
def path_ends_at_the_first_bracket(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes a bracket in a quoted local-part for the end of the path."""
    del session
    given = clean(keyword, argument)
    return None if given and given.path.mailbox and b">" in given.path.mailbox.local else given


@defect(
    ServerSession.path_and_parameters,
    proves={
        "rfc5321/4.1.2/parameters_of_*_are_read[bracket-in-the-value]*",
        "rfc5321/4.1.2/parameters_of_mail_are_read[one-behind-a-value-with-a-bracket]*",
    },
    also={"rfc3461/4.4/no-meaning", "rfc4954/5/parse-and-discard", "rfc4954/5/supported-unauthenticated"},
)
def path_ends_at_the_last_bracket(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes a bracket in a parameter for the end of the path."""
    del session
    given = clean(keyword, argument)
    return None if given and any(b">" in value for value in given.parameters.values()) else given


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc5321/4.1.2/quoted_string_in_*_is_read[*space*"},
    also={"rfc6531/3.2/utf-8-wherever-mailbox"},
)
def spaces_end_the_path(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes a space in a quoted local-part for the end of the path."""
    del session
    given = clean(keyword, argument)
    return None if given and given.path.mailbox and b" " in given.path.mailbox.local else given


@defect(ServerSession.serves, proves={"rfc5321/4.1.2/quoted_form_is_the_same_mailbox*"})
def quotes_make_another_mailbox(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Compares local-parts with their quotes."""
    del session
    return not (mailbox.local.startswith(b'"') and mailbox.domain == b"example.test") and clean(mailbox)


@defect(ServerSession.serves, varies={"rfc5321/4.1.2/local_part_may_have_case"})
def local_parts_have_no_case(clean: Callable[[Mailbox], bool], session: ServerSession, mailbox: Mailbox) -> bool:
    """Takes mail for a mailbox in any case, as it may."""
    del session
    return clean(Mailbox(mailbox.local.lower(), mailbox.domain))


# Paths.


@defect(ServerSession.acceptable_path, only={"null"}, proves={"rfc5321/4.1.2/null_reverse_path_is_read*"})
def null_reverse_path_is_no_path(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Answers 501 to the null reverse-path."""
    del clean, session, path
    return False


def _loose_only(clean: ReadPath, keyword: bytes, argument: bytes, loose: re.Pattern[bytes]) -> PathArgument | None:
    """What a server reads that knows one loose form and not that of the grammar."""
    found = loose.fullmatch(argument[len(keyword) :])
    return clean(keyword, argument[: len(keyword)] + b"<" + found.group(1) + b">") if found else None


BARE = re.compile(rb"([^<> ]+@[^<> ]+)")
SPACED = re.compile(rb" <([^<> ]*)>")


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc5321/4.1.2/strict_form_is_read[reverse-path-in-brackets]*"},
    also={
        "rfc5321/4.1.1.1/helo-supported",
        "rfc5321/4.1.4/bad-mail-keeps-state",
        "rfc5321/4.2.4/502-for-not-implemented",
    },
)
def mail_wants_a_bare_address(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes MAIL with an address without brackets only."""
    del session
    return _loose_only(clean, keyword, argument, BARE) if keyword == b"FROM:" else clean(keyword, argument)


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc5321/4.1.2/strict_form_is_read[reverse-path-behind-the-colon]*"},
    also={
        "rfc5321/4.1.1.1/helo-supported",
        "rfc5321/4.1.4/bad-mail-keeps-state",
        "rfc5321/4.2.4/502-for-not-implemented",
    },
)
def mail_wants_a_space(clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes) -> PathArgument | None:
    """Takes MAIL with a space behind the colon only."""
    del session
    return _loose_only(clean, keyword, argument, SPACED) if keyword == b"FROM:" else clean(keyword, argument)


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc5321/4.1.2/strict_form_is_read[forward-path-in-brackets]*"},
    also={
        "rfc5321/*-keeps-buffers",
        "rfc5321/4.1.4/out-of-order-keeps-state",
        "rfc5321/4.5.1/postmaster-*",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc3463/3.2/x-1-1-bad-mailbox",
        "rfc5321/4.5.3.1.1/local-part-64",
        "rfc6531/3.2/utf-8-wherever-mailbox",
    },
)
def rcpt_wants_a_bare_address(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes RCPT with an address without brackets only."""
    del session
    return _loose_only(clean, keyword, argument, BARE) if keyword == b"TO:" else clean(keyword, argument)


@defect(
    ServerSession.path_and_parameters,
    proves={"rfc5321/4.1.2/strict_form_is_read[forward-path-behind-the-colon]*"},
    also={
        "rfc5321/*-keeps-buffers",
        "rfc5321/4.1.4/out-of-order-keeps-state",
        "rfc5321/4.5.1/postmaster-*",
        "rfc2920/3.2/354-only-with-recipients",
        "rfc3463/3.2/x-1-1-bad-mailbox",
        "rfc5321/4.5.3.1.1/local-part-64",
        "rfc6531/3.2/utf-8-wherever-mailbox",
    },
)
def rcpt_wants_a_space(clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes) -> PathArgument | None:
    """Takes RCPT with a space behind the colon only."""
    del session
    return _loose_only(clean, keyword, argument, SPACED) if keyword == b"TO:" else clean(keyword, argument)


@defect(
    ServerSession.path_and_parameters,
    varies={"rfc5321/4.1.2/what_is_no_path_may_be_taken*"},
    also={
        "rfc6531/3.2/parsing-unchanged",
        "rfc3461/4.5/mail-twice-501",
        "rfc3461/5.1/mail-invalid-501",
        "rfc4954/5/value-is-xtext",
        "rfc6531/3.4/no-value",
    },
)
def loose_paths_are_put_up_with(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes whatever has an at sign in it for a reverse-path, as it may."""
    del session
    given = clean(keyword, argument)
    if (
        given is not None
        or keyword != b"FROM:"
        or not argument.upper().startswith(keyword)
        or BAD.search(argument.rpartition(b"@")[2])
    ):
        return given
    closed = b">" in argument or b"<" not in argument
    return PathArgument(SENDER, {}) if argument.isascii() and b"@" in argument and closed else None


@defect(ServerSession.open_transaction, proves={"rfc5321/4.1.2/source_route_of_the_sender_leaves_the_session*"})
def source_route_of_the_sender_ends_the_session(
    clean: OfOctets, session: ServerSession, argument: bytes
) -> Answer | None:
    """Hangs up on a source route in MAIL."""
    del session
    if re.match(rb"FROM:<@[^>]+:", argument):
        return answer(501, b"No routes", close=True)
    return clean(argument)


# Domains.


def _is_odd(domain: bytes) -> bool:
    """Whether a domain is other than two to six labels of several lower-case letters each."""
    return len(domain) > 80 or re.fullmatch(rb"[a-z]{2,20}(?:\.[a-z]{2,20}){1,5}", domain) is None


@defect(
    ServerSession.acceptable_path,
    only={"plain", "domain"},
    proves={"rfc5321/4.1.2/domain_in_reverse_path_is_read[*"},
    also={"rfc5321/2.4/domains-have-no-case", "rfc6531/3.2/utf-8-wherever-mailbox"},
)
def odd_domains_are_refused(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Refuses mailboxes in domains with digits, hyphens, short or long labels, many labels or upper case."""
    del session
    assert path.mailbox is not None
    return not _is_odd(path.mailbox.domain) and clean(path)


@defect(
    ServerSession.acceptable_client_name,
    only={"plain", "domain"},
    proves={"rfc5321/4.1.2/domain_in_hello_is_read[*"},
    also={"rfc5321/4.5.3.1.2/domain-255"},
)
def odd_client_names_are_refused(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Refuses client names with digits, hyphens, short or long labels, many labels, one label or upper case."""
    del session
    return not _is_odd(name) and clean(name)


BAD_ARE_TAKEN = {
    "rfc5321/4.1.2/bad_character_in_hello_is_refused*",
    "rfc5321/4.1.2/bad_character_in_reverse_path_is_refused*",
}


@defect(ServerSession.has_forbidden_octets, name="bad-characters-in-domains-are-taken", proves=BAD_ARE_TAKEN)
def bell_in_a_command_is_taken(clean: OfName, session: ServerSession, line: bytes) -> bool:
    """Takes domains with characters that no domain may hold."""
    del session
    return clean(line.replace(b"\a", b""))


@defect(
    ServerSession.acceptable_client_name,
    name="bad-characters-in-domains-are-taken",
    only={"domain"},
    proves=BAD_ARE_TAKEN,
)
def bad_characters_in_client_names_are_taken(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Takes domains with characters that no domain may hold."""
    del session
    return clean(BAD.sub(b"", name))


@defect(
    ServerSession.path_and_parameters,
    name="bad-characters-in-domains-are-taken",
    proves=BAD_ARE_TAKEN,
    also={"rfc3461/5.2.1/orcpt-relayed", "rfc3464/2.2.1/envelope-id-unchanged"},
)
def bad_characters_in_domains_are_taken(
    clean: ReadPath, session: ServerSession, keyword: bytes, argument: bytes
) -> PathArgument | None:
    """Takes domains with characters that no domain may hold."""
    del session
    local, at, domain = argument.rpartition(b"@")
    return clean(keyword, local + at + BAD.sub(b"", domain))


# Address literals.


@defect(
    ServerSession.acceptable_path,
    only={"ipv4", "ipv6"},
    proves={"rfc5321/4.1.2/literal_in_reverse_path_is_read[*"},
)
def literals_in_mailboxes_are_refused(clean: OfPath, session: ServerSession, path: Path) -> bool:
    """Refuses mailboxes at an address literal."""
    del clean, session, path
    return False


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv4"},
    proves={"rfc5321/4.1.3/literal_in_ehlo_is_read[ipv4-*", "rfc5321/4.1.3/literal_in_ehlo_is_read[brackets]"},
)
def ipv4_literals_are_refused(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Refuses IPv4 address literals."""
    del clean, session, name
    return False


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv4"},
    proves={"rfc5321/4.1.3/literal_in_ehlo_is_read[ipv4-three-digits-each]"},
)
def leading_zeros_are_refused(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Refuses IPv4 address literals with leading zeros."""
    del session
    return re.search(rb"[\[.]0\d", name) is None and clean(name)


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv6"},
    proves={
        "rfc5321/4.1.3/literal_in_ehlo_is_read[full-*",
        "rfc5321/4.1.3/literal_in_ehlo_is_read[compressed-*",
        "rfc5321/4.1.3/literal_in_ehlo_is_read[with-ipv4-*",
        "rfc5321/4.1.3/literal_in_ehlo_is_read[tag*",
    },
)
def ipv6_literals_are_refused(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Refuses IPv6 address literals."""
    del clean, session, name
    return False


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv6"},
    proves={"rfc5321/4.1.3/literal_in_ehlo_is_read[tag-in-*"},
)
def tag_of_ipv6_has_case(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Knows the tag of IPv6 literals in one case only."""
    del session
    return name.startswith(b"[IPv6:") and clean(name)


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv6"},
    proves={"rfc5321/4.1.3/literal_in_ehlo_is_read[with-ipv4-*"},
)
def ipv4_at_the_end_of_ipv6_is_refused(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Refuses IPv6 literals that end in an IPv4 address."""
    del session
    return b"." not in name and clean(name)


@defect(
    ServerSession.acceptable_client_name,
    only={"ipv6"},
    proves={
        "rfc5321/4.1.3/literal_in_ehlo_is_read[compressed-0-*",
        "rfc5321/4.1.3/literal_in_ehlo_is_read[compressed-*-0-behind]",
    },
    also={"rfc5321/4.1.3/ipv6-with-ipv4"},
)
def colons_at_either_end_are_refused(clean: OfName, session: ServerSession, name: bytes) -> bool:
    """Refuses IPv6 literals that begin or end with two colons."""
    del session
    return not (name[6:8] == b"::" or name.endswith(b"::]")) and clean(name)
