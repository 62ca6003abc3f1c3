from __future__ import annotations

import pytest

from conformance.report import change
from conformance.scenario import Verdict

P, F, D, N, I, A = (  # noqa: E741 - as they are written in the table below
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.DEVIATES,
    Verdict.NOTED,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_APPLICABLE,
)


@pytest.mark.parametrize(
    ("verdicts", "says"),
    [
        ((F, F, F), ""),
        ((F, F, P), "gone in 3"),
        ((D, N, N), "gone in 2"),
        ((P, F, F), "since 2"),
        ((P, F, P), "since 2, gone in 3"),
        ((F, P, F), "gone in 2, again in 3"),
        ((F, I, I), "inconclusive in 2"),
        ((F, A, F), "not-applicable in 2, again in 3"),
        ((None, F, F), "first seen in 2"),
        ((A, I, D), "first seen in 3"),
        ((I, F, P), "first seen in 2, gone in 3"),
        ((P, P, P), ""),
    ],
)
def test_what_changes_from_version_to_version(verdicts: tuple[Verdict | None, ...], says: str) -> None:
    assert change(("1", "2", "3"), verdicts) == says
