"""Servers from PyPI: each version in a virtual environment of its own, or the one beside us."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from conformance.launchers._cache import cache_folder, locked
from conformance.launchers._error import LaunchError
from conformance.launchers._launcher import Installed, Launcher, Start, our_environment
from conformance.launchers._site import Site

INSTALL_SECONDS = 600.0
PROGRAMS = Path(__file__).with_name("programs")
SAID = "site.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PyPIServer(Launcher):
    """A server that is a Python package; ``program`` runs it, ``beside`` is what else a version of it needs."""

    package: str
    program: str
    beside: tuple[str, ...] = ()

    def install(self) -> Installed:
        """Install the version that is asked for into an environment; without one, the package beside us is meant.

        Raises:
            LaunchError: it is not there, or pip can't install it.
        """
        if not self.for_version:
            if importlib.util.find_spec(self.package) is None:
                raise LaunchError(
                    f"the {self.name} server needs {self.package}: pip install 'smtp-conformance[embedded]', "
                    "or name a server of your own: smtp-conformance run smtp://host:port"
                )
            return Installed(importlib.metadata.version(self.package), Path(sys.executable))
        place = cache_folder() / "environments" / f"{self.name}-{self.for_version}-{sys.implementation.cache_tag}"
        python = place / "bin" / "python"
        with locked(f"install-{self.name}"):
            done = place / "installed"
            if not done.is_file():
                shutil.rmtree(place, ignore_errors=True)
                try:
                    self._install(place, python)
                except BaseException:
                    shutil.rmtree(place, ignore_errors=True)
                    raise
                done.touch()
        return Installed(self.for_version, python)

    def _install(self, place: Path, python: Path) -> None:
        wanted = f"{self.package}=={self.for_version}"
        for command in (
            [sys.executable, "-m", "venv", str(place)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted, *self.beside],
        ):
            said = run(command, f"{self.name} {self.for_version}", INSTALL_SECONDS)
            if said is not None:
                raise LaunchError(f"{self.name} {self.for_version} can't be installed: {_why(said)}")

    def start(self, installed: Installed, site: Site) -> Start:
        """As a process of its own, of the environment's Python."""
        return Start(
            command=(str(installed.place), str(PROGRAMS / self.program), str(site.folder / SAID)),
            environment=our_environment(),
            files={SAID: json.dumps(site.words, default=str)},
        )


def run(command: list[str], name: str, seconds: float) -> str | None:
    """Run one step of an installation; ``None`` if it went well, else what it said.

    Raises:
        LaunchError: it did not come to an end.
    """
    try:
        done = subprocess.run(  # noqa: S603 - package managers, by names that our launchers have
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise LaunchError(f"{name} can't be installed: {command[0]} was not done within {seconds:g} s") from None
    except OSError as error:
        raise LaunchError(f"{name} can't be installed: {command[0]}: {error.strerror}") from error
    return None if done.returncode == 0 else done.stdout.decode(errors="replace")


def _why(said: str) -> str:
    """What pip said at last, in one line."""
    if re.search(r"Failed to establish a new connection|NameResolutionError|ConnectTimeout", said):
        return "the package index can't be reached"
    errors = re.findall(r"^ERROR: (.*)$", said, re.MULTILINE)
    return errors[-1] if errors else (said.strip().rpartition("\n")[2] or "pip said nothing")
