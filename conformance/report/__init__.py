"""Reports of a run: results.jsonl, and what is made from it for people and for other tools."""

from conformance.report._console import ConsoleReport, Transcripts
from conformance.report._expected import Difference, Entry, Expected, read_expected, write_expected
from conformance.report._files import ReportError
from conformance.report._html import write_html
from conformance.report._jsonl import SCHEMA, JsonlWriter, read, results_schema
from conformance.report._junit import write_junit
from conformance.report._status import exit_status
from conformance.report._words import Tally

__all__ = [
    "SCHEMA",
    "ConsoleReport",
    "Difference",
    "Entry",
    "Expected",
    "JsonlWriter",
    "ReportError",
    "Tally",
    "Transcripts",
    "exit_status",
    "read",
    "read_expected",
    "results_schema",
    "write_expected",
    "write_html",
    "write_junit",
]
