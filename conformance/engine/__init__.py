"""The engine: hundreds of scenarios overlapped in one trio run, their results an event stream."""

from conformance.engine._attempt import Attempted, Session, Setting, attempt, session
from conformance.engine._control import Introduced, TargetUnusableError
from conformance.engine._events import (
    Attempt,
    ConnectionRecord,
    Emit,
    End,
    EntryRecord,
    Event,
    ObservationRecord,
    Progress,
    Record,
    Result,
    Run,
    Started,
    SuiteInfo,
    TargetInfo,
    WatchedRecord,
)
from conformance.engine._limit import ConnectionLimit
from conformance.engine._run import Engine, Options, doubt
from conformance.engine._surroundings import Surroundings, surroundings

__all__ = [
    "Attempt",
    "Attempted",
    "ConnectionLimit",
    "ConnectionRecord",
    "Emit",
    "End",
    "Engine",
    "EntryRecord",
    "Event",
    "Introduced",
    "ObservationRecord",
    "Options",
    "Progress",
    "Record",
    "Result",
    "Run",
    "Session",
    "Setting",
    "Started",
    "SuiteInfo",
    "Surroundings",
    "TargetInfo",
    "TargetUnusableError",
    "WatchedRecord",
    "attempt",
    "doubt",
    "session",
    "surroundings",
]
