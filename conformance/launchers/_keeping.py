"""Plans for the keeper, and keepers under way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conformance.launchers import _keeper
from conformance.launchers._launcher import our_environment

KEEPER = Path(_keeper.__file__)
PLAN, PROBLEM = "plan.json", "problem"
"""The files that a keeper has in its folder."""

END_SECONDS = 15.0
"""How long a keeper that was told to end may take; it kills what does not end by itself long before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a keeper is to keep."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    root: Mapping[str, Any] | None = None
    name_server: Sequence[str] = ()
    stays: bool = False
    owner: tuple[int, str] | None = None
    """The process with which the server ends, by number and start, where another may start it again."""

    def write(self, folder: Path) -> None:
        """Put it where its keeper reads it."""
        said = asdict(self) | {"log": str(self.log), "syslog": str(self.log.with_name("syslog"))}
        (folder / PLAN).write_text(json.dumps(said), encoding="utf-8")
        (folder / PLAN).chmod(0o600)  # an environment may hold what is nobody else's business


def overlay_root(folder: Path, host: str, files: Mapping[str, str], binds: Mapping[str, str]) -> dict[str, Any]:
    """A root in this folder, which holds ``upper``, ``work`` and ``at``: the host's files with ours over them."""
    return {
        "at": str(folder / "at"),
        "upper": str(folder / "upper"),
        "work": str(folder / "work"),
        "host": host,
        "files": dict(files),
        "binds": dict(binds),
    }


def copied(layer: Path, folder: Path) -> None:
    """Make the folder of a root that begins with this layer, its whiteouts and extended attributes included."""
    for name in ("work", "at"):
        (folder / name).mkdir(parents=True)
    command = ["cp", "--archive", "--reflink=auto", str(layer), str(folder / "upper")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - the system's own


def keeper(folder: Path, *, stays: bool) -> subprocess.Popen[bytes]:
    """Start the keeper of the plan in this folder; unless it stays it ends with us, whatever ends us."""
    with (folder / PROBLEM).open("wb") as problem:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", str(KEEPER), str(folder / PLAN)],
            stdin=subprocess.DEVNULL if stays else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=problem,
            cwd="/",
            env=our_environment(),
            start_new_session=True,
        )


def problem_of(folder: Path) -> str:
    """What kept the keeper in this folder from keeping, if anything did."""
    said = (folder / PROBLEM).read_text(encoding="utf-8", errors="replace").strip()
    return said.rpartition("\n")[2]


def kept(plan: Plan, folder: Path, seconds: float) -> tuple[int, str]:
    """Run a plan to its end: the status of its command, and what kept it from starting, if anything did."""
    plan.write(folder)
    with keeper(folder, stays=False) as process:
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return 1, f"it was not done within {seconds:g} s"
        finally:
            end(process)
    return status, problem_of(folder)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a keeper of ours and all that it keeps."""
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
