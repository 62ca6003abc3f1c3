"""RFC 4468 6 - Response Codes, as a client takes them."""

from __future__ import annotations

from conformance import Agent, At, NotReady, Observation, Rule, Step, holds, scenario

URL = "imap://user@mail.example.test/sent;uidvalidity=1/;uid=7;urlauth=submit+user:internal:" + "0" * 32


async def _status(agent: Agent, code: int) -> bool:
    """Whether the program says that all went well, where this is the reply to BURL.

    Raises:
        NotReady: it sent no BURL.
    """
    rule = Rule.answer(Step.BURL, code, "as it is")
    used = await agent.use("burl", rule, offers=[b"BURL imap"], url=URL, another="another@example.net")
    if not used.said(b"BURL"):
        raise NotReady("user agent", "it sent no URL")
    return used.ended.status == 0


@scenario(
    "rfc4468/6/client-takes-any-code",
    start=At.CONNECT,
    facts=["user_agent.burl"],
    code={"success": (250, 259), "another-success": (250, 214), "refusal": (554, 559), "for-now": (451, 459)},
)
async def client_takes_a_code_that_is_not_listed(code: tuple[int, int], agent: Agent) -> Observation:
    """A code that is valid and not listed for BURL is taken as the listed one with the same first digit is."""
    listed, other = code
    known, unknown = await _status(agent, listed), await _status(agent, other)
    if known != (listed < 400):
        raise NotReady("control", f"it does not tell by its status how {listed} was taken")
    words = {True: "all went well", False: "it failed"}
    return holds(unknown == known, expected=f"{other}: {words[known]}", seen=words[unknown])
