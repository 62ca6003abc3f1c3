"""Reports of a run: results.jsonl, and what is made from it for people and for other tools."""

from conformance.report._brief import make_brief
from conformance.report._console import ConsoleReport, Transcripts
from conformance.report._expected import (
    Difference,
    Entry,
    Expected,
    Reason,
    read_expected,
    read_reasons,
    write_expected,
)
from conformance.report._files import ReportError
from conformance.report._html import write_html
from conformance.report._jsonl import SCHEMA, JsonlWriter, read, results_schema
from conformance.report._junit import write_junit
from conformance.report._pages import write_comparison, write_matrix
from conformance.report._side_by_side import (
    SIGNS,
    Tested,
    change,
    differences,
    differs,
    findings_by_clause,
    is_found,
    names_of,
    read_tested,
    seen,
)
from conformance.report._status import exit_status
from conformance.report._words import Tally

__all__ = [
    "SCHEMA",
    "SIGNS",
    "ConsoleReport",
    "Difference",
    "Entry",
    "Expected",
    "JsonlWriter",
    "Reason",
    "ReportError",
    "Tally",
    "Tested",
    "Transcripts",
    "change",
    "differences",
    "differs",
    "exit_status",
    "findings_by_clause",
    "is_found",
    "make_brief",
    "names_of",
    "read",
    "read_expected",
    "read_reasons",
    "read_tested",
    "results_schema",
    "seen",
    "write_comparison",
    "write_expected",
    "write_html",
    "write_junit",
    "write_matrix",
]
