"""Items: a scenario or a watch in pytest's own protocol."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
from _pytest.fixtures import TopRequest

from conformance.engine import Result
from conformance.pytest_plugin import _allure
from conformance.pytest_plugin._judge import Judge, Judgement, Outcome
from conformance.pytest_plugin._running import NotRunError, Results, Subject, UnusableError
from conformance.pytest_plugin._words import exchanged, told
from conformance.report._words import section_of
from conformance.scenario import Family, Scenario, Suite, SuiteError, Suites, Watch, load

JUDGE = pytest.StashKey[Judge]()
SEEN = pytest.StashKey[dict[str, Subject]]()


@dataclass(frozen=True, slots=True)
class Running:
    """The value of the fixture ``smtp_conformance``: what ``smtp_target`` gave, and where the results come from."""

    given: object
    results: Results


class FindingError(AssertionError):
    """The server broke the clause, or did other than a file of known findings says."""


class ScenarioError(Exception):
    """Our mistake, not the server's."""


class _Text(Exception):  # noqa: N818 - carries a text to pytest's printer, is never raised
    pass


def _wants(smtp_target: object, smtp_conformance: object) -> None:
    """Its parameters are the fixtures of every item."""


class ConformanceItem(pytest.Item):
    """One scenario or one watch; ``background`` is what may run for a watch's sake."""

    def __init__(
        self,
        name: str,
        parent: pytest.Collector,
        *,
        subject: Subject,
        suites: Suites,
        background: Sequence[Scenario],
        **more: Any,
    ) -> None:
        # A string, for pytest would not find [row] in an id that it made of name and parent.
        super().__init__(name, parent, nodeid=f"{parent.nodeid}::{name}", **more)
        self.subject = subject
        self.suites = suites
        self.background = background
        self.result: Result | None = None
        clause = subject.clause
        self.add_marker(pytest.mark.smtp_clause(clause.id, level=clause.level.value))
        self.extra_keyword_matches |= {*subject.id.split("/")[:2], *clause.id.split("/"), clause.level.value}
        if isinstance(subject, Scenario):
            self.extra_keyword_matches |= subject.tags
        self.user_properties += [("clause", clause.id), ("level", clause.level.value)]
        # As pytest's own doctest items get their fixtures.
        self.obj = None
        self._fixtureinfo = self.session._fixturemanager.getfixtureinfo(node=self, func=_wants, cls=None)  # noqa: SLF001
        self.fixturenames = self._fixtureinfo.names_closure
        self._initrequest()

    def _initrequest(self) -> None:
        self.funcargs: dict[str, Any] = {}
        self._request = TopRequest(self, _ispytest=True)  # type: ignore[arg-type]

    @classmethod
    def of(
        cls,
        parent: pytest.Collector,
        name: str,
        subject: Subject,
        suites: Suites,
        background: Sequence[Scenario] = (),
    ) -> Self:
        """Make one: pytest's items are made by ``from_parent`` alone."""
        item: Self = cls.from_parent(parent, name=name, subject=subject, suites=suites, background=background)
        return item

    @property
    def target_is_overridden(self) -> bool:
        """Whether a fixture of the user's own gives the target."""
        definition = self._fixtureinfo.name2fixturedefs["smtp_target"][-1]
        return definition.func.__module__ != "pytest_smtp_conformance"

    def setup(self) -> None:
        """Get the fixtures, and see that the run is about this item's target."""
        _allure.describe(self.config, self.subject)
        self._request._fillfixtures()  # noqa: SLF001 - as doctest items do
        running: Running = self.funcargs["smtp_conformance"]
        if self.funcargs["smtp_target"] is not running.given:
            pytest.fail("smtp_target is not the one that this run is about: test one server at a time", pytrace=False)

    def runtest(self) -> None:
        """Wait for the result, and say what it is."""
        running: Running = self.funcargs["smtp_conformance"]
        try:
            result = running.results.of(self.subject)
        except NotRunError as error:
            pytest.skip(str(error))
        self.result = result
        self.user_properties.append(("verdict", result.verdict.value))
        _allure.attach(self.config, result)
        self._raise(self.config.stash[JUDGE](result))

    def _raise(self, judgement: Judgement) -> None:
        match judgement.outcome:
            case Outcome.FAILED:
                raise FindingError(judgement.why)
            case Outcome.ERROR:
                raise ScenarioError(judgement.why)
            case Outcome.SKIPPED:
                pytest.skip(judgement.why)
            case Outcome.XFAILED:
                if self.config.getoption("runxfail"):
                    raise FindingError(judgement.why)
                pytest.xfail(judgement.why)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our text in the place of a traceback through the plugin."""
        match excinfo.value:
            case FindingError() | ScenarioError() | pytest.xfail.Exception() if self.result is not None:
                text = f"{excinfo.value}\n{told(self.result)}"
            case UnusableError() as error:
                text = "\n".join([str(error), *exchanged(error.evidence)])
            case _:
                return super().repr_failure(excinfo, style)
        shown = pytest.ExceptionInfo.from_exc_info((_Text, _Text(text), excinfo.tb)).getrepr(style="value")
        if shown.reprcrash is not None:
            path, line, _ = self.reportinfo()
            shown.reprcrash.path, shown.reprcrash.lineno = os.fspath(path), (line or 0) + 1
            shown.reprcrash.message = str(excinfo.value)
        return shown

    def complete(self, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        """Put into the report of the call what only we know."""
        if self.result is not None:
            report.duration = self.result.seconds
            # Plain strings, so that they come along from xdist's workers.
            report.smtp_verdict = self.result.verdict.value  # type: ignore[attr-defined]
            report.smtp_why = self.config.stash[JUDGE](self.result).why  # type: ignore[attr-defined]
        if call.excinfo is not None and isinstance(call.excinfo.value, ScenarioError | UnusableError):
            report.when = "setup"  # an error, where "call" would make it a failure of the server
        if isinstance(report.longrepr, tuple):
            path, line, _ = self.reportinfo()
            report.longrepr = (os.fspath(path), (line or 0) + 1, report.longrepr[2])

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """Where the scenario stands, if in the file that was collected, and a headline."""
        path, line = where(self.subject)
        headline = f"{section_of(self.subject.id).title} {_named(self.subject.id.split('/', 2)[2])}"
        return self.path, line - 1 if path == self.path.resolve() else None, headline


class SuiteFile(pytest.Module):
    """A file of a suite; a ``Module``, so that fixtures of module scope have a place."""

    obj = None

    def collect(self) -> Iterator[pytest.Item]:
        """Its scenarios in the order of the file, then its watches."""
        suites = _loaded(self, self.path.parent.parent)
        families: list[Family] = suites.files.get(self.path.resolve(), [])
        watches = [watch for watch in suites.watches.values() if where(watch)[0] == self.path.resolve()]
        subjects: list[Subject] = [*(member for family in families for member in family.members), *watches]
        for subject in subjects:
            name = _named(subject.id.split("/", 2)[2])
            background = tuple(suites) if isinstance(subject, Watch) else ()
            yield ConformanceItem.of(self, name, subject, suites, background)


class SuiteVariable(pytest.Collector):
    """``suite = conformance.suite(…)`` in a test file."""

    def __init__(self, name: str, parent: pytest.Collector, *, suite: Suite, **more: Any) -> None:
        super().__init__(name, parent, **more)
        self.suite = suite

    def collect(self) -> Iterator[pytest.Item]:
        """What its selectors select."""
        suites = _loaded(self, None)
        try:
            scenarios, watches = self.suite.select(suites)
        except SuiteError as error:
            raise self.CollectError(str(error)) from None
        subjects: list[Subject] = [*scenarios, *watches]
        for subject in subjects:
            background = tuple(scenarios) or tuple(suites) if isinstance(subject, Watch) else ()
            yield ConformanceItem.of(self, _named(subject.id), subject, suites, background)


def _named(identity: str) -> str:
    """A name as pytest knows them: what follows the bracket goes into it."""
    name, bracket, cut = identity.partition("]~")
    return f"{name}~{cut}]" if bracket else identity


def _loaded(collector: pytest.Collector, folder: Path | None) -> Suites:
    try:
        suites = load(folder)
    except SuiteError as error:
        raise collector.CollectError(str(error)) from None
    seen = collector.config.stash.setdefault(SEEN, {})
    for known in (suites.scenarios, suites.watches):
        for name, subject in known.items():
            if seen.setdefault(name, subject) is not subject:
                raise collector.CollectError(
                    f"{suites.folder}: {name} is also in {where(seen[name])[0].parent.parent}; run one of them"
                )
    return suites


@functools.cache
def where(subject: Subject) -> tuple[Path, int]:
    """File and line of a scenario or a watch."""
    code = subject.body.__code__ if isinstance(subject, Scenario) else subject.look.__code__
    return Path(code.co_filename).resolve(), code.co_firstlineno
