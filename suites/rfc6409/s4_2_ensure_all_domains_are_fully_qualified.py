"""RFC 6409 4.2 - Ensure All Domains Are Fully Qualified."""

from __future__ import annotations

import re

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Observation,
    Outcome,
    Received,
    Reply,
    Unclear,
    accepted,
    added,
    fields_named,
    new_token,
    presume,
    refused_with,
    row,
    scenario,
    split_message,
)

ADDRESS = re.compile(rb"[^\s<>,;:()\"]+@([^\s<>,;:()\"]*)")


async def _given(
    smtp: Client, hop: Hop, *, sender: bytes | None = None, recipient: bytes | None = None, content: bytes | None = None
) -> Outcome:
    """The reply to the first command that was refused, or to the message."""
    outcome = await smtp.mail(sender)
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.rcpt(recipient or hop.path())
    if isinstance(outcome, Reply) and outcome.severity == 2:
        outcome = await smtp.data(content)
    return outcome


async def _sent_on(smtp: Client, hop: Hop, outcome: Outcome) -> Received | Observation:
    """What reached the next hop; held where it was refused or came back, for that is as good (354-361)."""
    if not isinstance(outcome, Reply) or outcome.severity not in {2, 5} or outcome.code == 530:
        return Unclear(str(outcome))
    if outcome.severity == 5:
        return Held(f"refused: {outcome}")
    received = await hop.arrival()
    if received is not None:
        return received
    if smtp.target.delivery_within is None:
        return Unclear("nothing came, and the target does not say delivery-within")
    return Held("taken, and not sent on")


def _first_label(domain: str) -> bytes:
    return domain.partition(".")[0].encode("ascii")


def _is_qualified(path: bytes) -> bool:
    """Whether the domain of a path has more than one label, or is an address literal."""
    domain = path.rpartition(b"@")[2] if b"@" in path else b""
    return b"." in domain.strip(b".") or domain.startswith(b"[")


SHORT = {"one-label": True, "no-domain": False}


@scenario("rfc6409/4.2/envelope-domains-qualified", roles=["submission"], start=At.EHLO, has_label=SHORT)
async def sender_without_a_whole_domain_does_not_go_on(has_label: bool, smtp: Client, hop: Hop) -> Observation:
    """A sender whose domain is one label, or missing, is refused, or goes on with a whole domain."""
    label = _first_label(smtp.helo_name.decode("ascii"))
    token = new_token().encode("ascii")
    outcome = await _given(smtp, hop, sender=b"<%b@%b>" % (token, label) if has_label else b"<%b>" % token)
    seen = await _sent_on(smtp, hop, outcome)
    if not isinstance(seen, Received):
        return seen
    good = not seen.reverse_path or _is_qualified(seen.reverse_path)
    shown = seen.reverse_path.decode("ascii", "replace")
    return Held(shown) if good else Broken("a whole domain", shown)


@scenario("rfc6409/4.2/envelope-domains-qualified", roles=["submission"], start=At.EHLO, facts=["next_hop"])
async def recipient_without_a_whole_domain_does_not_go_on(smtp: Client, hop: Hop) -> Observation:
    """A recipient whose domain is one label is refused, or goes on with a whole domain."""
    token = hop.token.encode("ascii")
    path = b"<%b@%b>" % (token, _first_label(smtp.target.relay_domains[0]))
    seen = await _sent_on(smtp, hop, await _given(smtp, hop, recipient=path))
    if not isinstance(seen, Received):
        return seen
    paths = [each for each in seen.forward_paths if token in each.lower()]
    shown = b" ".join(paths).decode("ascii", "replace")
    return Held(shown) if all(map(_is_qualified, paths)) else Broken("a whole domain", shown)


@scenario(
    "rfc6409/4.2/header-domains-qualified",
    roles=["submission"],
    start=At.EHLO,
    facts=["next_hop"],
    field={"from": "From", "to": "To", "cc": "Cc", "reply-to": "Reply-To"},
)
async def header_that_is_changed_has_whole_domains(field: str, smtp: Client, hop: Hop) -> Observation:
    """An address of one label does not stay in the header of a message that is changed, as it has no Message-ID."""
    header = b"%b: <someone@%b>\r\n" % (field.encode("ascii"), _first_label(smtp.target.relay_domains[0]))
    sent = smtp.message(without=[field, "Message-ID"] if field in {"From", "To"} else ["Message-ID"], before=header)
    seen = await _sent_on(smtp, hop, await _given(smtp, hop, content=sent))
    if not isinstance(seen, Received):
        return seen
    if added(seen, sent) is not None:
        return Held("trace fields apart it was not changed")
    fields = fields_named(split_message(seen.content)[0], field)
    short = [
        found for each in fields for found in ADDRESS.findall(each.body) if b"." not in found and b"[" not in found
    ]
    shown = b"".join(each.octets for each in fields).decode("utf-8", "replace")
    return Broken("a whole domain", shown) if short else Held(shown)


@scenario(
    "rfc6409/4.2/554-for-domains",
    roles=["submission"],
    start=At.EHLO,
    verb={"mail": row(b"MAIL"), "rcpt": row(b"RCPT")},
)
async def incomplete_domain_gets_554(verb: bytes, smtp: Client, second: Client) -> Observation:
    """A domain that is one label which is nobody's is refused with 554, where a whole one is taken."""
    presume(accepted(await second.mail()))
    presume(accepted(await second.rcpt()))
    label = new_token().encode("ascii")
    if verb == b"MAIL":
        return refused_with(await smtp.mail(b"<sender@%b>" % label), {554})
    presume(accepted(await smtp.mail()))
    return refused_with(await smtp.rcpt(b"<someone@%b>" % label), {554})


@scenario("rfc6409/4.2/no-multi-level-expansion", roles=["submission"], start=At.EHLO, facts=["next_hop"])
async def domain_of_several_labels_is_not_completed(smtp: Client, hop: Hop) -> Observation:
    """A recipient at the relay domain less its last label is refused, or at least not sent to the relay domain."""
    whole = smtp.target.relay_domains[0]
    short = whole.rpartition(".")[0]
    if "." not in short:
        return Unclear(f"{whole} has too few labels")
    token = hop.token.encode("ascii")
    outcome = await _given(smtp, hop, recipient=b"<%b@%b>" % (token, short.encode("ascii")))
    seen = await _sent_on(smtp, hop, outcome)
    if not isinstance(seen, Received):
        return seen
    paths = [each for each in seen.forward_paths if token in each.lower()]
    completed = any(each.lower().endswith(b"@" + whole.encode("ascii")) for each in paths)
    shown = b" ".join(paths).decode("ascii", "replace")
    return Broken(f"{short} as it is, or a refusal", shown) if completed else Held(shown)
