"""Oracles: pure functions from outcomes to an observation, and the only place that knows that a 421 proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from conformance.client import Closed, HandshakeFailed, NotReady, Outcome, Reset, Secured, Silence
from conformance.scenario._observation import Broken, Held, Observation, Took, Unclear
from conformance.wire import Anomaly, Reply, visible

AnyOutcome = Outcome | Secured | HandshakeFailed

WANTS_MORE = frozenset({523, 530, 538})
"""The refusals that ask for authentication or TLS first: 530, and the historical 538 and 523 (RFC 4954 §6)."""


def presume(observation: Observation) -> None:
    """A control inside a scenario: go on only if it holds.

    Raises:
        NotReady: it does not, so the scenario proves nothing.
    """
    if not isinstance(observation, Held):
        raise NotReady("control", _why(observation))


def _why(observation: Observation) -> str:
    match observation:
        case Broken(expected, seen):
            return f"expected {expected}, got {seen}"
        case Unclear(why):
            return why
        case _:
            return str(observation)


def refused(outcome: AnyOutcome, codes: Collection[int] = ()) -> Observation:
    """Held by a 5yz (or by one of ``codes``), broken by success; a 4yz, 421 or the end of the connection is unclear."""
    expected = _codes(codes) if codes else "a 5yz refusal"
    match outcome:
        case Reply() if _is_cut_off(outcome) or _asks_for_more(outcome, codes or WANTS_MORE):
            return Unclear(str(outcome))
        case Reply() if codes and outcome.code in codes:
            return Held(str(outcome))
        case Reply() if outcome.severity == 4:
            return Unclear(f"a temporary refusal proves nothing: {outcome}")
        case Reply() if outcome.severity == 5 and not codes:
            return Held(str(outcome))
        case Reply():
            return Broken(expected, str(outcome))
        case _:
            return Unclear(str(outcome))


def accepted(outcome: AnyOutcome, codes: Collection[int] = ()) -> Observation:
    """Held by a 2yz (or by one of ``codes``), broken by a 5yz or 3yz; a 4yz or the end of the connection is unclear."""
    expected = _codes(codes) if codes else "a 2yz reply"
    match outcome:
        case Reply() if _is_cut_off(outcome) or _asks_for_more(outcome, codes):
            return Unclear(str(outcome))
        case Reply() if outcome.code in codes or (not codes and outcome.severity == 2):
            return Held(str(outcome))
        case Reply() if outcome.severity == 4:
            return Unclear(f"a temporary refusal proves nothing: {outcome}")
        case Reply():
            return Broken(expected, str(outcome))
        case _:
            return Unclear(str(outcome))


def answered(outcome: AnyOutcome, codes: Collection[int] = ()) -> Observation:
    """Held by any reply, or by one of ``codes``; broken by silence or another code.

    A 4yz outside ``codes`` and the end of the connection are unclear.
    """
    expected = _codes(codes) if codes else "one reply"
    match outcome:
        case Reply() if _is_cut_off(outcome) or _asks_for_more(outcome, codes or WANTS_MORE):
            return Unclear(str(outcome))
        case Reply() if not codes or outcome.code in codes:
            return Held(str(outcome))
        case Reply() if outcome.severity == 4:
            return Unclear(f"a temporary refusal proves nothing: {outcome}")
        case Reply() | Silence():
            return Broken(expected, str(outcome))
        case _:
            return Unclear(str(outcome))


def not_refused_as(outcome: AnyOutcome, codes: Collection[int]) -> Observation:
    """Broken only by one of these codes: for clauses that forbid a certain refusal and leave all others free."""
    match outcome:
        case Reply() if _is_cut_off(outcome):
            return Unclear(str(outcome))
        case Reply() if outcome.code in codes:
            return Broken(f"any reply but {_codes(codes)}", str(outcome))
        case Reply() if outcome.severity == 4:
            return Unclear(f"a temporary refusal proves nothing: {outcome}")
        case Reply():
            return Held(str(outcome))
        case _:
            return Unclear(str(outcome))


SYNTAX = frozenset({500, 501, 553})
"""What refuses a path or a name for its form."""


def read_as_valid(outcome: AnyOutcome) -> Observation:
    """Broken only by a refusal for the form of a path or a name: 500, 501 or 553.

    A refusal with another code read it and refuses it for what it means. Behind a finding let a plain path in the same
    place be accepted, else the refusal was not for the form.
    """
    return not_refused_as(outcome, SYNTAX)


def refused_with(outcome: AnyOutcome, codes: Collection[int]) -> Observation:
    """Broken by a 5yz refusal with another code than these; success says nothing about the code of a refusal."""
    match outcome:
        case Reply() if _is_cut_off(outcome):
            return Unclear(str(outcome))
        case Reply() if outcome.code in codes:
            return Held(str(outcome))
        case Reply() if outcome.severity == 5:
            return Broken(_codes(codes), str(outcome))
        case _:
            return Unclear(f"no refusal to look at: {outcome}")


def goes_on(outcome: AnyOutcome) -> Observation:
    """Held by a 2yz or 3yz, broken by a 5yz: the command was in order, whatever its exact code.

    500, 502 and what asks for TLS or authentication first are unclear: a command that is not recognised, or wants more,
    says nothing about the order.
    """
    match outcome:
        case Reply() if _is_cut_off(outcome):
            return Unclear(str(outcome))
        case Reply() if outcome.severity in {2, 3}:
            return Held(str(outcome))
        case Reply() if outcome.severity == 5 and outcome.code not in {500, 502, *WANTS_MORE}:
            return Broken("a 2yz or 3yz reply", str(outcome))
        case _:
            return Unclear(str(outcome))


def recognised(outcome: AnyOutcome) -> Observation:
    """Broken only by 500 or 502: the command is known, whatever else is said of it (RFC 5321 §4.2.4)."""
    return not_refused_as(outcome, {500, 502})


def succeeds_with(outcome: AnyOutcome, codes: Collection[int]) -> Observation:
    """Broken by success with another code than these; a refusal says nothing about the code of success."""
    match outcome:
        case Reply() if _is_cut_off(outcome):
            return Unclear(str(outcome))
        case Reply() if outcome.code in codes:
            return Held(str(outcome))
        case Reply() if outcome.severity in {2, 3}:
            return Broken(_codes(codes), str(outcome))
        case _:
            return Unclear(f"no success to look at: {outcome}")


def carries_status(outcome: AnyOutcome, code: int, statuses: Collection[str]) -> Observation:
    """Held where a reply of this code carries one of these enhanced codes (RFC 2034); another reply is unclear."""
    match outcome:
        case Reply() if not _is_cut_off(outcome) and outcome.code == code:
            return holds(outcome.status in statuses, expected=" or ".join(sorted(statuses)), seen=outcome)
        case _:
            return Unclear(f"no {code} to look at: {outcome}")


def carries_none_of(outcome: AnyOutcome, meanings: Collection[str]) -> Observation:
    """Broken by an enhanced code of one of these meanings, whatever its class (RFC 3463).

    ``1.2`` is a subject and a detail, ``2.`` a whole subject. Without an enhanced code nothing is said that could be
    wrong: unclear.
    """
    match outcome:
        case Reply() if _is_cut_off(outcome) or outcome.code == 421 or _asks_for_more(outcome, WANTS_MORE):
            return Unclear(str(outcome))
        case Reply() if outcome.status:
            meaning = outcome.status.partition(".")[2]
            said = {meaning, meaning.partition(".")[0] + "."}
            others = ", ".join(f"X.{each}" + "X" * each.endswith(".") for each in sorted(meanings))
            return holds(said.isdisjoint(meanings), expected=f"another code than {others}", seen=outcome)
        case _:
            return Unclear(f"no enhanced code to look at: {outcome}")


def one_message(outcomes: Sequence[Outcome]) -> Observation:
    """One message in, one reply out: what ``replies_until_quit`` returned after one mail data.

    The reply to the mail data, the 221 of QUIT and the close are all that may come; more replies mean that the
    server saw the end of the mail data before it came. Refusing the message is no failure, and a refusal that closes
    (421, or none at all) is confirmed before it counts. Where QUIT is not answered, or with a refusal, it is unclear.
    """
    if outcomes and isinstance(outcomes[0], Silence):
        return Unclear(f"no reply to the mail data: {_all(outcomes)}")
    return _one(outcomes, "one reply to the mail data, then 221 to QUIT")


def one_reply(outcomes: Sequence[Outcome]) -> Observation:
    """One line in, one reply out: what ``replies_until_quit`` returned after one command line.

    No reply to the line, where QUIT is then answered with 221, is broken too (RFC 5321 §4.2); a late one is unclear.
    """
    expected = "one reply to the line, then 221 to QUIT"
    if outcomes and isinstance(outcomes[0], Silence):
        codes = [reply.code for reply in _replies(outcomes)]
        return Broken(expected, _all(outcomes)) if codes == [221] else Unclear(_all(outcomes))
    return _one(outcomes, expected)


def one_reply_each(outcomes: Sequence[Outcome], recipients: int) -> Observation:
    """As many replies as recipients: what ``replies_until_quit`` returned after mail data to an LMTP server.

    The 221 of QUIT is the fence (RFC 2033 §4.2); without it, or with a 421, it is unclear.
    """
    codes = [reply.code for reply in _replies(outcomes)]
    seen = _all(outcomes)
    if 421 in codes or not codes or codes[-1] != 221 or isinstance(outcomes[-1], Silence):
        return Unclear(f"the session has no end: {seen}")
    expected = f"{recipients} {'reply' if recipients == 1 else 'replies'} to the mail data, then 221 to QUIT"
    return Held(seen) if len(codes) == recipients + 1 else Broken(expected, seen)


def replies_to_lines(outcomes: Sequence[Outcome], lines: int) -> Observation:
    """Several lines in, as many replies out: what ``replies_until_quit(lines)`` returned after this many command lines.

    More replies mean that a line was taken for two, silence in the place of one before the 221 that a line was
    swallowed. A server that closes before it has answered them all is confirmed before that counts as held.
    """
    expected = f"{lines} {'reply' if lines == 1 else 'replies'}, then 221 to QUIT"
    replies = _replies(outcomes)
    seen = _all(outcomes)
    if len(replies) > lines + 1:
        return Broken(expected, seen)
    if not outcomes or isinstance(outcomes[-1], Silence):
        return Unclear(f"the session has no end: {seen}")
    if any(isinstance(outcome, Silence) for outcome in outcomes):
        return Broken(expected, seen) if replies and replies[-1].code == 221 else Unclear(seen)
    if len(replies) <= lines or replies[-1].code == 421:
        return Held(f"refused by closing: {seen}", confirm=True)
    return Held(seen) if replies[-1].code == 221 else Unclear(f"QUIT was refused: {seen}")


def _one(outcomes: Sequence[Outcome], expected: str) -> Observation:
    codes = [reply.code for reply in _replies(outcomes)]
    seen = _all(outcomes)
    if len(codes) > 2:
        return Broken(expected, seen)
    if not outcomes or (len(codes) < 2 and isinstance(outcomes[-1], Silence)):
        return Unclear(f"the session has no end: {seen}")
    if not codes or codes[0] == 421 or (len(codes) == 1 and codes[0] // 100 != 2):
        return Held(f"refused by closing: {seen}", confirm=True)
    if len(codes) == 1 or codes[1] // 100 == 2:
        return Held(seen)
    if codes[1] == 421:
        return Held(seen, confirm=True)
    return Unclear(f"QUIT was refused, or got no reply beside a second one: {seen}")


def _replies(outcomes: Sequence[Outcome]) -> list[Reply]:
    """The replies, less one that breaks off before its code: there the connection ended."""
    return [
        outcome for outcome in outcomes if isinstance(outcome, Reply) and (outcome.code or not _is_cut_off(outcome))
    ]


def _is_cut_off(reply: Reply) -> bool:
    """Whether the connection ended inside the reply, which then proves as little as the end by itself."""
    return Anomaly.TRUNCATED in reply.anomalies


def _all(outcomes: Sequence[Outcome]) -> str:
    return " | ".join(str(outcome) for outcome in outcomes)


def closes(outcomes: Sequence[Outcome], code: int = 221) -> Observation:
    """Held when the last reply has this code and the server then closes; broken when it stays open."""
    seen = _all(outcomes)
    if not outcomes:
        return Unclear("nothing was seen")
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    if replies and replies[-1].code == 421:
        return Unclear(f"a 421 proves nothing: {seen}")
    if isinstance(outcomes[-1], Silence):
        return Broken(f"{code}, then the close", seen)
    if replies and replies[-1].code == code:
        return Held(seen)
    return Broken(f"{code}, then the close", seen)


def stays_open(outcome: AnyOutcome) -> Observation:
    """Broken when the connection ends or is ended with 421: for clauses that forbid the close itself (ruling 3).

    Use it only behind a control that shows the same session staying open without the stimulus.
    """
    match outcome:
        case Reply() if outcome.code == 421 or _is_cut_off(outcome):
            return Broken("the connection stays open", str(outcome))
        case Closed() | Reset():
            return Broken("the connection stays open", str(outcome))
        case Reply():
            return Held(str(outcome))
        case _:
            return Unclear(str(outcome))


def silent(outcomes: Sequence[Outcome]) -> Observation:
    """Held when nothing came; the engine confirms it, since it rests on waiting."""
    if not outcomes:
        return Held("nothing came", confirm=True)
    seen = _all(outcomes)
    if isinstance(outcomes[0], Reply) and outcomes[0].code != 421:
        return Broken("nothing", seen)
    return Unclear(seen)


def holds(condition: bool, *, expected: str, seen: object) -> Observation:
    """Held or broken by a condition that the author worked out."""
    shown = visible(seen) if isinstance(seen, bytes) else str(seen)
    return Held(shown) if condition else Broken(expected, shown)


def arrived(message: object | None, *, expected: str, seen: str = "nothing came") -> Observation:
    """Held where a message came, broken where there is none; what a finite wait shows is the scenario's to know."""
    return Held("it came") if message is not None else Broken(expected, seen)


def took(branch: str, outcome: object = "") -> Observation:
    """The branch of a MAY."""
    return Took(branch, visible(outcome) if isinstance(outcome, bytes) else str(outcome))


def _asks_for_more(outcome: Reply, codes: Collection[int]) -> bool:
    """Whether the refusal is for want of TLS or authentication, where that is not what is looked for (RFC 4954 §6)."""
    return outcome.code in WANTS_MORE and outcome.code not in codes


def _codes(codes: Collection[int]) -> str:
    return " or ".join(str(code) for code in sorted(codes))
