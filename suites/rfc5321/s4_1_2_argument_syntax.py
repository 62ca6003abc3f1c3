"""RFC 5321 4.1.2 - Command Argument Syntax."""

from __future__ import annotations

from collections.abc import Callable

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Observation,
    Outcome,
    Reply,
    Unclear,
    accepted,
    goes_on,
    not_refused_as,
    presume,
    read_as_valid,
    refused,
    row,
    scenario,
    stays_open,
    took,
)

ATEXT_SPECIALS = {
    "exclamation": b"!",
    "hash": b"#",
    "dollar": b"$",
    "percent": b"%",
    "ampersand": b"&",
    "apostrophe": b"'",
    "asterisk": b"*",
    "plus": b"+",
    "hyphen": b"-",
    "slash": b"/",
    "equals": b"=",
    "question": b"?",
    "caret": b"^",
    "underscore": b"_",
    "backtick": b"`",
    "left-brace": b"{",
    "bar": b"|",
    "right-brace": b"}",
    "tilde": b"~",
}
"""What an atom may hold beside letters and digits (RFC 5322 3.2.3)."""

QTEXT_SPECIALS = {
    "space": b" ",
    "at": b"@",
    "dot": b".",
    "comma": b",",
    "colon": b":",
    "semicolon": b";",
    "less-than": b"<",
    "greater-than": b">",
    "left-parenthesis": b"(",
    "right-parenthesis": b")",
    "left-bracket": b"[",
    "right-bracket": b"]",
}
"""What only a quoted string may hold, as it stands."""

DOT_STRINGS = {
    **{f"with-{name}": b"us%ber" % special for name, special in ATEXT_SPECIALS.items()},
    "slash-first": b"/user",
    "every-special": b"".join(ATEXT_SPECIALS.values()),
    "one-letter": b"u",
    "digits": b"12345",
    "upper": b"USER",
    "one-dot": b"us.er",
    "many-dots": b"u.s.e.r",
}

QUOTED_STRINGS = {
    **{f"with-{name}": b'"us%ber"' % special for name, special in QTEXT_SPECIALS.items()},
    "word": b'"user"',
    "empty": b'""',
    "space-alone": b'" "',
    "space-first-and-last": b'" user "',
    "dot-first": b'".user"',
    "dots-together": b'"us..er"',
    "quoted-double-quote": rb'"us\"er"',
    "quoted-backslash": rb'"us\\er"',
    "quoted-backslash-last": rb'"user\\"',
    "quoted-letter": rb'"us\er"',
    "quoted-space": rb'"us\ er"',
    "quoted-greater-than": rb'"us\>er"',
    "looks-like-a-path": b'"user>@<user"',
    "every-special": b'"%b"' % b"".join(QTEXT_SPECIALS.values()),
    "every-atom-special": b'"%b"' % b"".join(ATEXT_SPECIALS.values()),
}

LABELS = {
    "one-letter": b"a",
    "one-digit": b"1",
    "digits": b"123",
    "digit-first": b"3com",
    "digit-last": b"host1",
    "hyphen": b"a-b",
    "hyphens-together": b"a--b",
    "a-label": b"xn--bcher-kva",
    "upper": b"LABEL",
    "63-octets": b"a" * 63,
    "many-labels": b"a.b.c.d.e.f",
}
"""What may stand before a parent domain, as one label or as several."""

BAD_IN_LABELS = {
    "underscore": b"_",
    "dollar": b"$",
    "slash": b"/",
    "backslash": b"\\",
    "bell": b"\a",
}

NO_PATHS = {
    "no-brackets": b"sender@%b",
    "space-behind-the-colon": b" <sender@%b>",
    "two-closing-brackets": b"<sender@%b>>",
    "word-behind-the-bracket": b"<sender@%b>word",
    "unclosed-quote": b'<"sender@%b>',
    "atom-behind-a-quote": b'<"sen"der@%b>',
    "bare-space": b"<sen der@%b>",
    "two-ats": b"<sen@der@%b>",
    "no-local-part": b"<@%b>",
    "dots-together": b"<sen..der@%b>",
    "dot-last": b"<sender.@%b>",
    "display-name": b"<Sender sender@%b>",
    "dot-first": b"<.sender@%b>",
    "comment": b"<sender(home)@%b>",
    "bare-backslash": b"<sen\\der@%b>",
    "bare-bracket": b"<sen[der@%b>",
    "bare-comma": b"<sen,der@%b>",
    "bare-semicolon": b"<sen;der@%b>",
    "quote-in-the-middle": b'<sen"d"er@%b>',
    "space-behind-the-at": b"<sender@ %b>",
    "space-inside-the-brackets": b"< sender@%b >",
    "hyphen-first-in-a-label": b"<sender@-host.%b>",
    "hyphen-last-in-a-label": b"<sender@host-.%b>",
    "dot-behind-the-domain": b"<sender@%b.>",
    "dot-before-the-domain": b"<sender@.%b>",
    "empty-label": b"<sender@host..%b>",
    "port": b"<sender@%b:25>",
    "route-without-colon": b"<@relay.example.test,sender@%b>",
    "ipv4-of-three-numbers": b"<sender@[192.0.2]>",
    "ipv4-of-five-numbers": b"<sender@[192.0.2.1.1]>",
    "ipv4-above-255": b"<sender@[192.0.2.256]>",
    "ipv4-with-letters": b"<sender@[192.0.2.x]>",
    "ipv6-with-two-gaps": b"<sender@[IPv6:2001::db8::1]>",
    "ipv6-of-nine-groups": b"<sender@[IPv6:1:2:3:4:5:6:7:8:9]>",
    "ipv6-of-seven-groups": b"<sender@[IPv6:1:2:3:4:5:6:7]>",
    "ipv6-with-five-digits": b"<sender@[IPv6:12345::1]>",
    "ipv6-with-letters-beyond-f": b"<sender@[IPv6:2001:dbg::1]>",
    "ipv6-gap-of-one-group": b"<sender@[IPv6:1:2:3:4:5:6:7::]>",
    "ipv6-with-a-bad-ipv4": b"<sender@[IPv6:::192.0.2.256]>",
    "ipv6-with-a-zone": b"<sender@[IPv6:fe80::1%eth0]>",
    "empty-literal": b"<sender@[]>",
    "unclosed-literal": b"<sender@[192.0.2.1>",
}
"""What the grammar does not have behind ``MAIL FROM:``."""

LITERALS = {
    "ipv4": b"[192.0.2.1]",
    "ipv6-full": b"[IPv6:2001:db8:1:2:3:4:5:6]",
    "ipv6-compressed": b"[IPv6:2001:db8::1]",
    "ipv6-with-ipv4": b"[IPv6:2001:db8::192.0.2.1]",
}

LONGEST = b".".join([b"a" * 63, b"b" * 63, b"c" * 63, b"d" * 61])
"""A domain of 253 octets, the longest that the DNS can hold without its last dot (RFC 1035 2.3.4)."""


def _sender_domain(smtp: Client) -> bytes:
    """A domain whose senders the target takes, as far as its file says.

    None of the target's own: the local-parts of these may have to follow conventions of its site (4.1.1).
    """
    _, _, sender = (smtp.target.sender or "").rpartition("@")
    own = {domain.lower() for domain in smtp.target.domains}
    taken = [domain for domain in (*smtp.target.sender_domains, sender) if domain and domain.lower() not in own]
    return (taken[0] if taken else "client.example.test").encode("ascii")


def _rows(values: dict[str, bytes], clause: str = "", cut: tuple[str, ...] = ()) -> dict[str, object]:
    """A row for each value; only those named in ``cut`` are sent in segments too."""
    return {name: row(value, clause, segments=name in cut) for name, value in values.items()}


async def _reverse_path_is_read(smtp: Client, path: bytes, plain: bytes) -> Observation:
    """Whether the path is taken for one; where it is not, the plain one in its place is."""
    seen = read_as_valid(await smtp.mail(path))
    if isinstance(seen, Broken):
        presume(accepted(await smtp.mail(plain)))
    return seen


async def _forward_path_is_read(smtp: Client, path: bytes, plain: bytes) -> Observation:
    """As above for a recipient, in a domain that is not the server's own: the conventions of its site are not ours."""
    seen = read_as_valid(await smtp.rcpt(path))
    if isinstance(seen, Broken):
        presume(accepted(await smtp.rcpt(plain)))
    return seen


@scenario("rfc5321/4.1.2/null-reverse-path", start=At.EHLO, facts=["sender"], segments=["octets", "line-ends"])
async def null_reverse_path_is_read(smtp: Client) -> Observation:
    """An empty pair of brackets is no syntax error where the sender's mailbox is none."""
    return await _reverse_path_is_read(smtp, b"<>", smtp.reverse_path)


@scenario(
    "rfc5321/4.1.2/path-syntax",
    start=At.EHLO,
    loose={
        "reverse-path-in-brackets": b"MAIL FROM:%b",
        "reverse-path-behind-the-colon": row(b"MAIL FROM: <%b>", "rfc5321/4.1.1.2/mail-syntax"),
        "forward-path-in-brackets": row(b"RCPT TO:%b", start=At.MAIL),
        "forward-path-behind-the-colon": row(b"RCPT TO: <%b>", "rfc5321/4.1.1.3/rcpt-syntax", start=At.MAIL),
    },
    segments=["octets", "line-ends"],
)
async def strict_form_is_read(loose: bytes, smtp: Client) -> Observation:
    """The form of the grammar is no syntax error where a looser form, which it does not have, is taken."""
    verb, path = (smtp.mail, smtp.reverse_path) if loose.startswith(b"MAIL") else (smtp.rcpt, smtp.forward_path)
    seen = read_as_valid(await verb())
    if isinstance(seen, Broken):
        presume(accepted(await smtp.say(loose % path.strip(b"<>"))))
    return seen


@scenario(
    "rfc5321/4.1.2/dot-string",
    start=At.EHLO,
    local=_rows(DOT_STRINGS, cut=("every-special",)),
    segments=["octets"],
)
async def dot_string_in_reverse_path_is_read(local: bytes, smtp: Client) -> Observation:
    """A sender whose local-part is a dot-string is no syntax error where a plain one is taken."""
    domain = _sender_domain(smtp)
    return await _reverse_path_is_read(smtp, b"<%b@%b>" % (local, domain), b"<sender@%b>" % domain)


@scenario("rfc5321/4.1.2/dot-string", start=At.MAIL, facts=["relay_domains"], local=DOT_STRINGS)
async def dot_string_in_forward_path_is_read(local: bytes, smtp: Client) -> Observation:
    """A recipient elsewhere whose local-part is a dot-string is no syntax error where a plain one is taken."""
    domain = smtp.target.relay_domains[0].encode("ascii")
    return await _forward_path_is_read(smtp, b"<%b@%b>" % (local, domain), b"<unknown@%b>" % domain)


@scenario(
    "rfc5321/7.9/may-refuse",
    start=At.EHLO,
    facts=["relay_domains"],
    side={"reverse-path": True, "forward-path": row(False, start=At.MAIL)},
)
async def local_part_with_a_hyphen_first_may_be_refused(side: bool, smtp: Client) -> Observation:
    """A local-part that begins like an option of a program is taken, or refused, as many sites do for that reason."""
    if side:
        outcome = await smtp.mail(b"<-user@%b>" % _sender_domain(smtp))
    else:
        outcome = await smtp.rcpt(b"<-user@%b>" % smtp.target.relay_domains[0].encode("ascii"))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("takes it" if outcome.severity == 2 else "refuses it", outcome)


@scenario(
    "rfc5321/4.1.2/quoted-string",
    start=At.EHLO,
    local=_rows(QUOTED_STRINGS, cut=("every-special", "quoted-double-quote", "quoted-backslash-last")),
    segments=["octets"],
)
async def quoted_string_in_reverse_path_is_read(local: bytes, smtp: Client) -> Observation:
    """A sender whose local-part is a quoted string is no syntax error where a plain one is taken."""
    domain = _sender_domain(smtp)
    return await _reverse_path_is_read(smtp, b"<%b@%b>" % (local, domain), b"<sender@%b>" % domain)


@scenario("rfc5321/4.1.2/quoted-string", start=At.MAIL, facts=["relay_domains"], local=QUOTED_STRINGS)
async def quoted_string_in_forward_path_is_read(local: bytes, smtp: Client) -> Observation:
    """A recipient elsewhere whose local-part is a quoted string is no syntax error where a plain one is taken."""
    domain = smtp.target.relay_domains[0].encode("ascii")
    return await _forward_path_is_read(smtp, b"<%b@%b>" % (local, domain), b"<unknown@%b>" % domain)


@scenario("rfc5321/4.1.2/domain-syntax", start=At.EHLO, labels=LABELS)
async def domain_in_reverse_path_is_read(labels: bytes, smtp: Client) -> Observation:
    """A sender in a domain of this form is no syntax error where one in a plain domain beside it is taken."""
    parent = _sender_domain(smtp)
    return await _reverse_path_is_read(smtp, b"<sender@%b.%b>" % (labels, parent), b"<sender@plain.%b>" % parent)


HELLO_NAMES = {
    **{name: labels + b".client.example.test" for name, labels in LABELS.items()},
    "one-label": b"client",
    "253-octets": LONGEST,
}


@scenario(
    "rfc5321/4.1.1.1/ehlo-syntax",
    start=At.GREETING,
    line={
        **{
            f"ehlo-{name}": row(b"EHLO " + domain, segments=name == "253-octets")
            for name, domain in HELLO_NAMES.items()
        },
        **{
            f"helo-{name}": row(b"HELO " + domain, "rfc5321/4.1.1.1/helo-syntax", segments=name == "253-octets")
            for name, domain in HELLO_NAMES.items()
        },
    },
    segments=["octets"],
)
async def domain_in_hello_is_read(line: bytes, smtp: Client) -> Observation:
    """A domain of this form behind EHLO or HELO is no syntax error where our own name is taken."""
    seen = read_as_valid(await smtp.say(line))
    if isinstance(seen, Broken):
        presume(accepted(await smtp.ehlo() if line.startswith(b"EHLO") else await smtp.say(b"HELO " + smtp.helo_name)))
    return seen


@scenario("rfc5321/4.1.2/mailbox-may-have-a-literal", start=At.EHLO, facts=["sender"], literal=LITERALS)
async def literal_in_reverse_path_is_read(literal: bytes, smtp: Client) -> Observation:
    """A sender at an address literal is no syntax error where one in a domain is taken."""
    return await _reverse_path_is_read(smtp, b"<sender@%b>" % literal, smtp.reverse_path)


@scenario(
    "rfc5321/4.1.2/bad-characters-in-domain",
    start=At.GREETING,
    line={
        **{f"ehlo-{name}": b"EHLO cl%bent.example.test" % bad for name, bad in BAD_IN_LABELS.items()},
        **{f"helo-{name}": b"HELO cl%bent.example.test" % bad for name, bad in BAD_IN_LABELS.items()},
    },
)
async def bad_character_in_hello_is_refused(line: bytes, smtp: Client) -> Observation:
    """EHLO and HELO with a character that no domain may hold are refused."""
    return refused(await smtp.say(line))


async def _refused_by_the_recipient(smtp: Client, reverse_path: bytes) -> Observation:
    """A reverse-path may be taken and the refusal come with the recipient (3.3)."""
    outcome = await smtp.mail(reverse_path)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
    return refused(outcome)


@scenario("rfc5321/4.1.2/bad-characters-in-domain", start=At.EHLO, bad=BAD_IN_LABELS)
async def bad_character_in_reverse_path_is_refused(bad: bytes, smtp: Client) -> Observation:
    """A sender in a domain with a character that no domain may hold is refused, at the recipient at the latest."""
    return await _refused_by_the_recipient(smtp, b"<sender@ho%bst.%b>" % (bad, _sender_domain(smtp)))


@scenario("rfc5321/4.1.4/mail-argument-for-the-server-to-judge", start=At.EHLO, path=NO_PATHS)
async def what_is_no_path_may_be_taken(path: bytes, smtp: Client) -> Observation:
    """A reverse-path that the grammar does not have is refused, or put up with."""
    outcome = await smtp.mail(path.replace(b"%b", _sender_domain(smtp)))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("lax: takes it" if outcome.severity == 2 else "refuses it", outcome)


ROUTES = {
    "one-host": b"@relay.client.example.test:",
    "two-hosts": b"@one.client.example.test,@two.client.example.test:",
}


def _went_on(outcome: Outcome) -> Observation:
    """Whether the session serves the command behind a source route, or has ended."""
    if isinstance(outcome, Reply) and outcome.code != 421:
        return goes_on(outcome)
    return stays_open(outcome)


@scenario("rfc5321/4.1.2/accept-source-routes", start=At.RCPT, route=ROUTES, segments=["octets"])
async def source_route_leaves_the_recipients(route: bytes, smtp: Client, second: Client) -> Observation:
    """A forward-path with a source route, taken or refused, does not take an accepted recipient away."""
    await second.transaction()
    presume(goes_on(await second.say(b"DATA")))
    await smtp.rcpt(b"<" + route + smtp.forward_path[1:])
    return _went_on(await smtp.say(b"DATA"))


@scenario("rfc5321/4.1.2/accept-source-routes", start=At.EHLO, facts=["sender"], route=ROUTES, segments=["octets"])
async def source_route_of_the_sender_leaves_the_session(route: bytes, smtp: Client, second: Client) -> Observation:
    """A reverse-path with a source route opens a transaction, or is refused and leaves room for one."""
    await second.transaction()
    outcome = await smtp.mail(b"<" + route + smtp.reverse_path[1:])
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt()
        return not_refused_as(outcome, {503}) if isinstance(outcome, Reply) else stays_open(outcome)
    return _went_on(await smtp.mail())


ENVID = b" ENVID=" + bytes(octet for octet in range(0x21, 0x7F) if octet not in b"+=")
"""A value of every character that may stand in one and needs no escape there (RFC 3461 4)."""


@scenario(
    "rfc5321/4.1.2/parameter-syntax",
    start=At.EHLO,
    parameters={
        "one": row(b" BODY=8BITMIME", offers=["8BITMIME"]),
        "two": row(b" SIZE=1000 BODY=8BITMIME", offers=["8BITMIME", "SIZE"]),
        "two-the-other-way-round": row(b" BODY=8BITMIME SIZE=1000", offers=["8BITMIME", "SIZE"]),
        "every-character": row(ENVID, offers=["DSN"]),
        "bracket-in-the-value": row(b" ENVID=a>b", offers=["DSN"]),
        "colon-in-the-value": row(b" ENVID=from:<a@b>", offers=["DSN"]),
        "one-behind-a-value-with-a-bracket": row(b" ENVID=<a@b> RET=HDRS", offers=["DSN"]),
    },
    segments=["octets"],
)
async def parameters_of_mail_are_read(parameters: bytes, smtp: Client) -> Observation:
    """Parameters of an offered extension are no syntax error where MAIL without them is taken."""
    seen = not_refused_as(await smtp.mail(parameters=parameters), NOT_READ)
    if isinstance(seen, Broken):
        presume(accepted(await smtp.mail()))
    return seen


@scenario(
    "rfc5321/4.1.2/parameter-syntax",
    start=At.MAIL,
    parameters={
        "one": row(b" NOTIFY=NEVER", offers=["DSN"]),
        "list-in-the-value": row(b" NOTIFY=SUCCESS,FAILURE,DELAY", offers=["DSN"]),
        "two": row(b" NOTIFY=FAILURE ORCPT=rfc822;alice@example.test", offers=["DSN"]),
        "bracket-in-the-value": row(b' ORCPT=rfc822;"a>b"@example.test', offers=["DSN"]),
    },
    segments=["octets"],
)
async def parameters_of_rcpt_are_read(parameters: bytes, smtp: Client) -> Observation:
    """Parameters of an offered extension are no syntax error where RCPT without them is taken."""
    seen = not_refused_as(await smtp.rcpt(parameters=parameters), NOT_READ)
    if isinstance(seen, Broken):
        presume(accepted(await smtp.rcpt()))
        if b">" in parameters:  # else it is the quoted local-part that is not taken
            presume(accepted(await smtp.rcpt(parameters=parameters.replace(b">", b""))))
    return seen


NOT_READ = {500, 501, 504, 553, 555}
"""What refuses a command for the form of its path or its parameters."""


@scenario("rfc5321/4.1.2/local-part-may-have-case", start=At.MAIL, facts=["mailboxes"])
async def local_part_may_have_case(smtp: Client) -> Observation:
    """A mailbox whose local-part is written in the other case is taken, or refused."""
    local, at, domain = smtp.forward_path.strip(b"<>").partition(b"@")
    if local.swapcase() == local:
        return Unclear("the mailbox has no letters whose case could be turned")
    outcome = await smtp.rcpt(b"<" + local.swapcase() + at + domain + b">")
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("has no case" if outcome.severity == 2 else "has case", outcome)


def _escaped(octets: bytes) -> bytes:
    return b"".join(b"\\%c" % octet for octet in octets)


@scenario(
    "rfc5321/4.1.2/quoted-forms-are-equal",
    start=At.MAIL,
    facts=["mailboxes"],
    quoted={
        "quotes": lambda local: local,
        "backslash-first": lambda local: _escaped(local[:1]) + local[1:],
        "backslash-last": lambda local: local[:-1] + _escaped(local[-1:]),
        "backslashes": _escaped,
    },
    segments=["octets"],
)
async def quoted_form_is_the_same_mailbox(quoted: Callable[[bytes], bytes], smtp: Client) -> Observation:
    """A mailbox is taken in each quoted form where it is taken without quotes."""
    local, at, domain = smtp.forward_path.strip(b"<>").partition(b"@")
    if local.startswith(b'"'):
        return Unclear("the mailbox is quoted in the target file")
    outcome = await smtp.rcpt(b'<"' + quoted(local) + b'"' + at + domain + b">")
    presume(read_as_valid(outcome))  # what is refused for its form was never compared with a mailbox
    seen = accepted(outcome)
    if not isinstance(seen, Held):
        presume(accepted(await smtp.rcpt()))
    return seen
