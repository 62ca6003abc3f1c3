"""RFC 6531 3.2 - The SMTPUTF8 Extension: addresses in UTF-8."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    holds,
    not_refused_as,
    presume,
    refused,
    row,
    scenario,
)

SYNTAX = {500, 501, 504, 553, 555}
"""How a server refuses what it can't read; refusing a sender or a recipient for other reasons is its own matter."""

MAILBOXES = {
    "latin": "jürgen@example.com",
    "greek": "δοκιμή@example.com",
    "chinese": "用户@example.com",
    "beyond-16-bit": "\U00010348@example.com",
    "with-dots": "jü.rg.én@example.com",
    "with-atext": "jü+a!b@example.com",
    "quoted": '"jü rgen"@example.com',
    "u-label": "sender@bücher.example.com",
    "u-label-alone": "sender@例子.example.com",
    "both": "jürgen@bücher.example.com",
}


def _path(mailbox: str) -> bytes:
    return b"<" + mailbox.encode() + b">"


def _without_utf_8(mailbox: str) -> bytes:
    """A path of the same form in ASCII: where that can't be read either, UTF-8 is not why."""
    return _path("".join(letter if letter.isascii() else "x" for letter in mailbox))


@scenario("rfc6531/3.2/utf-8-wherever-mailbox", start=At.EHLO, offers=["SMTPUTF8"], mailbox=MAILBOXES)
async def sender_in_utf_8_is_read(mailbox: str, smtp: Client) -> Observation:
    """MAIL with a mailbox in UTF-8 and SMTPUTF8 is not refused for its syntax."""
    presume(accepted(await smtp.mail(parameters=b" SMTPUTF8")))
    presume(accepted(await smtp.say(b"RSET")))
    seen = not_refused_as(await smtp.mail(_path(mailbox), b" SMTPUTF8"), SYNTAX)
    if isinstance(seen, Broken):
        presume(not_refused_as(await smtp.mail(_without_utf_8(mailbox), b" SMTPUTF8"), SYNTAX))
    return seen


@scenario("rfc6531/3.2/utf-8-wherever-mailbox", start=At.EHLO, offers=["SMTPUTF8"], mailbox=MAILBOXES)
async def recipient_in_utf_8_is_read(mailbox: str, smtp: Client) -> Observation:
    """RCPT with a mailbox in UTF-8 is not refused for its syntax where MAIL had SMTPUTF8."""
    presume(accepted(await smtp.mail(parameters=b" SMTPUTF8")))
    seen = not_refused_as(await smtp.rcpt(_path(mailbox)), SYNTAX - {553})
    if isinstance(seen, Broken):
        presume(not_refused_as(await smtp.rcpt(_without_utf_8(mailbox)), SYNTAX - {553}))
    return seen


LABELS = {
    "latin": ("bücher.example", "xn--bcher-kva.example"),
    "chinese": ("例子.example", "xn--fsqu00a.example"),
}


@scenario("rfc6531/3.7/utf-8-for-mailboxes", start=At.EHLO, offers=["SMTPUTF8"], labels=LABELS)
async def sender_domain_in_either_form_gets_the_same_answer(labels: tuple[str, str], smtp: Client) -> Observation:
    """MAIL with a U-label gets what it gets with the A-label of the same domain."""
    outcomes = []
    for domain in labels:
        outcomes.append(await smtp.mail(_path(f"sender@{domain}"), b" SMTPUTF8"))
        await smtp.say(b"RSET")
    unicode, ascii_form = outcomes
    if not all(isinstance(outcome, Reply) and outcome.severity in {2, 5} for outcome in outcomes):
        return Unclear(f"{unicode} | {ascii_form}")
    assert isinstance(unicode, Reply)
    assert isinstance(ascii_form, Reply)
    same = unicode.severity == ascii_form.severity
    return holds(same, expected=f"what the A-label gets: {ascii_form}", seen=unicode)


@scenario("rfc6531/3.7/utf-8-for-mailboxes", start=At.EHLO, offers=["SMTPUTF8"], labels=LABELS)
async def recipient_domain_in_either_form_gets_the_same_answer(labels: tuple[str, str], smtp: Client) -> Observation:
    """RCPT with a U-label gets what it gets with the A-label of the same domain."""
    presume(accepted(await smtp.mail(parameters=b" SMTPUTF8")))
    unicode, ascii_form = [await smtp.rcpt(_path(f"someone@{domain}")) for domain in labels]
    if not isinstance(unicode, Reply) or not isinstance(ascii_form, Reply):
        return Unclear(f"{unicode} | {ascii_form}")
    if {unicode.severity, ascii_form.severity} - {2, 5}:
        return Unclear(f"{unicode} | {ascii_form}")
    same = unicode.severity == ascii_form.severity
    return holds(same, expected=f"what the A-label gets: {ascii_form}", seen=unicode)


NOT_UTF_8 = {
    "latin-1": b"j\xfcrgen@example.com",
    "lone-continuation": b"j\x80rgen@example.com",
    "truncated": b"j\xc3@example.com",
    "overlong": b"j\xc0\xafrgen@example.com",
    "surrogate": b"j\xed\xa0\x80rgen@example.com",
}


@scenario("rfc5321/2.4/refuse-8-bit-commands", start=At.EHLO, offers=["SMTPUTF8"], mailbox=NOT_UTF_8)
async def sender_that_is_not_utf_8_is_refused(mailbox: bytes, smtp: Client) -> Observation:
    """SMTPUTF8 allows UTF-8 and no other 8-bit octets."""
    return await _refused_by_the_recipient(smtp, await smtp.mail(b"<" + mailbox + b">", b" SMTPUTF8"))


@scenario(
    "rfc5321/2.4/refuse-8-bit-commands",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    line={
        "mail": "MAIL FROM:<jürgen@example.com>".encode(),
        "mail-domain": "MAIL FROM:<sender@bücher.example.com>".encode(),
        "rcpt": row("RCPT TO:<jürgen@example.com>".encode(), start=At.MAIL),
        "ehlo": row("EHLO bücher.example.com".encode(), "rfc5321/4.1.2/bad-characters-in-domain"),
    },
)
async def utf_8_is_refused_without_the_parameter(line: bytes, smtp: Client) -> Observation:
    """UTF-8 is refused in the name of EHLO, and in MAIL and RCPT where MAIL has no SMTPUTF8."""
    outcome = await smtp.say(line)
    return await _refused_by_the_recipient(smtp, outcome) if line.startswith(b"MAIL") else refused(outcome)


async def _refused_by_the_recipient(smtp: Client, outcome: Outcome) -> Observation:
    """A reverse-path may be taken and the refusal come with the recipient (RFC 5321 3.3)."""
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    return refused(outcome)


@scenario("rfc5321/2.4/refuse-8-bit-commands", start=At.EHLO, offers=["SMTPUTF8"])
async def parameter_holds_for_its_transaction_only(smtp: Client) -> Observation:
    """SMTPUTF8 of an earlier MAIL does not open the next one to UTF-8."""
    presume(accepted(await smtp.mail(parameters=b" SMTPUTF8")))
    presume(accepted(await smtp.say(b"RSET")))
    return await _refused_by_the_recipient(smtp, await smtp.mail(_path("jürgen@example.com")))


@scenario(
    "rfc6531/3.2/dsn-means-rfc-6533",
    start=At.EHLO,
    offers=["SMTPUTF8", "DSN"],
    value={"ascii": b"utf-8;someone@example.com", "embedded": b"utf-8;j\\x{FC}rgen@example.com"},
)
async def original_recipient_of_the_type_utf_8_is_taken(value: bytes, smtp: Client) -> Observation:
    """RCPT with ORCPT of the type utf-8, which RFC 6533 defines, is taken."""
    presume(accepted(await smtp.mail()))
    presume(accepted(await smtp.rcpt(parameters=b" ORCPT=rfc822;someone@example.com")))
    return accepted(await smtp.rcpt(parameters=b" ORCPT=" + value))


LOCAL_PARTS = {
    # What delimits in ASCII still does.
    "two-dots": "jü..rgen",
    "dot-first": ".jürgen",
    "dot-last": "jürgen.",
    "space": "jü rgen",
    "comma": "jü,rgen",
    "bracket": "jü<rgen",
    "unclosed-quote": '"jürgen',
    "quote-within": 'jü"r"gen',
    "at": "jü@rgen",
    "quoted-at": '"jü@rgen"',
    "escaped": '"jü\\"rgen"',
    "plus": "jü+rgen",
    # What only looks so does not.
    "full-width-at": "j\uff20rgen",
    "full-width-dots": "j\uff0e\uff0ergen",
    "full-width-dot-last": "jrgen\uff0e",
    "ideographic-stop": "jrgen\u3002",
    "full-width-quote": "j\uff02rgen",
    "full-width-bracket": "j\uff1crgen",
    "no-break-space": "j\u00a0rgen",
    "ideographic-space": "j\u3000rgen",
    "line-separator": "j\u2028rgen",
}


@scenario("rfc6531/3.2/parsing-unchanged", start=At.EHLO, offers=["SMTPUTF8"], local=LOCAL_PARTS)
async def local_part_is_parsed_as_in_ascii(local: str, smtp: Client) -> Observation:
    """MAIL with a local-part gets what it gets with a letter of ASCII for each that is none."""
    presume(accepted(await smtp.mail(_path("jürgen@example.com"), b" SMTPUTF8")))
    presume(accepted(await smtp.say(b"RSET")))
    plain = await smtp.mail(_without_utf_8(f"{local}@example.com"), b" SMTPUTF8")
    await smtp.say(b"RSET")
    seen = await smtp.mail(_path(f"{local}@example.com"), b" SMTPUTF8")
    if not all(isinstance(outcome, Reply) and outcome.severity in {2, 5} for outcome in (plain, seen)):
        return Unclear(f"{plain} | {seen}")
    assert isinstance(plain, Reply)
    assert isinstance(seen, Reply)
    return holds(plain.severity == seen.severity, expected=f"what ASCII gets: {plain}", seen=seen)
