"""RFC 5321 3.5.1 - Overview of VRFY and EXPN."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Observation,
    Outcome,
    Reply,
    Unclear,
    answered,
    holds,
    not_refused_as,
    presume,
    recognised,
    scenario,
    succeeds_with,
    took,
)

ADDRESS = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|[^\s<>"@,:;]+)@(?:\[[^\]\s]+\]|[A-Za-z0-9._-]*[A-Za-z0-9])')
STATUS = re.compile(rb"^[245]\.\d{1,3}\.\d{1,3} ")
FORM = re.compile(rb"(?:[^<>]* ?<[^<> ]+@[^<> ]+>|[^<> ]+@[^<> ]+)")


def _texts(reply: Reply) -> list[bytes]:
    """The texts of the lines, less an enhanced status code (RFC 2034 4)."""
    return [STATUS.sub(b"", line.text).strip() for line in reply.lines]


def _mailbox(smtp: Client) -> bytes:
    """The mailbox that the target declares first."""
    return smtp.forward_path.strip(b"<>")


def _list(smtp: Client) -> bytes:
    """The mailing list that the target file names."""
    known = smtp.target.mailing_list
    return known.address.encode("ascii") if known else b""


async def _confirmed(smtp: Client, line: bytes) -> Reply:
    """The reply with 250 to VRFY or EXPN; without one there is nothing to look at."""
    outcome = await smtp.say(line)
    presume(succeeds_with(outcome, {250}))
    assert isinstance(outcome, Reply)
    return outcome


@scenario("rfc5321/7.3/expn-supported", start=At.EHLO, segments=["octets", "line-ends"])
async def expn_is_known(smtp: Client) -> Observation:
    """EXPN is not answered as unknown or not implemented."""
    if "EXPN" in smtp.target.disabled:
        return Unclear("the target file says that the site has turned EXPN off")
    known = smtp.target.mailing_list
    return recognised(await smtp.say(b"EXPN " + (known.address.encode("ascii") if known else b"postmaster")))


@scenario("rfc5321/3.5.1/vrfy-may-give-full-name", start=At.EHLO, facts=["mailboxes"])
async def vrfy_may_tell_the_full_name(smtp: Client) -> Observation:
    """A 250 to VRFY has a name beside the mailbox, or the mailbox alone."""
    reply = await _confirmed(smtp, b"VRFY " + _mailbox(smtp))
    name = _texts(reply)[0].partition(b"<")[0].strip()
    return took("tells a name" if name and b"@" not in name else "tells the mailbox alone", reply)


@scenario("rfc5321/3.5.1/vrfy-gives-mailbox", start=At.EHLO, facts=["mailboxes"])
async def confirmation_gives_the_mailbox(smtp: Client) -> Observation:
    """A 250 to VRFY has a mailbox in its text."""
    reply = await _confirmed(smtp, b"VRFY " + _mailbox(smtp))
    return holds(b"@" in reply.text, expected="the mailbox in the text", seen=reply)


@scenario("rfc5321/3.5.1/vrfy-reply-forms", start=At.EHLO, facts=["mailboxes"])
async def confirmation_has_one_of_two_forms(smtp: Client) -> Observation:
    """The text of a 250 to VRFY is a mailbox in brackets with a name before it or none, or the bare mailbox."""
    reply = await _confirmed(smtp, b"VRFY " + _mailbox(smtp))
    if b"@" not in reply.text:
        return Unclear(f"no mailbox whose form could be looked at: {reply}")
    good = all(FORM.fullmatch(text) for text in _texts(reply))
    return holds(good, expected="User Name <mailbox>, or mailbox", seen=reply)


async def _ambiguous(smtp: Client) -> Outcome:
    name = (smtp.target.ambiguous_name or "").encode("ascii")
    return await smtp.say(b"VRFY " + (name if name.isalnum() else b'"%b"' % name))


@scenario("rfc5321/3.5.1/553-for-ambiguous-name", start=At.EHLO, facts=["ambiguous_name"])
async def ambiguous_name_gets_553(smtp: Client) -> Observation:
    """VRFY of a name that fits several mailboxes is answered with 553, where VRFY is not turned off."""
    outcome = await _ambiguous(smtp)
    presume(not_refused_as(outcome, {252, 500, 502}))
    return answered(outcome, {553})


@scenario("rfc5321/3.5.1/ambiguous-name", start=At.EHLO, facts=["ambiguous_name"])
async def alternatives_may_be_told(smtp: Client) -> Observation:
    """The answer to a name that fits several mailboxes tells them, or only that there are several."""
    outcome = await _ambiguous(smtp)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("tells the alternatives" if ADDRESS.search(outcome.text) else "notes the ambiguity", outcome)


@scenario("rfc5321/3.5.1/ambiguity-in-known-words", start=At.EHLO, facts=["ambiguous_name"])
async def ambiguity_may_be_told_in_known_words(smtp: Client) -> Observation:
    """A 553 about an ambiguous name has the word ambiguous in it, or other words."""
    outcome = await _ambiguous(smtp)
    if not isinstance(outcome, Reply) or outcome.severity != 5:
        return Unclear(str(outcome))
    return took("the known word" if b"ambiguous" in outcome.text.lower() else "other words", outcome)


@scenario("rfc5321/3.5.1/expn-may-give-full-names", start=At.EHLO, offers=["EXPN"], facts=["mailing_list"])
async def expn_may_tell_full_names(smtp: Client) -> Observation:
    """A 250 to EXPN has names beside the mailboxes, or the mailboxes alone."""
    reply = await _confirmed(smtp, b"EXPN " + _list(smtp))
    named = any(text.partition(b"<")[0].strip() for text in _texts(reply) if b"<" in text)
    return took("tells names" if named else "tells the mailboxes alone", reply)


@scenario("rfc5321/3.5.1/expn-gives-mailboxes", start=At.EHLO, offers=["EXPN"], facts=["mailing_list"])
async def expansion_gives_the_mailboxes(smtp: Client) -> Observation:
    """A 250 to EXPN has as many mailboxes in it as the list has members, or more."""
    reply = await _confirmed(smtp, b"EXPN " + _list(smtp))
    known = smtp.target.mailing_list
    wanted = len(known.members) if known else 0
    found = {address.lower() for address in ADDRESS.findall(reply.text)}
    return holds(len(found) >= wanted, expected=f"the mailboxes of {wanted} members", seen=reply)


@scenario("rfc5321/3.5.1/vrfy-of-list-may-succeed", start=At.EHLO, facts=["mailing_list"])
async def vrfy_may_confirm_a_list(smtp: Client) -> Observation:
    """VRFY of a mailing list succeeds, or does not."""
    outcome = await smtp.say(b"VRFY " + _list(smtp))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("confirms it" if outcome.code == 250 else f"answers {outcome.code}", outcome)


@scenario("rfc5321/3.5.1/vrfy-of-list-error", start=At.EHLO, facts=["mailing_list"])
async def vrfy_of_a_list_is_confirmed_or_an_error(smtp: Client) -> Observation:
    """VRFY of a mailing list is answered with 250, 251, 252 or a 5yz."""
    outcome = await smtp.say(b"VRFY " + _list(smtp))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Held(str(outcome))
    return answered(outcome, {250, 251, 252})


async def _expn_of_a_user(smtp: Client) -> Observation:
    outcome = await smtp.say(b"EXPN " + _mailbox(smtp))
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("a list of one" if outcome.code == 250 else f"answers {outcome.code}", outcome)


@scenario("rfc5321/3.5.1/expn-of-user-may-succeed", start=At.EHLO, offers=["EXPN"], facts=["mailboxes"])
async def user_may_be_expanded_to_a_list_of_one(smtp: Client) -> Observation:
    """EXPN of a user gives a list of one, or is refused."""
    return await _expn_of_a_user(smtp)


@scenario("rfc5321/3.5.1/expn-of-user-may-fail", start=At.EHLO, offers=["EXPN"], facts=["mailboxes"])
async def expansion_of_a_user_may_be_refused(smtp: Client) -> Observation:
    """EXPN of a user is refused, or gives a list of one."""
    return await _expn_of_a_user(smtp)


@scenario("rfc5321/3.5.1/one-mailbox-per-line", start=At.EHLO, offers=["EXPN"], facts=["mailing_list"])
async def expansion_has_one_mailbox_on_each_line(smtp: Client) -> Observation:
    """Each line of a reply to EXPN that has several has one mailbox on it."""
    reply = await _confirmed(smtp, b"EXPN " + _list(smtp))
    if len(reply.lines) < 2:
        return Unclear(f"a reply of one line: {reply}")
    counts = [len(ADDRESS.findall(text)) for text in _texts(reply)]
    return holds(set(counts) == {1}, expected="one mailbox on each line", seen=reply)


@scenario("rfc5321/3.5.1/local-mailboxes-recognized", start=At.EHLO, facts=["mailboxes"])
async def vrfy_knows_the_servers_own_mailboxes(smtp: Client, second: Client) -> Observation:
    """VRFY denies a mailbox that takes mail not in both ways to name it: with its domain and without."""
    bare = await smtp.say(b"VRFY " + _mailbox(smtp).partition(b"@")[0])
    presume(recognised(bare))
    full = await second.say(b"VRFY " + _mailbox(second))
    if not (isinstance(bare, Reply) and isinstance(full, Reply)) or 4 in {bare.severity, full.severity}:
        return Unclear(f"{bare} | {full}")
    denied = bare.code == full.code == 550
    return holds(not denied, expected="the mailbox known by one of its names", seen=f"{bare} | {full}")


@scenario("rfc5321/3.5.1/local-part-at-domain-recognized", start=At.EHLO, facts=["mailboxes"])
async def vrfy_knows_a_mailbox_with_its_domain(smtp: Client, second: Client) -> Observation:
    """VRFY that confirms a local-part confirms it with its domain too."""
    presume(succeeds_with(await second.say(b"VRFY " + _mailbox(second).partition(b"@")[0]), {250}))
    outcome = await smtp.say(b"VRFY " + _mailbox(smtp))
    if isinstance(outcome, Reply) and outcome.severity == 5:  # a mailbox is a string of the syntax in quotes only
        outcome = await smtp.say(b'VRFY "%b"' % _mailbox(smtp).replace(b'"', rb"\""))
    if isinstance(outcome, Reply) and outcome.severity == 5:
        return Broken("a 2yz reply as for the local-part alone", str(outcome))
    return answered(outcome, {250, 251, 252})


@scenario("rfc5321/3.5.1/other-user-names", start=At.EHLO, facts=["mailboxes"])
async def vrfy_may_know_a_user_by_another_name(smtp: Client, second: Client) -> Observation:
    """VRFY knows a user by the full name that it told, or does not."""
    told = await _confirmed(second, b"VRFY " + _mailbox(second))
    name = _texts(told)[0].partition(b"<")[0].strip().strip(b'"')
    if not name or b"@" in name:
        return took("tells no other name", told)
    outcome = await smtp.say(b'VRFY "%b"' % name)
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5}:
        return Unclear(str(outcome))
    return took("knows the name" if outcome.severity == 2 else "does not know the name", outcome)
