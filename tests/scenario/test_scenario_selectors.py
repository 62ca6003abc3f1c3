from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_suites import HEAD, clause, declared, written

from conformance.scenario import Suite, SuiteError, Suites, load, suite

REGISTER = HEAD + "".join(
    [clause("1.2/first"), clause("1.2/first-of-all"), clause("1.20/twentieth"), clause("4/whole", tags=["tagged"])]
)
LOOKS = '''
@watch("rfc9999/4/whole")
def watch_replies(exchange):
    """Looks."""
    return None
'''
ROWS = 'start=At.EHLO, segments=["octets"], v={"a": 1, "a*": 2, "a?": 3, "[x]": 4, "b.c": 5}'
TWO_MORE = declared("begin") + declared("begin_and_end", 'start=At.EHLO, tags=["quick"]')
CITES = declared("cites").replace("1.2/first", "4/whole")
SCENARIOS = [
    *(f"rfc9999/1.2/rows[{label}]{cut}" for label in ("a", "a*", "a?", "[x]", "b.c") for cut in ("", "~octets")),
    "rfc9999/1.2/begin",
    "rfc9999/1.2/begin_and_end",
    "rfc9999/4/cites",
    "rfc9998/1.2/other",
]
WATCH = "rfc9999/4/watch_replies"


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Suites:
    files = {
        "rfc9999/clauses.toml": REGISTER,
        "rfc9999/s1_2_first.py": declared("rows", ROWS, "v") + TWO_MORE,
        "rfc9999/s4_whole.py": CITES + LOOKS,
        "rfc9998/clauses.toml": HEAD + clause("1.2/other"),
        "rfc9998/s1_2_other.py": declared("other").replace("rfc9999/1.2/first", "rfc9998/1.2/other"),
    }
    return load(written(tmp_path_factory.mktemp("suites"), files))


def selected(suites: Suites, *selectors: str) -> list[str]:
    scenarios, watches = Suite(selectors).select(suites)
    return [each.id for each in scenarios] + [each.id for each in watches]


def rows(*labels: str) -> list[str]:
    return [f"rfc9999/1.2/rows[{label}]{cut}" for label in labels for cut in ("", "~octets")]


FIRST = [name for name in SCENARIOS if name.startswith("rfc9999/1.2/")]


def test_without_a_selector_all_are_meant(suites: Suites) -> None:
    assert set(selected(suites)) == {*SCENARIOS, WATCH}
    assert suite() == Suite(())


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("rfc9999", [*FIRST, "rfc9999/4/cites", WATCH]),
        ("rfc9999/1.2", FIRST),
        ("rfc9999/1.2/first", FIRST),
        ("rfc9999/1.2/rows", rows("a", "a*", "a?", "[x]", "b.c")),
        ("rfc9999/4", ["rfc9999/4/cites", WATCH]),
        ("rfc9999/4/whole", ["rfc9999/4/cites", WATCH]),
        ("rfc9999/4/watch_replies", [WATCH]),
        ("rfc999?/1.2", [*FIRST, "rfc9998/1.2/other"]),
        ("*/1.2/other", ["rfc9998/1.2/other"]),
        ("*", [*SCENARIOS, WATCH]),
        ("*/4", ["rfc9999/4/cites", WATCH]),
        ("rfc9999/1*", FIRST),
        ("rfc9999/?", ["rfc9999/4/cites", WATCH]),
        ("rfc9999/*/*_*", ["rfc9999/1.2/begin_and_end", WATCH]),
        ("*/*/*~octets", [name for name in SCENARIOS if name.endswith("~octets")]),
        ("*/*/*[[]x]", []),
        ("*/*/*[[x]]", ["rfc9999/1.2/rows[[x]]"]),
        ("*/*/rows[b.c]*", rows("b.c")),
        ("*/*/rows[b?c]", ["rfc9999/1.2/rows[b.c]"]),
        ("@tagged", ["rfc9999/4/cites", WATCH]),
        ("@quick", ["rfc9999/1.2/begin_and_end"]),
    ],
)
def test_a_selector_means_whole_components(selector: str, expected: list[str], suites: Suites) -> None:
    if expected:
        assert sorted(selected(suites, selector)) == sorted(expected)
    else:
        with pytest.raises(SuiteError):
            selected(suites, selector)


@pytest.mark.parametrize("name", [*SCENARIOS, WATCH])
def test_an_exact_id_means_itself_alone(name: str, suites: Suites) -> None:
    assert selected(suites, name) == [name]


@pytest.mark.parametrize(
    "selector",
    [
        "",
        "/",
        "rfc9999/",
        "/rfc9999",
        "rfc999",
        "RFC9999",
        "rfc9999/1",
        "rfc9999/1.",
        "rfc9999/1.2/firs",
        "rfc9999/1.2/row",
        "rfc9999/1.2/rows[",
        "rfc9999/1.2/rows[a",
        "rfc9999/1x2",
        "rfc9999/1.2/rows/a",
        "rfc9999/[14]",
        "rfc9999/(1.2|4)",
        "rfc9999/.*",
        "1.2",
        "first",
        "rfc9999/1.2/first-of-all",
        "rfc9999/1.20",
        "@",
        "@tag",
        "@tagge?",
        "@*",
    ],
)
def test_a_selector_that_means_nothing_is_an_error(selector: str, suites: Suites) -> None:
    with pytest.raises(SuiteError) as caught:
        selected(suites, "rfc9999", selector)
    says = str(caught.value)
    assert says.startswith(f"nothing is selected by {selector!r}")
    assert "\n" not in says


@pytest.mark.parametrize(
    ("selector", "near"),
    [
        ("rfc9999/1.2/frist", "rfc9999/1.2/first"),
        ("rfc9999/1.2/begins", "rfc9999/1.2/begin"),
        ("rfc9999/4/wathc_replies", "rfc9999/4/watch_replies"),
        ("rfc9999/1.2/rows[bc]", "rfc9999/1.2/rows[b.c]"),
        ("@tag", "@tagged"),
    ],
)
def test_the_nearest_is_told(selector: str, near: str, suites: Suites) -> None:
    with pytest.raises(SuiteError) as caught:
        selected(suites, selector)
    assert str(caught.value) == f"nothing is selected by {selector!r}; did you mean {near!r}?"


def test_where_nothing_is_near_nothing_is_told(suites: Suites) -> None:
    with pytest.raises(SuiteError) as caught:
        selected(suites, "zzz")
    assert str(caught.value) == "nothing is selected by 'zzz'"


def test_selectors_add_up_and_the_order_is_that_of_the_suites(suites: Suites) -> None:
    assert selected(suites, "rfc9999/4/cites", "rfc9999/1.2/begin", "rfc9999/1.2/begin") == [
        "rfc9999/1.2/begin",
        "rfc9999/4/cites",
    ]


@given(name=st.sampled_from([*SCENARIOS, WATCH]), data=st.data())
def test_any_octet_of_an_id_can_be_a_question_mark(name: str, data: st.DataObject, suites: Suites) -> None:
    at = data.draw(st.integers(0, len(name) - 1).filter(lambda at: name[at] != "/"))
    selector = name[:at] + "?" + name[at + 1 :]
    meant = selector if selector in SCENARIOS else name  # an exact id means itself alone, also one with a question mark
    assert meant in selected(suites, selector)


PIECES = st.sampled_from([*"*?/@[].~", "rfc9999", "1.2", "rows"])


@given(selector=st.text(max_size=20) | st.lists(PIECES, max_size=8).map("".join))
def test_any_text_selects_something_or_is_a_suite_error(selector: str, suites: Suites) -> None:
    with suppress(SuiteError):
        assert selected(suites, selector)


# Clauses.


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (
            (),
            [
                "rfc9998/1.2/other",
                "rfc9999/1.2/first",
                "rfc9999/1.2/first-of-all",
                "rfc9999/1.20/twentieth",
                "rfc9999/4/whole",
            ],
        ),
        (("rfc9999/1.2",), ["rfc9999/1.2/first", "rfc9999/1.2/first-of-all"]),
        (("rfc9999/1.20",), ["rfc9999/1.20/twentieth"]),
        (("*/1.2/*o*",), ["rfc9998/1.2/other", "rfc9999/1.2/first-of-all"]),
        (("@tagged", "rfc9998"), ["rfc9998/1.2/other", "rfc9999/4/whole"]),
    ],
)
def test_clauses_are_selected_alike(selectors: tuple[str, ...], expected: list[str], suites: Suites) -> None:
    assert [each.id for each in Suite(selectors).clauses(suites)] == expected


@pytest.mark.parametrize("selector", ["rfc9999/1", "rfc9999/1.2/rows", "@quick", ""])
def test_a_selector_that_means_no_clause_is_an_error(selector: str, suites: Suites) -> None:
    with pytest.raises(SuiteError, match="nothing is selected by"):
        Suite((selector,)).clauses(suites)
