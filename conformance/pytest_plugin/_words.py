"""The text of a failure: the clause, what was expected and seen, the octets, and how to see it again."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.engine import ConnectionRecord, Result
from conformance.report._words import evidence, facts, safe, transcript


def told(result: Result) -> str:
    """All that there is to tell about a result, safe to print."""
    attempt = evidence(result)
    shown = exchanged(attempt.connections) if attempt is not None else ()
    return "\n".join([stated(result), *shown, f"{'repeat':>10}  {safe(result.repeat)}"])


def stated(result: Result) -> str:
    """What is said about a result, without its transcript."""
    return "\n".join(
        f"{'' if number else fact.label:>10}  {line}"
        for fact in facts(result)
        if fact.label != "repeat"
        for number, line in enumerate(fact.lines)
    )


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
