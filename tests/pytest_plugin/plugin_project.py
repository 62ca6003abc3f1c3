"""A small suite with every verdict in it, and pytest run on it as a project of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]

CLAUSES = """\
text_sha256 = ""

[[clause]]
id = "4.1.1.9/noop-250"
lines = [2196, 2197]
level = "MUST"
source = "keyword"
party = "server"
observed = "wire"
says = "NOOP is answered with 250."

[[clause]]
id = "4.1.1.9/noop-argument"
lines = [2199, 2199]
level = "SHOULD"
source = "keyword"
party = "server"
observed = "wire"
says = "An argument of NOOP makes no difference."

[[clause]]
id = "4.1.1.9/noop-text"
lines = [2201, 2201]
level = "MAY"
source = "keyword"
party = "server"
observed = "wire"
says = "The text of the reply is free."

[[clause]]
id = "4.2/three-digits"
lines = [2600, 2601]
level = "MUST"
source = "keyword"
party = "server"
observed = "wire"
says = "A reply begins with three digits."
"""

NOOP = '''\
from conformance import At, Client, Observation, answered, presume, refused, scenario, took


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO, argument={"none": b"", "word": b" word"}, segments=["octets"])
async def passes(argument: bytes, smtp: Client) -> Observation:
    """Passes."""
    return answered(await smtp.say(b"NOOP" + argument), {250})


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO)
async def fails(smtp: Client) -> Observation:
    """Fails."""
    return answered(await smtp.say(b"NOOP"), {299})


@scenario("rfc5321/4.1.1.9/noop-argument", start=At.EHLO)
async def deviates(smtp: Client) -> Observation:
    """Deviates."""
    return answered(await smtp.say(b"NOOP word"), {299})


@scenario("rfc5321/4.1.1.9/noop-text", start=At.EHLO)
async def noted(smtp: Client) -> Observation:
    """Is noted."""
    return took("short text", await smtp.say(b"NOOP"))


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO)
async def inconclusive(smtp: Client) -> Observation:
    """Is inconclusive."""
    presume(refused(await smtp.say(b"NOOP")))
    return answered(await smtp.say(b"NOOP"))


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO, facts=["moved"])
async def not_applicable(smtp: Client) -> Observation:
    """Is not applicable."""
    return answered(await smtp.say(b"NOOP"))


@scenario("rfc5321/4.1.1.9/noop-250", start=At.EHLO)
async def errs(smtp: Client) -> Observation:
    """Is our own mistake."""
    raise ValueError("our own mistake")
'''

REPLIES = '''\
from conformance import Broken, Exchange, Held, Observation, watch


@watch("rfc5321/4.2/three-digits")
def watch_digits(exchange: Exchange) -> Observation | None:
    """Every reply begins with three digits."""
    return Held(str(exchange.reply))


@watch("rfc5321/4.2/three-digits")
def watch_noop(exchange: Exchange) -> Observation | None:
    """No NOOP is answered."""
    return Broken("nothing", str(exchange.reply)) if exchange.verb == "NOOP" else None
'''

VERDICTS_IN_PYTEST = {
    "passes[none]": "pass",
    "passes[none~octets]": "pass",
    "passes[word]": "pass",
    "passes[word~octets]": "pass",
    "fails": "fail",
    "deviates": "deviates",
    "noted": "noted",
    "inconclusive": "inconclusive",
    "not_applicable": "not-applicable",
    "errs": "error",
}
"""The verdict of each item of the suite, by its name in pytest."""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))


def lay_suite(folder: Path, *, watches: bool = False, **more: str) -> Path:
    """A folder ``suites`` with one RFC; ``more`` are further files by their stems."""
    suite = folder / "suites" / "rfc5321"
    write(suite / "clauses.toml", CLAUSES)
    files = {"s4_1_1_9_noop": NOOP, **more} | ({"s4_2_replies": REPLIES} if watches else {})
    for stem, text in files.items():
        write(suite / f"{stem}.py", text)
    return suite


def lay_entry_point(folder: Path) -> str:
    """A PYTHONPATH by which pytest finds the plugin as it finds an installed one."""
    inherited = filter(None, [os.environ.get("PYTHONPATH")])
    if any(point.value == "pytest_smtp_conformance" for point in entry_points(group="pytest11")):
        return os.pathsep.join([str(ROOT), *inherited])
    info = folder / "smtp_conformance_here-0.dist-info"
    write(info / "METADATA", "Metadata-Version: 2.1\nName: smtp-conformance-here\nVersion: 0\n")
    write(info / "entry_points.txt", "[pytest11]\nsmtp_conformance = pytest_smtp_conformance\n")
    return os.pathsep.join([str(ROOT), str(folder), *inherited])


@contextmanager
def server(*arguments: str) -> Iterator[str]:
    """The reference server, at the URL that is yielded."""
    command = [sys.executable, str(Path(__file__).with_name("plugin_server.py")), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"smtp://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def verdicts(junit: Path) -> dict[str, str]:
    """The verdict of each item by its name, as JUnit XML has it."""
    return dict(_verdicts(junit))


def tally(junit: Path) -> Counter[tuple[str, str]]:
    """How many items have this name and this verdict: names may repeat in another section."""
    return Counter(_verdicts(junit))


def _verdicts(junit: Path) -> Iterator[tuple[str, str]]:
    for case in ET.parse(junit).iter("testcase"):  # noqa: S314 - pytest wrote it a moment ago
        for given in case.iter("property"):
            if given.attrib["name"] == "verdict":
                yield case.attrib["name"], given.attrib["value"]
