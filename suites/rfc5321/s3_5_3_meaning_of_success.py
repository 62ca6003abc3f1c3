"""RFC 5321 3.5.3 - Meaning of VRFY or EXPN Success Response."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Held,
    Observation,
    Reply,
    Unclear,
    accepted,
    holds,
    not_refused_as,
    presume,
    recognised,
    refused,
    row,
    scenario,
)


@scenario(
    "rfc5321/3.5.3/250-only-when-verified",
    start=At.EHLO,
    facts=["refused"],
    verb={"vrfy": b"VRFY", "expn": row(b"EXPN", offers=["EXPN"])},
    segments=["octets", "line-ends"],
)
async def address_that_gets_no_mail_gets_no_250(verb: bytes, smtp: Client) -> Observation:
    """VRFY and EXPN of an address whose mail is refused are not answered with 250."""
    return not_refused_as(await smtp.say(verb + b" " + (smtp.target.refused or "").encode("ascii")), {250})


@scenario("rfc5321/3.5.3/250-only-when-verified", start=At.MAIL, facts=["domains"])
async def unknown_mailbox_gets_no_250(smtp: Client, second: Client) -> Observation:
    """VRFY of a fresh local-part whose mail is refused is not answered with 250."""
    address = b"%b@%b" % (smtp.token.encode("ascii"), smtp.target.domains[0].encode("ascii"))
    presume(refused(await smtp.rcpt(b"<%b>" % address)))
    return not_refused_as(await second.say(b"VRFY " + address), {250})


@scenario("rfc5321/3.5.3/500-or-502-when-only-syntax", start=At.EHLO, facts=["mailboxes", "refused"])
async def vrfy_tells_good_from_bad_or_confirms_neither(smtp: Client, second: Client) -> Observation:
    """VRFY does not confirm with 250 a mailbox that takes mail and one that does not alike."""
    good = await smtp.say(b"VRFY " + smtp.forward_path.strip(b"<>"))
    bad = await second.say(b"VRFY " + (second.target.refused or "").encode("ascii"))
    if not (isinstance(good, Reply) and isinstance(bad, Reply)) or 4 in {good.severity, bad.severity}:
        return Unclear(f"{good} | {bad}")
    same = good.code == bad.code == 250
    return holds(not same, expected="250 for verified addresses only, else 500, 502 or 252", seen=f"{good} | {bad}")


@scenario("rfc5321/3.5.3/252-when-not-verifiable", start=At.MAIL, facts=["relay_domains"])
async def address_in_a_relayed_domain_is_not_denied(smtp: Client, second: Client) -> Observation:
    """VRFY of an address that only another server could verify, and that RCPT takes, gets 252, or 250 or 251."""
    address = b"%b@%b" % (smtp.token.encode("ascii"), smtp.target.relay_domains[0].encode("ascii"))
    presume(accepted(await smtp.rcpt(b"<%b>" % address)))
    outcome = await second.say(b"VRFY " + address)
    presume(not_refused_as(outcome, {500, 501, 502, 504}))  # an argument of this form is no error of its own
    if isinstance(outcome, Reply) and outcome.code in {250, 251, 252}:
        return Held(str(outcome))
    if "VRFY" in smtp.target.disabled:
        return Unclear("the target file says that the site has turned VRFY off")
    if isinstance(outcome, Reply) and outcome.severity in {2, 5}:
        return holds(False, expected="252", seen=outcome)
    return Unclear(str(outcome))


@scenario("rfc5321/3.5.3/251-and-551-as-for-rcpt", start=At.MAIL, facts=["moved"])
async def vrfy_and_rcpt_agree_about_who_moved(smtp: Client, second: Client) -> Observation:
    """VRFY does not say with 551 what RCPT takes, nor with 250 or 251 what RCPT refuses."""
    moved = (smtp.target.moved or "").encode("ascii")
    mail = await smtp.rcpt(b"<%b>" % moved)
    told = await second.say(b"VRFY " + moved)
    if not (isinstance(mail, Reply) and isinstance(told, Reply)) or 4 in {mail.severity, told.severity}:
        return Unclear(f"{mail} | {told}")
    presume(recognised(told))
    contrary = (mail.severity == 2 and told.code in {550, 551}) or (mail.code in {550, 551} and told.code in {250, 251})
    return holds(not contrary, expected="VRFY and RCPT to agree", seen=f"RCPT: {mail} | VRFY: {told}")
