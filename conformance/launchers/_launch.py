"""Starts a server, waits for its greeting, and ends it with all that belongs to it, however the run ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.launchers import _cache
from conformance.launchers._cache import (
    MARK,
    Record,
    end_strays,
    new_folder,
    overlays_folder,
    record_of,
    root_folder,
    started,
    sweep,
)
from conformance.launchers._certificate import write_authority, write_certificate
from conformance.launchers._error import LaunchError
from conformance.launchers._keeping import END_SECONDS, Plan, copied, end, keeper, overlay_root, problem_of
from conformance.launchers._launcher import Installed, Launcher
from conformance.launchers._network import NAME_SERVER, own_network
from conformance.launchers._ports import free_name_server, free_port, is_free
from conformance.launchers._rooms import MAIL, QUEUE, fill, lay_room, make_room, own_mounts
from conformance.launchers._servers import LAUNCHERS, launcher_of
from conformance.launchers._site import HOST, PASSWORD_FROM, USERS, Site, password
from conformance.target import Target, read_target, target_text

START_SECONDS = 60.0
"""How long a server may take to greet."""

TARGET = "target.toml"
SMTP_PORT = 25


@dataclass(slots=True)
class Server:
    """A server that we started; its folder holds all that belongs to it.

    ``kill`` ends it as a crash does, ``stop`` as an administrator does; both keep its queue, its mail and its ports
    for ``restart``. ``remove`` ends it for good.
    """

    folder: Path
    record: Record
    _process: subprocess.Popen[bytes] | None = None

    @classmethod
    def at(cls, folder: Path) -> Server:
        """The server with this folder, which another process may have started.

        Raises:
            LaunchError: there is none.
        """
        record = record_of(folder)
        if record is None:
            raise LaunchError(f"{folder} is no folder of a server")
        return cls(folder, record)

    @property
    def target_file(self) -> Path:
        """The target file for it."""
        return self.folder / TARGET

    @property
    def target(self) -> Target:
        """What is known of it."""
        return read_target(self.target_file)

    @property
    def logs(self) -> Path:
        """Where its logs are."""
        return self.folder / "logs"

    @property
    def has_ended(self) -> bool:
        """Whether it was started, by us or by a command of its target file, and ended by itself."""
        self._look()
        return self.record.pid > 0 and not self.record.alive

    def restart(self) -> None:
        """Start it, again where it is up, and wait for its greeting.

        Raises:
            LaunchError: it ended, or did not greet in time; its last words are in the text.
        """
        self.stop()
        if not is_free(self.record.port):
            raise LaunchError(f"{self.record.name} can't have port {self.record.port} of 127.0.0.1: it is taken")
        process = keeper(self.folder, stays=self.record.stays)
        self._process = process
        self._write(replace(self.record, pid=process.pid, started=started(process.pid), stopped=False))
        name, until = self.record.name, time.monotonic() + START_SECONDS
        while not _greets(self.record.port):
            if process.poll() is not None:
                raise LaunchError(f"{name} ended while it started: {problem_of(self.folder) or self._last_words()}")
            if time.monotonic() > until:
                raise LaunchError(f"{name} did not greet within {START_SECONDS:g} s: {self._last_words()}")
            time.sleep(0.05)
        if self.record.stays or self.record.owner != os.getpid():
            process.returncode = 0  # it is to outlive us: nobody waits for it, and its pid is in the record
            self._process = None

    def stop(self) -> None:
        """End it politely."""
        self._look()
        if self._process is not None:
            end(self._process)
        elif self.record.alive:
            os.kill(self.record.pid, signal.SIGTERM)
            if not _until(lambda: not self.record.alive, END_SECONDS):
                self.kill()
        self._stopped()

    def kill(self) -> None:
        """End all of its processes at once."""
        self._look()
        if self.record.alive:
            os.kill(self.record.pid, signal.SIGKILL)  # what it keeps is killed with it
        if self._process is not None:
            end(self._process)
        end_strays(self.folder)
        _until(lambda: not self.record.alive and is_free(self.record.port), END_SECONDS)
        self._stopped()

    def fill_queue(self) -> None:
        """Leave no room where its queue is.

        Raises:
            LaunchError: that can't be done, as where it has no file system of its own there.
        """
        fill(self.folder / QUEUE)

    def fill_mailboxes(self) -> None:
        """Leave no room where the mailboxes are; raises as ``fill_queue`` does."""
        fill(self.folder / MAIL)

    def make_room(self) -> None:
        """Give both their room again; raises as ``fill_queue`` does."""
        for name in (QUEUE, MAIL):
            make_room(self.folder / name)

    def remove(self) -> Path:
        """End it and remove all that belongs to it; returns where its logs are kept."""
        self.stop()
        return _cache.remove(self.folder)

    def _look(self) -> None:
        """See what another process, a command of the target file, has done to it meanwhile."""
        found = record_of(self.folder)
        if found is not None and found.pid != self.record.pid:
            self.record = found
            if self._process is not None:
                end(self._process)
            self._process = None

    def _stopped(self) -> None:
        self._process = None
        if self.folder.is_dir():
            self._write(replace(self.record, pid=0, stopped=True))

    def _write(self, record: Record) -> None:
        self.record = record
        record.write(self.folder)

    def _last_words(self) -> str:
        """The last line of its log that says something."""
        for name in ("syslog", "server.log"):
            with contextlib.suppress(OSError):
                lines = (self.logs / name).read_text(encoding="utf-8", errors="replace").split("\n")
                for line in reversed(lines):
                    if line.strip():
                        return f"{line.strip()} ({self.logs})"
        return "its logs are empty"


def bring_up(word: str, *, stays: bool, port: int = 0, routed: bool = False, rooms: bool = False) -> Server:
    """Install and start the server that is meant by ``name`` or ``name==version``.

    ``routed`` says that this process is in a network of its own, where the server is to route mail by MX records, and
    ``rooms`` that it has mounts of its own, where the server's queue and mailboxes can be made full.

    Raises:
        LaunchError: it can't be installed, or started; nothing of it is left.
    """
    launcher = launcher_of(word)
    sweep()
    installed = launcher.install()
    if port and not is_free(port):
        raise LaunchError(f"{launcher.name} can't have port {port} of 127.0.0.1: it is taken")
    folder = new_folder(launcher.name, launcher.for_version, stays=stays)
    server: Server | None = None
    try:
        ports = [port or free_port()]
        for _ in range(4):
            ports.append(free_port(ports))
        site = Site(
            folder=folder,
            port=ports[0],
            spare_port=ports[1],
            next_hop_port=ports[2],
            bounces_port=ports[3],
            name_server_port=ports[4],
            name_server=NAME_SERVER if routed else free_name_server() if os.geteuid() == 0 else "",
            routed=routed,
            rooms=rooms and bool(launcher.queue),
        )
        site.logs.mkdir()
        write_certificate(site.certificate, site.key)
        write_authority(site)
        _lay(launcher, installed, site, stays=stays)
        hint = f"# The password: export {PASSWORD_FROM}={password()}\n" if launcher.login else ""
        (folder / TARGET).write_text(hint + target_text(launcher.target(installed, site)), encoding="utf-8")
        me = os.getpid()
        owner = (0, "") if stays else (me, started(me))
        server = Server(folder, Record(launcher.name, launcher.for_version, 0, "", stays, site.port, True, *owner))
        server.record.write(folder)
        server.restart()
    except BaseException as error:
        logs = server.remove() if server is not None else _cache.remove(folder)
        if isinstance(error, LaunchError):
            raise LaunchError(str(error).replace(str(folder / "logs"), str(logs))) from None
        raise
    return server


def _lay(launcher: Launcher, installed: Installed, site: Site, *, stays: bool) -> None:
    """Lay out all that the keeper needs to start it."""
    if site.rooms:
        lay_room(site.mail)
        lay_room(site.queue, installed.place / launcher.queue.lstrip("/"))
    for user in USERS:
        (site.mail / user).mkdir(parents=True)
    start = launcher.start(installed, site)
    root = None
    if start.layer is None:
        for name, text in start.files.items():
            (site.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (site.folder / name).write_text(text, encoding="utf-8")
    else:
        overlays_folder()
        copied(start.layer, root_folder(site.folder))
        root = overlay_root(root_folder(site.folder), HOST, start.files, start.binds)
    Plan(
        command=start.command,
        environment={**start.environment, MARK: site.folder.name},
        log=site.logs / "server.log",
        root=root,
        name_server=start.name_server,
        stays=stays,
        owner=None if stays else (os.getpid(), started(os.getpid())),
    ).write(site.folder)


@contextmanager
def launched(word: str, *, namespace: bool = False) -> Iterator[Target]:
    """Start the server that ``name`` or ``name==version`` means and say what is known of it; it ends with the block.

    With ``namespace`` this thread is in a network of its own meanwhile, and the server with it, at port 25. It has
    mounts of its own for a server whose queue and mailboxes can be made full.

    Raises:
        LaunchError: it can't be installed, did not come up, or ended by itself before the block did; or there can be no
            such network.
    """
    launcher = launcher_of(word)
    if namespace and not launcher.routes:
        able = ", ".join(each.name for each in LAUNCHERS.values() if each.routes)
        raise LaunchError(f"{launcher.name} routes no mail by MX records; in a namespace of their own do: {able}")
    rooms = bool(launcher.queue)
    if namespace or rooms:
        launcher.install()  # what it is installed from can't be reached from there, nor what is mounted there kept
    with own_network() if namespace else nullcontext(), own_mounts() if rooms else nullcontext():
        port = SMTP_PORT if namespace else 0
        server = bring_up(word, stays=False, port=port, routed=namespace, rooms=rooms)
        ended = False
        try:
            yield server.target
            ended = server.has_ended
        finally:
            logs = server.remove()
    if ended:
        raise LaunchError(f"{word} ended by itself while it was used; its logs are in {logs}")


def servers_up() -> list[Server]:
    """The servers that were started to stay, by name; what is left of others is removed."""
    sweep()
    return [Server(folder, record) for folder, record in _cache.records() if record.stays and record.port]


def server_up(name: str) -> Server:
    """The server of this name that was started to stay.

    Raises:
        LaunchError: there is none.
    """
    if name.partition("==")[0] not in LAUNCHERS:
        launcher_of(name)
    for server in servers_up():
        if name in {server.record.name, f"{server.record.name}=={server.record.version}"}:
            return server
    raise LaunchError(f"{name} is not up; start it with: smtp-conformance servers up {name}")


def _greets(port: int) -> bool:
    """Whether 127.0.0.1 greets at this port; we leave politely."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.settimeout(10)
        with client.makefile("rb") as lines:
            greeting = lines.readline(1024)
            client.sendall(b"QUIT\r\n")
            lines.readline(1024)
            return greeting.startswith(b"220")
    return False


def _until(happens: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
