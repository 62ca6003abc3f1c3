"""RFC 4954 14 - Additional Requirements When Using SASL PLAIN over TLS, for a relay that does so at its next hop."""

from __future__ import annotations

from dataclasses import dataclass

from conformance import (
    At,
    Client,
    Hop,
    HopConnection,
    NotReady,
    Observation,
    holds,
    new_token,
    row,
    scenario,
    took,
)

VERIFIED = ["account_domain", "account_next_hop", "account_authority", "account_verified"]
HOST = "%h"
"""Stands for the name of the host, which is that of the domain."""
GREETED = "hop.example.test"
"""The name by which our next hop greets."""


@dataclass(frozen=True)
class Shown:
    """A certificate that our next hop shows."""

    names: tuple[str, ...]
    common_name: str = ""
    known: bool = True
    expired: bool = False


async def _sessions(shown: Shown, smtp: Client, hop: Hop) -> tuple[HopConnection, ...]:
    """The sessions in which a message was to be sent to a next hop that shows this certificate and has PLAIN alone.

    Raises:
        NotReady: the target did not come.
    """
    host = smtp.target.account_domain or ""
    hop.offer_account(b"PIPELINING", b"8BITMIME", b"SIZE", b"AUTH PLAIN")
    names = [name.replace(HOST, host).replace("%P", host.partition(".")[2]) for name in shown.names]
    hop.show(
        *(name[1:].upper() if name.startswith("~") else name for name in names),
        common_name=shown.common_name.replace(HOST, host),
        known=shown.known,
        expired=shown.expired,
    )
    before = {each.number for each in await hop.account_sessions(0)}
    token = new_token()
    await smtp.deliver(smtp.message(token=token), b"<%b>" % hop.account(token))
    found = [each for each in await hop.account_sessions(len(before) + 1) if each.number not in before]
    if not found:
        raise NotReady("next hop", "the target did not come")
    return tuple(found)


def _used_plain(sessions: tuple[HopConnection, ...]) -> bool:
    return any(each.mechanism == b"PLAIN" for session in sessions for each in session.authentications)


def _seen(sessions: tuple[HopConnection, ...]) -> str:
    said = [command.verb.decode("ascii", "replace") for session in sessions for command in session.commands]
    return f"{' '.join(said)}; {sessions[0].end}"


REFUSED = {
    "somebody-else-signed": row(Shown((HOST,), known=False), "rfc4954/14/verify-certificate"),
    "expired": row(Shown((HOST,), expired=True), "rfc4954/14/verify-certificate"),
    "another-name": row(Shown(("other.example.org",)), "rfc4954/14/check-hostname"),
    "name-below": row(Shown((f"host.{HOST}",)), "rfc4954/14/mismatch-no-plain"),
    "name-above": row(Shown(("%P",)), "rfc4954/14/mismatch-no-plain"),
    "name-begins-alike": row(Shown((f"{HOST}.example.org",)), "rfc4954/14/mismatch-no-plain"),
    "star-for-another-domain": row(Shown(("*.example.org",)), "rfc4954/14/mismatch-no-plain"),
    "star-below": row(Shown((f"*.{HOST}",)), "rfc4954/14/mismatch-no-plain"),
    "name-of-the-greeting": row(Shown((GREETED,)), "rfc4954/14/hostname-used"),
    "name-that-came-insecurely": row(Shown((GREETED,), common_name=GREETED), "rfc4954/14/no-insecure-name"),
    "common-name-beside-another-dnsname": row(
        Shown(("other.example.org",), common_name=HOST), "rfc4954/14/dnsname-preferred"
    ),
}


@scenario("rfc4954/14/mismatch-no-plain", start=At.EHLO, facts=VERIFIED, alone=True, shown=REFUSED)
async def plain_is_not_used_with_a_stranger(shown: Shown, smtp: Client, hop: Hop) -> Observation:
    """PLAIN is not used where the certificate does not verify, or is for another name than the host's."""
    sessions = await _sessions(shown, smtp, hop)
    return holds(not _used_plain(sessions), expected="no AUTH PLAIN", seen=_seen(sessions))


TAKEN = {
    "dnsname-beside-another-common-name": row(
        Shown((HOST,), common_name="other.example.org"), "rfc4954/14/dnsname-preferred"
    ),
    "second-name": row(Shown(("other.example.org", HOST)), "rfc4954/14/any-of-several"),
    "last-of-four": row(Shown(("a.example.org", "b.example.org", "*.example.org", HOST)), "rfc4954/14/any-of-several"),
    "capitals": row(Shown((f"~{HOST}",)), "rfc4954/14/match-any-case"),
}


@scenario("rfc4954/14/any-of-several", start=At.EHLO, facts=VERIFIED, alone=True, shown=TAKEN)
async def plain_is_used_where_a_name_matches(shown: Shown, smtp: Client, hop: Hop) -> Observation:
    """PLAIN is used with a certificate that has the host's name among others or in other letters, as with its own."""
    if not _used_plain(await _sessions(Shown((HOST,)), smtp, hop)):
        raise NotReady("control", "PLAIN is not used with a certificate for the host's name alone")
    sessions = await _sessions(shown, smtp, hop)
    return holds(_used_plain(sessions), expected="AUTH PLAIN", seen=_seen(sessions))


@scenario("rfc4954/14/wildcard", start=At.EHLO, facts=VERIFIED, alone=True)
async def star_may_stand_for_the_first_label(smtp: Client, hop: Hop) -> Observation:
    """PLAIN is used with a certificate that has a star for the first label of the host's name, or not."""
    sessions = await _sessions(Shown(("*.%P",)), smtp, hop)
    return took("takes the star" if _used_plain(sessions) else "does not take the star", _seen(sessions))
