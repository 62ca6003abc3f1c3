"""RFC 4468 3.1 - SMTP Submission Extension Registration: the arguments behind BURL, as a client reads them."""

from __future__ import annotations

from conformance import Agent, At, NotReady, Observation, holds, scenario

URL = "imap://user@mail.example.test/sent;uidvalidity=1/;uid=7;urlauth=submit+user:internal:" + "0" * 32


@scenario(
    "rfc4468/3.1/client-ignores-other-arguments",
    start=At.CONNECT,
    facts=["user_agent.burl"],
    arguments={
        "behind": b"imap xyzzy",
        "before": b"xyzzy imap",
        "with-a-value": b"imap xyzzy=plugh xyzzy://mail.example.test",
    },
)
async def client_sends_urls_whatever_else_is_listed(arguments: bytes, agent: Agent) -> Observation:
    """A client that sends a URL where BURL lists imap does so where it lists something unknown too."""
    words = {"url": URL, "another": "another@example.net"}
    plain = await agent.use("burl", offers=[b"BURL imap"], **words)
    if not plain.said(b"BURL"):
        raise NotReady("control", "it sends no URL where imap is listed alone")
    used = await agent.use("burl", offers=[b"BURL " + arguments], **words)
    said = b" ".join(each.verb for each in used.commands)
    return holds(bool(used.said(b"BURL")), expected="BURL", seen=said)
