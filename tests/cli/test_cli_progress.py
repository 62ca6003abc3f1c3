"""A live line for a person, quiet lines for a log."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from cli_commands import ALL_OF_NOOP, NOOP, Command, Served, started

pty = pytest.importorskip("pty")


def on_a_terminal(*arguments: str | Path, term: str) -> bytes:
    ours, theirs = pty.openpty()
    environment = {"TERM": term, "COLUMNS": "100"}
    with started(*arguments, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        while True:
            try:
                octets = os.read(ours, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if not octets:
                break
            seen += octets
        assert process.wait(20) == 0
    os.close(ours)
    return seen


def test_a_terminal_gets_one_live_line(clean: Served, tmp_path: Path) -> None:
    # Some of these write octet by octet, and so take long enough to be seen running.
    seen = on_a_terminal("run", clean.url, "rfc5321/2.4", "--out", tmp_path, term="xterm-256color")
    assert re.search(rb"\d+/\d+ .* running: rfc5321/2.4/", seen)
    assert b"done, " not in seen
    assert seen.count(b"\x1b[?25l") == seen.count(b"\x1b[?25h") == 1
    assert re.search(rb"\d+ results in ", seen)


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(clean: Served, tmp_path: Path) -> None:
    seen = on_a_terminal("run", clean.url, NOOP, "--out", tmp_path, term="dumb")
    assert b"\x1b" not in seen
    assert b"%d of %d done, 0 to look into" % (ALL_OF_NOOP, ALL_OF_NOOP) in seen


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE", "CI"])
def test_a_log_gets_quiet_lines(
    command: Command, clean: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    ended = command("run", clean.url, NOOP, "--out", tmp_path)
    assert ended.status == 0
    assert "\x1b" not in ended.out
    assert "\r" not in ended.out
    assert f"{ALL_OF_NOOP} of {ALL_OF_NOOP} done, 0 to look into\n" in ended.out
    assert " running: " not in ended.out
