"""The commands and their options."""

from __future__ import annotations

import io
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, cast

import click

import conformance
from conformance.cli import _beside, _servers, _tell
from conformance.cli._facts import fact_options, given, print_facts
from conformance.cli._output import READER_GONE, mute
from conformance.cli._problem import STOPPED, UNUSABLE, USAGE, ProblemError
from conformance.cli._repeat import repeat
from conformance.cli._run import EMBEDDED, Request, is_target, meant, run
from conformance.engine import Options
from conformance.report import Transcripts

TRANSCRIPTS = click.option(
    "--transcripts",
    type=click.Choice(["all", "findings", "none"]),
    default="findings",
    show_default=True,
    help="Whose transcripts are printed.",
)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C, so that no server of ours and no unfinished file stays behind."""

    def unwind(number: int, _: FrameType | None) -> NoReturn:
        sys.exit(STOPPED + number)

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Commands(click.Group):
    """Ends every command with an exit status of ours; what the user can mend is one line on standard error."""

    def invoke(self, ctx: click.Context) -> None:
        try:
            with _ended_by_sigterm():
                super().invoke(ctx)
                sys.stdout.flush()
        except ProblemError as problem:
            _end(str(problem), problem.status)
        except click.UsageError as error:
            path = error.ctx.command_path if error.ctx else ctx.command_path
            _end(f"{error.format_message()} See {path} --help", USAGE)
        except KeyboardInterrupt:
            _end("stopped", STOPPED + signal.SIGINT)
        except BrokenPipeError:
            mute()
            sys.exit(READER_GONE)
        except OSError as error:
            if error.filename is None:
                mute()
            _end(f"{error.filename or 'standard output'}: {error.strerror or error}", UNUSABLE)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:  # noqa: BLE001 - a mistake of ours must not look like a finding, which is status 1
            traceback.print_exc()
            _end("this is a mistake of ours; please report it with the lines above", UNUSABLE)


def _end(says: str, status: int) -> NoReturn:
    sys.stderr.write(f"smtp-conformance: {says}\n")
    sys.exit(status)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(conformance.__version__, prog_name="smtp-conformance")
def commands() -> None:
    """Read which clauses of RFC 5321 an SMTP server keeps, which it breaks, and the octets that prove it."""


@commands.command("run")
@click.argument("words", nargs=-1, metavar="[TARGET] [SELECTOR]...")
@click.option("--target", "target", help="The target, where the first argument is none.")
@click.option("--not", "without", multiple=True, metavar="SELECTOR", help="Leave these out; may be repeated.")
@click.option(
    "--level",
    type=click.Choice(["must", "should", "may"]),
    default="may",
    show_default=True,
    help="The weakest level to run: must, also should, or all.",
)
@click.option("--strict", is_flag=True, help="A SHOULD that is not kept is a finding too.")
@click.option("--slow", is_flag=True, help="Also run the scenarios that wait for minutes.")
@click.option("--overlap", type=click.IntRange(1), default=64, show_default=True, help="Most connections at a time.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Seconds that a reply is waited for.",
)
@click.option(
    "--max-inconclusive",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="The share of inconclusive scenarios beyond which the run is not trusted.",
)
@click.option("--expect", type=click.Path(path_type=Path), help="A file of known findings; any difference is status 1.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("reports/latest"),
    show_default=True,
    help="Where results.jsonl, junit.xml and report.html go.",
)
@click.option("--brief", is_flag=True, help="Keep small reports: transcripts of findings alone.")
@click.option(
    "--repeat",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Run so many times, each into a folder of its own below --out; what was not the same each time is status 1.",
)
@click.option(
    "--namespace",
    is_flag=True,
    help="Start the server, and be, in a network namespace of our own, where mail is routed by MX records (root only).",
)
@click.option("--authorized", is_flag=True, help="I may test this server, though its address is not private.")
@TRANSCRIPTS
@fact_options
def run_command(words: tuple[str, ...], target: str | None, **options: Any) -> None:
    """Test a server and write a report.

    TARGET is smtp://host:port, smtps://, submission://, lmtp://, lmtp+unix:path, a target file (.toml), or a server
    that we start by ourselves: aiosmtpd (also without a TARGET), postfix, ..., see `servers`; aiosmtpd==1.4.4 is one
    of that version.

    SELECTOR is an RFC, a section, a clause or a scenario (rfc5321, rfc5321/4.1.1.4, …); only * and ? are special and
    stay within one component, @word selects by tag. rfc5321/4.1.1 means that section alone, 'rfc5321/4.1.1.*' those
    below it.

    The facts of a target file are options too, except aliases, lists, owners, credentials and limits, which have parts
    of their own; where both state a fact, the option counts.

    With --repeat one table says which scenarios did not end with the same verdict in all runs. A server that we start
    is started anew for each.

    Exit status: 0 nothing found, 1 a finding, 2 a usage error, 3 no usable target, nothing run or an error of ours,
    130 stopped by Ctrl-C and 143 by SIGTERM, with a report of what was done until then; a second one ends at once.
    """
    targets = [*([target] if target is not None else []), *(word for word in words if is_target(word))]
    selectors = tuple(word for word in words if not is_target(word))
    if len(targets) > 1:
        raise ProblemError(f"one target at a time: {targets[1]!r} is a second one beside {targets[0]!r}")
    if target is not None and not is_target(target):
        raise ProblemError(f"{target!r} is no target{meant(target)}")
    facts = given(options)
    shown = {name: options[name] for name in ("level", "strict", "slow", "overlap", "timeout", "max_inconclusive")}
    shown |= {"namespace": True} if options["namespace"] else {}
    request = Request(
        target=targets[0] if targets else EMBEDDED,
        selectors=selectors,
        without=options["without"],
        level=options["level"],
        strict=options["strict"],
        options=Options(
            overlap=options["overlap"],
            timeout=options["timeout"],
            slow=options["slow"],
            max_inconclusive=options["max_inconclusive"],
            shown=shown | {"selectors": list(selectors), "not": list(options["without"])},
        ),
        expect=options["expect"],
        out=options["out"],
        transcripts=cast("Transcripts", options["transcripts"]),
        authorized=options["authorized"],
        facts=facts,
        brief=options["brief"],
        namespace=options["namespace"],
    )
    sys.exit(repeat(request, options["repeat"]) if options["repeat"] > 1 else run(request))


@commands.command("list")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--clauses", is_flag=True, help="List clauses in the place of scenarios.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(selectors: tuple[str, ...], *, clauses: bool, as_json: bool) -> None:
    """List the scenarios with their level and clause."""
    (_tell.list_clauses if clauses else _tell.list_scenarios)(selectors, as_json=as_json)


@commands.command("facts")
def facts_command() -> None:
    """List what a target file can say about a server, and what each fact means.

    A fact that is absent makes the scenarios that want it not-applicable.
    """
    print_facts()


@commands.command("explain")
@click.argument("name", metavar="CLAUSE_OR_SCENARIO")
def explain_command(name: str) -> None:
    """Say what a clause asks for, where the RFC says it, which scenarios are about it and what proves them."""
    _tell.explain(name)


@commands.command("coverage")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--gaps", is_flag=True, help="Name the clauses that could be observed and are not proven.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--markdown", is_flag=True, help="As a Markdown table, one line for each RFC.")
def coverage_command(selectors: tuple[str, ...], *, gaps: bool, as_json: bool, markdown: bool) -> None:
    """Count clauses by section and level: observable, checked by a scenario, proven by a planted defect.

    All figures are out of the whole register, the clauses that nobody can observe included.
    """
    _tell.tell_coverage(selectors, gaps=gaps, as_json=as_json, markdown=markdown)


@commands.command("show")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--broken-off", is_flag=True, help="Also read a file of a run that did not come to its end.")
@TRANSCRIPTS
def show_command(results: Path, transcripts: str, *, broken_off: bool) -> None:
    """Print a results.jsonl as the run printed it; the exit status is that of the run."""
    sys.exit(_tell.show(results, cast("Transcripts", transcripts), broken_off=broken_off))


@commands.command("expect")
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("expected.toml"),
    show_default=True,
    help="The file to write.",
)
@click.option(
    "--reasons",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file of reasons for many findings at once: [[reason]] with scenarios, servers, seen and reason. "
    "May be given several times; the first reason that fits is taken.",
)
def expect_command(results: Path, out: Path, reasons: Sequence[Path]) -> None:
    """Write an expected-results file of the findings in RESULTS, with reasons for you to fill in.

    Where the file is there already it is brought up to date: the reasons of findings that are still there stay.
    """
    _tell.expect(results, out, reasons)


RESULTS = click.Path(path_type=Path)


@commands.command("compare")
@click.argument("results", nargs=2, type=RESULTS, metavar="A B")
@click.option("--html", type=RESULTS, help="Also write a page with the transcripts side by side.")
def compare_command(results: tuple[Path, Path], html: Path | None) -> None:
    """Print what two runs found to differ; A and B are results.jsonl files or the folders that hold them.

    Exit status: 0 where nothing differs, 1 where something does.
    """
    sys.exit(_beside.compare(results, html))


@commands.command("matrix")
@click.argument("results", nargs=-1, required=True, type=RESULTS, metavar="RESULTS...")
@click.option("--out", type=RESULTS, help="Also write index.html and README.md into this folder.")
def matrix_command(results: tuple[Path, ...], out: Path | None) -> None:
    """Print what several servers do about the clauses that one of them breaks or deviates from."""
    _beside.matrix(results, out)


@commands.command("versions")
@click.argument("name")
@click.argument("wanted", nargs=-1, required=True, metavar="VERSION...")
@click.option("--select", "selectors", multiple=True, metavar="SELECTOR", help="Only these; may be repeated.")
@click.option(
    "--out", type=RESULTS, default=Path("reports/versions"), show_default=True, help="Where a folder for each goes."
)
def versions_command(name: str, wanted: tuple[str, ...], selectors: tuple[str, ...], out: Path) -> None:
    """Run versions of a server and print its findings by version: which first shows each, which first loses it.

    Name the versions from old to new.
    """
    # What an old version is inconclusive about, as for want of a TLS that today's systems speak, stands in the table.
    options = Options(max_inconclusive=1.0, shown={"selectors": list(selectors)})
    request = Request(
        target=name,
        selectors=selectors,
        without=(),
        level="may",
        strict=False,
        options=options,
        expect=None,
        out=out,
        transcripts="none",
        authorized=False,
        facts={},
    )
    _beside.versions(name, wanted, request)


SERVERS = click.argument("names", nargs=-1, required=True, metavar="NAME...")


@commands.group("servers", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_context
def servers_command(ctx: click.Context, *, as_json: bool) -> None:
    """List the servers that we can start by ourselves, what their set-up changes, and which are up."""
    if ctx.invoked_subcommand is None:
        _servers.list_servers(as_json=as_json)


@servers_command.command("up")
@SERVERS
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The port to use; else any that is free.")
def up_command(names: tuple[str, ...], port: int | None) -> None:
    """Install what is missing, start servers that stay up, and print the target file of each.

    NAME may be name==version.
    """
    _servers.up(names, port or 0)


@servers_command.command("down")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="All that are up.")
def down_command(names: tuple[str, ...], *, everything: bool) -> None:
    """End servers and remove all that belongs to them; their logs are kept."""
    if bool(names) == everything:
        raise ProblemError("name the servers to end, or write --all")
    _servers.down(names, everything=everything)


@servers_command.command("stop")
@SERVERS
def stop_command(names: tuple[str, ...]) -> None:
    """End servers politely; their queues, mail and ports wait for a restart."""
    _servers.stop(names)


@servers_command.command("kill")
@SERVERS
def kill_command(names: tuple[str, ...]) -> None:
    """End servers as a crash does; their queues, mail and ports wait for a restart."""
    _servers.kill(names)


@servers_command.command("restart")
@SERVERS
def restart_command(names: tuple[str, ...]) -> None:
    """Start servers again, with the queue and the mail that they have."""
    _servers.restart(names)


def main() -> None:
    """Run the command line; what the user can mend is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    commands()
