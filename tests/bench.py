"""Ratios, measured side by side in one run against the embedded server: ``make bench``.

Overlapped against one by one in wall time; CPU time against a bare trio client that says the same; peak memory.
"""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trio
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.client import dialler
from conformance.engine import ConnectionRecord, Engine, Event, Options, Result
from conformance.launchers import launched
from conformance.report import JsonlWriter
from conformance.scenario import Suites, load
from conformance.target import Target

SEGMENT_PAUSE = 0.005
LOST = 10.0
"""Seconds after which the bare client gives a dialogue up."""

HANDSHAKE = "TLS handshake completed"


@dataclass(slots=True)
class Cost:
    """What one run cost, in seconds."""

    wall: float
    cpu: float


@contextmanager
def measured(into: list[Cost]) -> Iterator[None]:
    """Append what the block cost this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into.append(Cost(time.perf_counter() - wall, time.process_time() - cpu))


def run(target: Target, suites: Suites, overlap: int, folder: Path) -> tuple[Cost, list[Result]]:
    """The whole suite with so many connections at a time."""
    results: list[Result] = []
    costs: list[Cost] = []
    with JsonlWriter(folder / f"{overlap}.jsonl") as written:

        def emit(event: Event) -> None:
            written.write(event)
            if isinstance(event, Result):
                results.append(event)

        engine = Engine(target, dialler(target.where), emit, Options(overlap=overlap))
        with measured(costs):
            trio.run(engine.run, [*suites], [*suites.watches.values()])
    return costs[0], results


async def say_the_same(target: Target, connection: ConnectionRecord) -> None:
    """One recorded dialogue by a client that does nothing else: send, and read as many octets as came then."""
    stream: trio.abc.Stream = await trio.open_tcp_stream(target.where.host, target.where.port)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sent = False
    with trio.move_on_after(LOST):
        try:
            for entry in connection.entries:
                if entry.sender == "us":
                    if sent:
                        await trio.sleep(SEGMENT_PAUSE)
                    await stream.send_all(entry.octets)
                    sent = True
                elif entry.sender == "them":
                    wanted = entry.full_length or len(entry.octets)
                    while wanted > 0:
                        octets = await stream.receive_some(65536)
                        if not octets:
                            return
                        wanted -= len(octets)
                    sent = False
                elif entry.octets.startswith(HANDSHAKE.encode()):
                    stream = trio.SSLStream(stream, context, https_compatible=True)
                    await stream.do_handshake()
                    sent = False
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)


async def say_it_all(target: Target, connections: Sequence[ConnectionRecord], overlap: int) -> None:
    """All recorded dialogues, so many at a time."""
    limit = trio.CapacityLimiter(overlap)

    async def one(connection: ConnectionRecord) -> None:
        async with limit:
            await say_the_same(target, connection)

    async with trio.open_nursery() as nursery:
        for connection in connections:
            nursery.start_soon(one, connection)


def peak_memory(folder: Path) -> tuple[float, int]:
    """The command line's own peak in MB, and its exit status, in a process of its own."""
    command = [sys.executable, "-m", "conformance", "run", "aiosmtpd", "--out", str(folder), "--transcripts", "none"]
    with (folder / "printed").open("wb") as printed:
        child = os.posix_spawn(
            sys.executable,
            command,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, printed.fileno(), 1), (os.POSIX_SPAWN_DUP2, printed.fileno(), 2)],
        )
        _, status, usage = os.wait4(child, 0)
    return usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def main() -> None:
    """Measure and print."""
    suites = load()
    costs: list[Cost] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with launched("aiosmtpd") as target:
            overlapped, results = run(target, suites, 64, folder)
            connections = [link for result in results for tried in result.attempts for link in tried.connections]
            with measured(costs):
                trio.run(say_it_all, target, connections, 64)
            alone, _ = run(target, suites, 1, folder)
        memory, status = peak_memory(folder)
    bare = costs[0]
    longest = max(results, key=lambda result: result.seconds)
    table = Table("what", "measured", "asked for", title=f"{len(results)} results, {len(connections)} connections")
    table.add_row("one by one / overlapped, wall", f"{alone.wall / overlapped.wall:.1f} times", "at least 10 times")
    table.add_row("one by one", f"{alone.wall:.1f} s", "")
    table.add_row("overlapped", f"{overlapped.wall:.1f} s", "")
    table.add_row("longest scenario, confirmation included", f"{longest.seconds:.1f} s", escape(longest.scenario))
    table.add_row("CPU per scenario / bare trio client", f"{overlapped.cpu / bare.cpu:.1f} times", "at most 3 times")
    table.add_row("CPU per scenario", f"{1000 * overlapped.cpu / len(results):.2f} ms", "")
    table.add_row("bare trio client", f"{1000 * bare.cpu / len(results):.2f} ms", "")
    table.add_row("peak memory of a run, reports included", f"{memory:.0f} MB", "under 150 MB")
    Console(width=120).print(table)
    if status not in {0, 1}:
        sys.exit(f"the measured run ended with status {status}")


if __name__ == "__main__":
    main()
