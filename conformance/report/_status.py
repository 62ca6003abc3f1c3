"""The exit status of a run."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine import End
from conformance.report._expected import Difference
from conformance.scenario import Verdict

NOTHING_FOUND = 0
FOUND = 1
UNUSABLE = 3


def exit_status(end: End | None, *, strict: bool, differences: Sequence[Difference] | None = None) -> int:
    """0 nothing found, 1 a finding, 3 our own error, no usable target or nothing run.

    ``strict`` makes a finding of ``deviates`` too. ``differences`` are those from an expected-results file: then
    they decide, and ``None`` says that there is no such file. A run without its ``End`` is unusable.
    """
    if end is None or end.problem or not end.complete or end.counts.get(Verdict.ERROR, 0):
        return UNUSABLE
    if not sum(number for word, number in end.counts.items() if word != Verdict.NOT_APPLICABLE):
        return UNUSABLE
    if differences is not None:
        return FOUND if differences else NOTHING_FOUND
    graver = (Verdict.FAIL, Verdict.DEVIATES) if strict else (Verdict.FAIL,)
    return FOUND if any(end.counts.get(word, 0) for word in graver) else NOTHING_FOUND
