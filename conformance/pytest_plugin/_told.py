"""What a run has to tell beside its items: counts, missing facts and, from xdist's workers, what their watches saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from conformance.engine import Engine, Result, doubt
from conformance.report._words import counted, safe
from conformance.scenario import FINDINGS, Verdict

ALWAYS_TOLD = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE})


class Told(msgspec.Struct):
    """Sums up one engine, or all workers' engines; ``watched`` are the watches' results that are still to be folded."""

    counts: dict[Verdict, int] = {}
    missing: dict[str, int] = {}
    watched: list[Result] = []
    max_inconclusive: float = 0.0

    @classmethod
    def of(cls, engine: Engine) -> Told:
        """What this engine has to tell."""
        return cls(dict(engine.counts), dict(engine.missing), [], engine.options.max_inconclusive)

    def add(self, other: Told) -> None:
        """Take in what another worker tells."""
        self.counts = dict(Counter(self.counts) + Counter(other.counts))
        self.missing = dict(Counter(self.missing) + Counter(other.missing))
        self.watched = [*self.watched, *other.watched]
        self.max_inconclusive = other.max_inconclusive

    def fold(self) -> list[Result]:
        """One result per watch out of the workers' results, counted; a finding outweighs whatever else was seen."""
        heaviest: dict[str, Result] = {}
        for result in self.watched:
            known = heaviest.get(result.scenario)
            if known is None or _weight(result) > _weight(known):
                heaviest[result.scenario] = result
        self.watched = []
        self.counts = dict(Counter(self.counts) + Counter(result.verdict for result in heaviest.values()))
        return list(heaviest.values())

    def doubt(self) -> str:
        """Why all that was found proves too little, or nothing."""
        return doubt(self.counts, self.max_inconclusive)

    def lines(self) -> Iterator[str]:
        """The summary, safe to print."""
        yield counted(Counter(self.counts), ALWAYS_TOLD)
        if self.missing:
            facts = ", ".join(f"{safe(fact)} ({number})" for fact, number in Counter(self.missing).most_common())
            yield f"not applicable for want of: {facts}"


def _weight(result: Result) -> int:
    match result.verdict:
        case Verdict.NOT_APPLICABLE:
            return 0
        case Verdict.PASS:
            return 1
        case word:
            return 3 if word in FINDINGS else 2
