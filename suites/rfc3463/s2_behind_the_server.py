"""RFC 3463 2 - Status Code Structure: codes that a relay is told by its next hop and does not know."""

from __future__ import annotations

from conformance import (
    At,
    Client,
    Hop,
    NotReady,
    Observation,
    Rule,
    Step,
    Unclear,
    holds,
    new_token,
    scenario,
    value_of,
    without_comments,
)


async def reported(smtp: Client, hop: Hop, code: int, text: str) -> str:
    """The Status of a message that the next hop refuses with this code and text.

    Raises:
        NotReady: no report came, or it has no Status.
    """
    recipient, sender = new_token(), new_token()
    hop.script(hop.mailbox(recipient), Rule.answer(Step.RCPT, code, text))
    await smtp.deliver(smtp.message(token=recipient), hop.path(recipient), reverse_path=hop.path(sender))
    found = await hop.report(sender)
    status = without_comments(value_of(found.recipients[0], "Status")) if found.recipients else b""
    if not status:
        raise NotReady("notification", "it has no Status")
    return status.decode("latin-1")


@scenario(
    "rfc3463/2/recognize-class",
    start=At.EHLO,
    text={"unknown-subject": "5.99.1 odd", "unknown-subject-and-detail": "5.999.999 odd"},
)
async def class_of_an_unknown_code_is_reported(text: str, smtp: Client, hop: Hop) -> Observation:
    """A refusal with a code whose subject nobody registered is reported with its class, 5."""
    status = await reported(smtp, hop, 550, text)
    return holds(status.startswith("5."), expected="a status of class 5", seen=status)


@scenario(
    "rfc3463/2/report-subject",
    start=At.EHLO,
    subject={"mailbox": 2, "policy": 7},
)
async def subject_of_an_unknown_detail_is_reported(subject: int, smtp: Client, hop: Hop) -> Observation:
    """A refusal with a detail that nobody registered is reported with its subject.

    The target knows the subject: it reports it where the detail is registered.
    """
    known = await reported(smtp, hop, 550, f"5.{subject}.1 known")
    if not known.startswith(f"5.{subject}."):
        return Unclear(f"the target does not report the subjects of its next hop: {known}")
    status = await reported(smtp, hop, 550, f"5.{subject}.99 odd")
    return holds(status.startswith(f"5.{subject}."), expected=f"5.{subject}.99 or 5.{subject}.0", seen=status)
