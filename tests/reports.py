"""The reports of all servers that we can start, made from nothing; or whether they are still what is expected.

``python -m tests.reports [NAME...]`` runs each server, writes its folder in ``reports`` and the matrix of all folders;
a server that can't be had here is named and passed by. ``--check NAME...`` runs them and compares; what differs is run
once more by itself, and counts where it differs again. Three servers are tested at a time: each waits more than it
works.

Status: 0 all is well, 1 a difference or a finding without a reason, 3 a server that could not be run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conformance.launchers import LAUNCHERS
from conformance.report import ReportError, read_tested

REPORTS = Path("reports")
REASONS = REPORTS / "reasons.toml"
KEPT = ("results.jsonl", "report.html")
DIFFERENCE = re.compile(r"not as expected: [a-z ]+: (?P<scenario>\S+): .*")
FOUND, UNUSABLE = 1, 3
AT_A_TIME = 3


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """One command of ours, its words on our own standard error and its output kept."""
    return subprocess.run(
        [sys.executable, "-m", "conformance", *map(str, words)], stdout=subprocess.PIPE, text=True, check=False
    )


def folders_of(name: str) -> list[Path]:
    """The folders of all versions of a server, the one last written first."""
    there = [each for each in REPORTS.glob(f"{name}-*") if re.fullmatch(rf"{re.escape(name)}-[0-9].*", each.name)]
    return sorted(there, key=lambda each: each.stat().st_mtime, reverse=True)


def published(octets: bytes) -> bytes:
    """What a run wrote, with the places of this machine as anybody has them."""
    for place, called in ((Path.cwd(), "."), (Path.home(), "~")):
        octets = octets.replace(f"{place}/".encode(), f"{called}/".encode())
    return octets


def make(name: str) -> int:
    """Make the folder of one server anew, in the place of that of another version."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        ended = command("run", name, "--brief", "--transcripts", "none", "--out", out)
        if ended.returncode not in {0, FOUND}:
            sys.stdout.write(f"{name}: no report: status {ended.returncode}\n")
            return UNUSABLE
        try:
            version = read_tested(out).run.target.version
        except ReportError as error:
            sys.stdout.write(f"{name}: no report: {error}\n")
            return UNUSABLE
        folder = REPORTS / f"{name}-{re.sub(r'[^0-9A-Za-z.+~-]', '_', version)}"
        before = [each for each in folders_of(name) if each != folder]
        folder.mkdir(parents=True, exist_ok=True)
        for older in before:
            shutil.rmtree(older)
        for each in KEPT:
            (folder / each).write_bytes(published((out / each).read_bytes()))
    argued = [path for path in (REPORTS / "reasons" / f"{name}.toml", REASONS) if path.is_file()]
    options = [word for path in argued for word in ("--reasons", path)]
    (folder / "expected.toml").unlink(missing_ok=True)  # what it says comes from the files of reasons alone
    expected = command("expect", folder / "results.jsonl", "--out", folder / "expected.toml", *options)
    sys.stdout.write(f"{name}: {folder}\n{expected.stdout}")
    return FOUND if expected.returncode or "no reason yet" in expected.stdout else 0


def check(name: str) -> int:
    """Run one server and compare what is found with what is expected of it."""
    known = [folder / "expected.toml" for folder in folders_of(name) if (folder / "expected.toml").is_file()]
    if not known:
        sys.stdout.write(f"{name}: nothing is expected of it; run make reports\n")
        return FOUND
    status, differing = _compared(name, known[0])
    if status == FOUND and differing:
        sys.stdout.write(f"{name}: {len(differing)} are run once more\n")
        status, _ = _compared(name, known[0], *differing)
    sys.stdout.write(f"{name}: status {status}\n")
    return status


def _compared(name: str, expected: Path, *scenarios: str) -> tuple[int, list[str]]:
    """Run the server on these scenarios, or all; returns the status and the scenarios that differ, each told."""
    with tempfile.TemporaryDirectory() as out:
        options = ("--strict", "--transcripts", "none", "--expect", expected, "--out", out)
        ended = command("run", name, *scenarios, *options)
    told = [found for line in ended.stdout.splitlines() if (found := DIFFERENCE.fullmatch(line))]
    sys.stdout.write("".join(f"{name}: {found[0]}\n" for found in told))
    return ended.returncode, [found["scenario"] for found in told]


def main() -> int:
    """Make or check the reports of the servers that are named, or of all."""
    words = sys.argv[1:]
    one = check if words[:1] == ["--check"] else make
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        statuses = list(pool.map(one, words[one is check :] or LAUNCHERS))
    if one is make:
        written = sorted(each.parent for each in REPORTS.glob("*/results.jsonl"))
        if written:
            statuses.append(command("matrix", *written, "--out", REPORTS).returncode)
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main())
