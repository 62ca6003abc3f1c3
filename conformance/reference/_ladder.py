"""What a defect says on the way up the ladder only, where it is heard by the ladder and the watches alone.

Most scenarios begin behind a greeting and a reply to EHLO that they do not look at. A defect that says something else
there, and afterwards decides as the clean server does, ends for all of them as for one: the ladder stops at its words,
or does not. So one scenario of each way up speaks for the others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from functools import lru_cache
from typing import Any

from conformance.client import At, Client, Exchange
from conformance.reference._answer import Answer
from conformance.scenario import Body, Observation, Scenario, Watch

SPEECH = frozenset({"greeting", "command", "ehlo", "hello_text", "extensions", "auth_mechanisms", "with_status"})
"""Decision points whose answer is said to the client and kept nowhere."""

LISTED_AT = frozenset({"command", "ehlo", "extensions", "with_status"})
"""Those of them that can change which keywords a reply to EHLO lists."""

READ_ON_THE_WAY = frozenset({"auth_required", "certificate_required", "implicit_tls", "starttls_required"})
"""Facts of targets where the ladder itself makes use of what is offered."""

RECALLED = ("greeting", "hello", "offers", "extended", "offered_first")
"""What a client keeps of the greeting and the reply to EHLO."""

NOTHING = frozenset[str]()


def has_quiet_ladder(scenario: Scenario) -> bool:
    """Whether the scenario's body begins behind a greeting, and nothing that is offered was used before."""
    return scenario.start >= At.GREETING and not READ_ON_THE_WAY & set(scenario.facts)


def differing_keywords(point: str, decided: object, own: object) -> frozenset[str] | None:
    """The keywords that one answer lists and the other does not; ``None`` where more than what is said differs.

    Only the code of a greeting may be another: the ladder goes no further then, as a refused EHLO does.
    """
    if point not in SPEECH or type(own) is not type(decided):
        return None
    try:
        return _differing(point, decided, own)
    except TypeError:  # it has no hash, so it is no answer
        return None


@lru_cache(maxsize=4096)
def _differing(point: str, decided: object, own: object) -> frozenset[str] | None:
    if not (_is_one_reply(own) and _is_one_reply(decided)):
        return None
    if isinstance(own, Answer) and isinstance(decided, Answer):
        code = decided.code if point == "greeting" else own.code
        if replace(own, code=code, texts=decided.texts) != decided:
            return None
        own, decided = own.texts[1:], decided.texts[1:]
    if point not in LISTED_AT or not (isinstance(own, tuple) and isinstance(decided, tuple)):
        return NOTHING
    return frozenset(map(_keyword, own)) ^ frozenset(map(_keyword, decided))


def _keyword(line: bytes) -> str:
    return line.strip().partition(b" ")[0].decode("ascii", "replace").upper()


def _is_one_reply(said: object) -> bool:
    """Whether this, once it is said, is one reply and no line more."""
    match said:
        case bytes():
            return b"\n" not in said and b"\r" not in said
        case tuple():
            return all(isinstance(each, bytes) and _is_one_reply(each) for each in said)
        case Answer(texts=texts):
            return _is_one_reply(texts)
        case _:
            return False


class _Recalled:
    """A field of a client that tells when it is read."""

    def __init__(self, name: str) -> None:
        self.slot = vars(Client)[name]

    def __get__(self, client: Client | None, owner: type[Client]) -> Any:
        if client is None:
            return self
        _on_recall.get()()
        return self.slot.__get__(client, owner)

    def __set__(self, client: Client, value: object) -> None:
        self.slot.__set__(client, value)


def _nobody_notes() -> None:
    pass


_on_recall: ContextVar[Callable[[], None]] = ContextVar("on_recall", default=_nobody_notes)

Recalling: type[Client] = type(
    "Recalling", (Client,), {"__slots__": (), **{name: _Recalled(name) for name in RECALLED}}
)
"""A client that tells when what it keeps of the greeting and of the reply to EHLO is read."""


def noted_body(body: Body, begins: Callable[[], None], recalls: Callable[[], None]) -> Body:
    """A scenario's body that says when it begins, and when it reads what came on the way up."""

    async def noted(**arguments: Any) -> Observation:
        begins()
        before = _on_recall.set(recalls)
        for each in arguments.values():
            if isinstance(each, Client):
                each.__class__ = Recalling
        try:
            return await body(**arguments)
        finally:
            _on_recall.reset(before)

    return noted


class _Offered(frozenset[str]):
    """What is offered, as a watch sees it: takes note of what the watches ask for."""

    __slots__ = ("asked",)
    asked: set[str]

    def __contains__(self, keyword: object) -> bool:
        self.asked.add(str(keyword))
        return super().__contains__(keyword)


def noted_watch(watch: Watch, asked: set[str]) -> Watch:
    """The same watch; the keywords whose offer it asks for are added to ``asked``."""

    def look(exchange: Exchange) -> Observation | None:
        offers = _Offered(exchange.offers)
        offers.asked = asked
        return watch.look(replace(exchange, offers=offers))

    return replace(watch, look=look)
