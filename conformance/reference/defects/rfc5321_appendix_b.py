"""Defects in what is made of a message that a local user hands over without an envelope (RFC 5321 appendix B)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from conformance.reference._composing import Composer, addresses
from conformance.reference._decision import defect
from conformance.store import Field, fields_named
from conformance.wire import CRLF

InField = Callable[[Field], list[bytes]]
Recipients = Callable[[Sequence[Field], bytes], tuple[bytes, ...]]
Changed = Callable[[list[Field]], list[Field]]
ChangedFor = Callable[[list[Field], bytes], list[Field]]
ReturnAddress = Callable[[Sequence[Field], bytes], bytes]
Unfit = Callable[[Sequence[Field], bytes], bytes]

EVERY_ADDRESS = "rfc5321/B/every_address_becomes_a_recipient"
EVERY_MEMBER = "rfc5321/B/every_member_of_a_group_becomes_a_recipient"
NOBODY_ELSE = "rfc5321/B/nobody_else_becomes_a_recipient"
VALID = "rfc5321/B/what_is_sent_is_valid"

USER_RETURNS = "rfc5321/B/reverse_path_is_the_user"

GROUP = re.compile(rb'("[^"]*"|[a-z-]+):[^;:]*;')
ADDRESS_LIKE = re.compile(rb"[^\s<>(),:;\"]+@[^\s<>(),:;\"]+")


# Who gets no copy.


def _left_out(
    name: str,
    does: str,
    rows: set[str],
    reads: Callable[[Field, list[bytes]], list[bytes]],
    *,
    family: str = EVERY_ADDRESS,
) -> None:
    """A server that finds other addresses in a field, or fewer, than there are."""

    def named_in(clean: InField, composer: Composer, field: Field) -> list[bytes]:
        del composer
        return reads(field, clean(field))

    named_in.__doc__ = does
    defect(Composer.named_in, name=name, proves={f"{family}[{row}]" for row in rows})(named_in)


def _nothing_where(pattern: bytes) -> Callable[[Field, list[bytes]], list[bytes]]:
    """Finds no address in a field with such octets."""
    sought = re.compile(pattern)
    return lambda field, found: [] if sought.search(field.octets) else found


def _none_in(name: str) -> Callable[[Field, list[bytes]], list[bytes]]:
    """Finds no address in a field of this name."""
    return lambda field, found: [] if field.name == name else found


_left_out("to-gets-no-copy", "Sends nothing to those in To.", {"to", "each"}, _none_in("to"))
_left_out("cc-gets-no-copy", "Sends nothing to those in Cc.", {"cc", "each"}, _none_in("cc"))
_left_out("bcc-gets-no-copy", "Sends nothing to those in Bcc.", {"bcc", "each", "several-in-bcc"}, _none_in("bcc"))
_left_out(
    "only-the-first-address-of-a-field-counts",
    "Sends a copy to the first address of a field only.",
    {"several-in-one", "several-in-bcc", "folded", "in-brackets"},
    lambda _, found: found[:1],
)
_left_out(
    "only-the-first-line-of-a-field-counts",
    "Reads a field as far as its first line goes.",
    {"folded", "folded-at-once"},
    lambda field, _: addresses(Field(field.octets.partition(CRLF)[0] + CRLF)),
)
_left_out(
    "names-of-fields-have-a-case",
    "Knows To, Cc and Bcc only where they begin with a capital.",
    {"names-in-small-letters"},
    _nothing_where(rb"^[a-z]"),
)
_left_out("brackets-are-not-read", "Finds no address in brackets.", {"in-brackets"}, _nothing_where(rb"<.*<"))
_left_out(
    "commas-part-quoted-names",
    "Takes a comma in a quoted name for the end of an address.",
    {"name-with-a-comma"},
    _nothing_where(rb'"[^"\\]*,[^"]*" <'),
)
_left_out(
    "semicolons-part-quoted-names",
    "Takes a semicolon in a quoted name for the end of an address.",
    {"name-with-a-semicolon"},
    _nothing_where(rb'"[^":]*;[^":]*" <'),
)
_left_out(
    "quoted-pairs-are-not-read",
    "Takes an escaped quote for the end of a quoted name.",
    {"name-with-a-quote"},
    _nothing_where(rb'\\"'),
)
_left_out(
    "commas-part-comments",
    "Takes a comma in a comment for the end of an address.",
    {"comment-with-a-comma"},
    _nothing_where(rb"\([^()]*,[^()]*\)"),
)
_left_out(
    "comments-do-not-nest",
    "Takes the first parenthesis that closes for the end of a comment.",
    {"comments-in-comments"},
    _nothing_where(rb"\([^)]*\("),
)
_left_out(
    "brackets-have-no-comments",
    "Finds no address in brackets that hold a comment too.",
    {"comment-in-the-brackets"},
    _nothing_where(rb"<[^>]*\("),
)
_left_out(
    "encoded-names-are-not-read", "Finds no address behind an encoded word.", {"encoded-name"}, _nothing_where(rb"=\?")
)
_left_out(
    "quoted-local-parts-are-passed-over",
    "Passes over an address whose local-part is quoted.",
    {"quoted-local-part"},
    lambda _, found: [each for each in found if each[:1] != b'"'],
)
_left_out(
    "groups-are-passed-over",
    "Passes over groups, members and all.",
    {
        "group",
        "group-of-one",
        "in-cc",
        "in-bcc",
        "beside-others",
        "with-names",
        "two-groups",
        "quoted-name",
        "folded",
    },
    lambda field, _: addresses(Field(b"To:" + GROUP.sub(b"", field.body) + CRLF)),
    family=EVERY_MEMBER,
)


@defect(Composer.recipients_named, proves={f"{EVERY_ADDRESS}[twice]"})
def who_stands_there_twice_gets_nothing(
    clean: Recipients, composer: Composer, fields: Sequence[Field], body: bytes
) -> tuple[bytes, ...]:
    """Sends no copy to who stands in To and in Cc, where others stand there too."""
    to, cc = (
        [each for field in fields_named(fields, name) for each in composer.named_in(field)] for name in ("to", "cc")
    )
    named = clean(fields, body)
    return tuple(each for each in named if len(named) == 1 or not (each in to and each in cc))


@defect(Composer.unfit_to_send, proves={f"{EVERY_MEMBER}[empty-one-beside]", f"{EVERY_MEMBER}[empty-one-before]"})
def empty_groups_are_refused(clean: Unfit, composer: Composer, fields: Sequence[Field], body: bytes) -> bytes:
    """Refuses a message with a group of nobody."""
    del composer
    empty = any(re.search(rb":\s*;", field.octets) for field in fields_named(fields, "to"))
    return b"A group is empty" if empty else clean(fields, body)


# Who gets one besides.


def _besides(name: str, does: str, row: str, more: Callable[[Composer, Sequence[Field], bytes], list[bytes]]) -> None:
    """A server that sends copies to others too."""

    def recipients(clean: Recipients, composer: Composer, fields: Sequence[Field], body: bytes) -> tuple[bytes, ...]:
        return (*clean(fields, body), *more(composer, fields, body))

    recipients.__doc__ = does
    defect(Composer.recipients_named, name=name, proves={f"{NOBODY_ELSE}[{row}]"})(recipients)


def _in_field(called: str) -> Callable[[Composer, Sequence[Field], bytes], list[bytes]]:
    """Those in another field."""
    return lambda _, fields, __: [each for field in fields_named(fields, called) for each in addresses(field)]


def _in_lines(lines: Sequence[bytes]) -> list[bytes]:
    """Those in lines that begin as a To field does."""
    return [each for line in lines if line.startswith(b"To:") for each in addresses(Field(line + CRLF))]


_besides("from-gets-a-copy", "Sends a copy to who stands in From.", "from", _in_field("from"))
_besides("reply-to-gets-a-copy", "Sends a copy to who stands in Reply-To.", "reply-to", _in_field("reply-to"))
_besides("comments-get-a-copy", "Sends a copy to who stands in Comments.", "comments", _in_field("comments"))
_besides(
    "identifiers-get-a-copy", "Takes what stands in In-Reply-To for addresses.", "in-reply-to", _in_field("in-reply-to")
)
_besides("x-to-gets-a-copy", "Takes X-To for a To field.", "name-with-to-in-it", _in_field("x-to"))
_besides(
    "folded-lines-are-fields",
    "Takes a folded line for a field of its own.",
    "folded-into-a-line-like-to",
    lambda _, fields, __: _in_lines([line.lstrip() for each in fields for line in each.octets.split(CRLF)[1:]]),
)
_besides(
    "body-is-searched-for-recipients",
    "Takes a line of the body for a field.",
    "body",
    lambda _, __, body: _in_lines(body.split(CRLF)),
)
_left_out(
    "every-word-with-an-at-sign-counts",
    "Takes every word with an at sign for an address, in comments and names too.",
    {"comment", "comment-before", "display-name", "group-name"},
    lambda field, found: [*found, *ADDRESS_LIKE.findall(field.body)],
    family=NOBODY_ELSE,
)


# What becomes of the fields.


@defect(
    Composer.without_blind_copies,
    proves={"rfc5321/B/bcc_is_taken_out*"},
    also={"rfc5321/B/empty-bcc-added"},
)
def bcc_stays(clean: Changed, composer: Composer, fields: list[Field]) -> list[Field]:
    """Leaves Bcc fields where they are."""
    del clean, composer
    return fields


@defect(Composer.without_blind_copies, proves={"rfc5321/B/bcc_is_taken_out[two]"})
def one_bcc_is_taken_out(clean: Changed, composer: Composer, fields: list[Field]) -> list[Field]:
    """Takes the first Bcc field out and leaves the next."""
    del clean, composer
    first = fields_named(fields, "bcc")[:1]
    return [each for each in fields if each not in first]


@defect(
    Composer.with_recipient_field,
    proves={"rfc5321/B/field_for_recipients_is_left*", "rfc5321/B/empty_bcc_is_put_where_no_field_is_left"},
)
def no_field_is_put_where_none_is_left(clean: Changed, composer: Composer, fields: list[Field]) -> list[Field]:
    """Sends a message without To, Cc and Bcc."""
    del clean, composer
    return fields


@defect(Composer.with_recipient_field, proves={"rfc5321/B/empty_bcc_is_put_where_no_field_is_left"})
def empty_group_is_put_where_no_field_is_left(clean: Changed, composer: Composer, fields: list[Field]) -> list[Field]:
    """Puts a group of nobody into To where no such field is left."""
    del composer
    kept = clean(fields)
    return kept if kept == fields else [*fields, Field(b"To: undisclosed-recipients:;" + CRLF)]


@defect(
    Composer.return_address,
    proves={f"{USER_RETURNS}[another-in-from]", f"{USER_RETURNS}[another-before-the-user]"},
)
def reverse_path_is_from(clean: ReturnAddress, composer: Composer, fields: Sequence[Field], identity: bytes) -> bytes:
    """Makes the reverse-path from From."""
    del composer
    found = [each for field in fields_named(fields, "from") for each in addresses(field)]
    return found[0] if found else clean(fields, identity)


@defect(
    Composer.return_address,
    proves={f"{USER_RETURNS}[another-in-sender]", f"{USER_RETURNS}[another-before-the-user]"},
)
def reverse_path_is_sender(clean: ReturnAddress, composer: Composer, fields: Sequence[Field], identity: bytes) -> bytes:
    """Makes the reverse-path from the Sender that the message brought."""
    del composer
    found = [each for field in fields_named(fields, "sender") for each in addresses(field)]
    return found[0] if found else clean(fields, identity)


@defect(Composer.return_address, proves={f"{USER_RETURNS}[another-in-reply-to]"})
def reverse_path_is_reply_to(
    clean: ReturnAddress, composer: Composer, fields: Sequence[Field], identity: bytes
) -> bytes:
    """Makes the reverse-path from Reply-To."""
    del composer
    found = [each for field in fields_named(fields, "reply-to") for each in addresses(field)]
    return found[0] if found else clean(fields, identity)


@defect(Composer.return_address, proves={f"{USER_RETURNS}*"})
def reverse_path_is_null(clean: ReturnAddress, composer: Composer, fields: Sequence[Field], identity: bytes) -> bytes:
    """Sends with the null reverse-path."""
    del clean, composer, fields, identity
    return b""


@defect(Composer.return_address, proves={f"{USER_RETURNS}[another-behind-the-user]"})
def reverse_path_is_the_last_in_from(
    clean: ReturnAddress, composer: Composer, fields: Sequence[Field], identity: bytes
) -> bytes:
    """Makes the reverse-path from the last mailbox in From, where there are several."""
    del composer
    found = [each for field in fields_named(fields, "from") for each in addresses(field)]
    return found[-1] if len(found) > 1 else clean(fields, identity)


@defect(Composer.may_choose_reverse_path, varies={"rfc5321/B/user_may_choose_the_reverse_path"})
def nobody_chooses_the_reverse_path(clean: Callable[[bytes], bool], composer: Composer, identity: bytes) -> bool:
    """Lets no user have another reverse-path than the user's own."""
    del clean, composer, identity
    return False


@defect(Composer.with_own_sender, proves={"rfc5321/B/user_stands_in_sender*"})
def user_is_not_put_into_sender(
    clean: ChangedFor, composer: Composer, fields: list[Field], identity: bytes
) -> list[Field]:
    """Says nowhere who submitted."""
    del clean, composer, identity
    return fields


@defect(Composer.without_old_sender, proves={"rfc5321/B/old_sender_is_taken_out*"})
def old_sender_stays(clean: Changed, composer: Composer, fields: list[Field]) -> list[Field]:
    """Leaves a Sender field where it is."""
    del clean, composer
    return fields


@defect(Composer.with_origin, proves={f"{VALID}[no-date]", f"{VALID}[no-from]"})
def missing_fields_stay_missing(
    clean: ChangedFor, composer: Composer, fields: list[Field], identity: bytes
) -> list[Field]:
    """Sends messages without Date and From."""
    del clean, composer, identity
    return fields


@defect(Composer.unfit_to_send, proves={f"{VALID}[two-dates]", f"{VALID}[two-from-fields]", f"{VALID}[line-too-long]"})
def whatever_is_handed_over_is_sent(clean: Unfit, composer: Composer, fields: Sequence[Field], body: bytes) -> bytes:
    """Looks at nothing before it sends."""
    del clean, composer, fields, body
    return b""
