"""Servers from npm: each version in a folder of its own."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath

from conformance.launchers._cache import cache_folder, locked
from conformance.launchers._error import LaunchError
from conformance.launchers._launcher import COMMON, OUR_NAMES, Installed, Launcher, Start, our_environment
from conformance.launchers._pypi import PROGRAMS, SAID, run
from conformance.launchers._site import Site, rendered

FORMATS = frozenset({".ini", ".json", ".yaml", ".yml"})
INSTALL_SECONDS = 600.0
NAMES = PROGRAMS / "names.cjs"


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmServer(Launcher):
    """A server that is a package of npm, at ``script`` in it, or at a program of ours where it is a library.

    ``beside`` are packages that its own installation only may bring. The package's folder ``defaults`` is laid into the
    server's folder as ``config``, and ``templates`` over it; a default that differs from one of ours in its ending only
    is left out, since some servers let one format go before another.
    """

    package: str
    script: str = ""
    program: str = ""
    arguments: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    defaults: str = ""
    templates: str = ""
    changes: tuple[str, ...] = (*COMMON, OUR_NAMES)

    def install(self) -> Installed:
        """Install the version that is asked for, or the newest of the day when it was first needed.

        Raises:
            LaunchError: there is no node or npm, or npm can't install it.
        """
        node = shutil.which("node")
        if node is None or shutil.which("npm") is None:
            raise LaunchError(f"{self.name} needs node and npm, and they are not on the path")
        place = cache_folder() / "environments" / f"{self.name}-{self.for_version or 'newest'}"
        package = place / "node_modules" / self.package / "package.json"
        with locked(f"install-{self.name}"):
            done = place / "installed"
            if not done.is_file():
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir(parents=True)
                try:
                    self._install(place)
                except BaseException:
                    shutil.rmtree(place, ignore_errors=True)
                    raise
                done.touch()
        return Installed(json.loads(package.read_text(encoding="utf-8"))["version"], place)

    def _install(self, place: Path) -> None:
        wanted = f"{self.package}@{self.for_version}" if self.for_version else self.package
        options = [
            "--prefix",
            str(place),
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--omit=optional",
        ]
        said = run(["npm", "install", *options, wanted, *self.beside], self.name, INSTALL_SECONDS)
        if said is not None:
            raise LaunchError(f"{wanted} can't be installed: {_why(said)}")

    def start(self, installed: Installed, site: Site) -> Start:
        """As a process of its own, of the system's node."""
        script = PROGRAMS / self.program if self.program else installed.place / "node_modules" / self.script
        places = {"folder": str(site.folder), "site": str(site.folder / SAID)}
        return Start(
            command=("node", "--require", str(NAMES), str(script), *(word.format(**places) for word in self.arguments)),
            environment={
                **our_environment(),
                "NODE_PATH": str(installed.place / "node_modules"),
                "SMTP_CONFORMANCE_NAMES": str(site.name_server_port),
            },
            files={SAID: json.dumps(site.words, default=str), **self._configuration(installed, site)},
            name_server=(
                sys.executable,
                "-m",
                "conformance.launchers._name_server",
                "127.0.0.1",
                str(site.name_server_port),
            ),
        )

    def _configuration(self, installed: Installed, site: Site) -> dict[str, str]:
        defaults = installed.place / "node_modules" / self.package / self.defaults
        files = [each for each in defaults.iterdir() if each.is_file()] if self.defaults else []
        ours = rendered(self.templates, site) if self.templates else {}
        settled = {_setting(name) for name in ours}
        given = {
            f"config/{each.name}": each.read_text(encoding="utf-8", errors="replace")
            for each in files
            if _setting(f"config/{each.name}") not in settled
        }
        return given | ours


def _setting(name: str) -> PurePath:
    """The file without the ending that tells its format: one setting can be written in several."""
    path = PurePath(name)
    return path.with_suffix("") if path.suffix in FORMATS else path


def _why(said: str) -> str:
    """What npm said at last, in one line."""
    lines: list[str] = re.findall(r"^npm (?:error|ERR!) (.*)$", said, re.MULTILINE)
    errors = [line for line in lines if line.strip()]
    told = [line for line in errors if not re.match(r"code |A complete log|errno |syscall ", line)]
    first = (told or errors or ["npm said nothing"])[0]
    return re.sub(r"^(?:notarget|404|network) (?:\d+ )?", "", first)  # npm's own word for the kind of error
