"""RFC 6531 3.2 - The SMTPUTF8 Extension: domains outside ASCII in the DNS."""

from __future__ import annotations

from conformance import (
    At,
    Broken,
    Client,
    Held,
    Hop,
    Names,
    Observation,
    Rule,
    Unclear,
    accepted,
    new_token,
    presume,
    scenario,
)

OFFERS = (b"PIPELINING", b"8BITMIME", b"SIZE", b"SMTPUTF8")

LABELS = {
    "latin": ("bücher", "xn--bcher-kva"),
    "greek": ("δοκιμή", "xn--jxalpdlp"),
    "chinese": ("例子", "xn--fsqu00a"),
    "two": ("bücher.例子", "xn--bcher-kva.xn--fsqu00a"),
}
"""Labels as they are sent, and as RFC 5891 has them in the DNS."""


def _set_up(names: Names, label: str, address: str) -> None:
    names.add(f"{names.name(label)}. MX 10 {names.name('host')}.\n{names.name('host')}. A {address}\n")


@scenario(
    "rfc6531/3.2/a-label-or-unicode-library",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["dns_domains"],
    labels=LABELS,
)
async def name_outside_ascii_is_asked_for_in_a_labels(
    labels: tuple[str, str], smtp: Client, hop: Hop, dns: Names
) -> Observation:
    """The name server is asked for the A-labels of a recipient's domain, and never for octets outside ASCII."""
    unicode, ascii_form = labels
    _set_up(dns, ascii_form, dns.exchangers[0])
    sender = b"<%b>" % hop.extended(new_token()) if smtp.target.extended_domain else None
    await smtp.deliver(
        None, b"<recipient@%b>" % dns.name(unicode).encode(), reverse_path=sender, parameters=b" SMTPUTF8"
    )
    wanted = f"{dns.name(ascii_form)}."
    await dns.queries(dns.name(ascii_form))
    # What is outside ASCII our name server writes down with a backslash.
    asked = sorted({query.name for query in await dns.queries(at_least=0)})
    raw = [name for name in asked if "\\" in name or not name.isascii()]
    if raw:
        return Broken(wanted, ", ".join(raw))
    return Held(wanted) if wanted in asked else Unclear(f"asked for: {', '.join(asked) or 'nothing'}")


@scenario("rfc6531/3.7/utf-8-for-mailboxes", start=At.EHLO, offers=["SMTPUTF8"], facts=["dns_domains"], labels=LABELS)
async def relayed_domain_is_taken_in_either_form(labels: tuple[str, str], smtp: Client, dns: Names) -> Observation:
    """A recipient at a domain in U-labels is taken, where the same recipient at its A-labels is."""
    unicode, ascii_form = labels
    _set_up(dns, ascii_form, dns.exchangers[0])
    presume(accepted(await smtp.mail(parameters=b" SMTPUTF8")))
    presume(accepted(await smtp.rcpt(b"<recipient@%b>" % dns.name(ascii_form).encode())))
    presume(accepted(await smtp.say(b"RSET")))
    presume(accepted(await smtp.mail(parameters=b" SMTPUTF8")))
    return accepted(await smtp.rcpt(b"<recipient@%b>" % dns.name(unicode).encode()))


# Alone: what is offered changes for all that goes to this exchanger meanwhile.
@scenario(
    "rfc6531/3.2/idna-processed",
    start=At.EHLO,
    offers=["SMTPUTF8"],
    facts=["dns_domains", "delivery_within"],
    alone=True,
    labels={
        **LABELS,
        # Letters that IDNA of 2003 took for others, and that RFC 5892 2.6 has as they are.
        "sharp-s": ("straße", "xn--strae-oqa"),
        "final-sigma": ("λόγος", "xn--oxapnm1c"),
    },
)
async def mail_goes_where_the_a_labels_lead(labels: tuple[str, str], smtp: Client, hop: Hop, dns: Names) -> Observation:
    """Mail for a domain outside ASCII goes to the host that its A-labels have, as that for one in ASCII does."""
    unicode, ascii_form = labels
    address, twin, ours, sender = dns.exchangers[0], new_token(), new_token(), new_token()
    reverse_path = hop.path(sender)
    hop.server.script(address, Rule.offer(*OFFERS))
    try:
        _set_up(dns, "plain", address)
        plain = f"<grüße-{twin}@{dns.name('plain')}>".encode()
        await smtp.deliver(smtp.message(token=twin), plain, reverse_path=reverse_path, parameters=b" SMTPUTF8")
        await hop.message(twin)
        dns.add(f"{dns.name(ascii_form)}. MX 10 {dns.name('host')}.\n")
        path = b"<%b@%b>" % (ours.encode("ascii"), dns.name(unicode).encode())
        await smtp.deliver(smtp.message(token=ours), path, reverse_path=reverse_path, parameters=b" SMTPUTF8")
        received = await hop.arrival(ours)
    finally:
        hop.server.unscript(address)
    if received is not None:
        return Held("it went there")
    asked = sorted({query.name for query in await dns.queries(at_least=0)})
    returned = await hop.notification_arrival(sender)
    if returned is None:
        return Unclear(f"neither the message nor a notification came; asked for: {', '.join(asked)}")
    return Broken(f"the message, by way of {dns.name(ascii_form)}", f"a notification; asked for: {', '.join(asked)}")
