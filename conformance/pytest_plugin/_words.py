"""The text of a failure: the clause, what was expected and seen, the octets, and how to see it again."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.engine import ConnectionRecord, Result
from conformance.report._words import evidence, facts, transcript


def told(result: Result) -> str:
    """All that there is to tell about a result, safe to print."""
    return "\n".join(_told(result))


def _told(result: Result) -> Iterator[str]:
    repeat: list[str] = []
    for fact in facts(result):
        labelled = [f"{'' if number else fact.label:>10}  {line}" for number, line in enumerate(fact.lines)]
        if fact.label == "repeat":
            repeat = labelled
        else:
            yield from labelled
    attempt = evidence(result)
    if attempt is not None:
        yield from exchanged(attempt.connections)
    yield from repeat


def exchanged(connections: tuple[ConnectionRecord, ...]) -> Iterator[str]:
    """The transcripts, line ends visible."""
    for number, line in enumerate(transcript(connections)):
        yield f"{'' if number else 'transcript':>10}  {line}"


def octets(result: Result) -> str:
    """The transcript of all attempts, for an attachment."""
    lines: list[str] = []
    for attempt in result.attempts:
        lines += [f"{attempt.purpose}: {attempt.verdict}", *transcript(attempt.connections), ""]
    return "\n".join(lines)
