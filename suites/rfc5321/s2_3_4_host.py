"""RFC 5321 2.3.4 - Host."""

from __future__ import annotations

from conformance import At, Client, Observation, Reply, Unclear, holds, scenario


def _first_word(outcome: object) -> bytes:
    if not (isinstance(outcome, Reply) and outcome.severity == 2):
        return b""
    return outcome.lines[0].text.split(b" ")[0]


@scenario("rfc5321/2.3.4/hosts-go-by-names", start=At.EHLO)
async def host_with_a_name_goes_by_it(smtp: Client) -> Observation:
    """A server that calls itself by a name in one place does not call itself by an address literal in another."""
    words = [_first_word(smtp.greeting), _first_word(smtp.hello)]
    words.append(_first_word(await smtp.say(b"HELO " + smtp.helo_name)))
    seen = ", ".join(word.decode("ascii", "replace") for word in words if word)
    literals = [word for word in words if word.startswith(b"[")]
    if literals and not any(b"." in word and not word.startswith(b"[") for word in words):
        return Unclear(f"nothing shows that the host has a name: {seen}")
    return holds(not literals, expected="the name everywhere", seen=seen)
