"""Servers of our own: they come up, say where, and leave nothing, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from launched_servers import greeting, left, listens, mentioned, until

from conformance.launchers import LAUNCHERS, LaunchError, Server, bring_up, launched, launcher_of, server_up, servers_up
from conformance.launchers import _launch as launch
from conformance.launchers._cache import LOGS_KEPT, OVERRIDE, cache_folder, new_folder, records, started, sweep
from conformance.launchers._launcher import Installed, Start
from conformance.launchers._ports import free_port, is_free
from conformance.launchers._site import Site, rendered
from conformance.target import make_target, read_target, target_text

HERE = Path(__file__).resolve().parents[2]
OURS = ("aiosmtpd", "reference")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("name", OURS)
def test_a_launched_server_greets_and_is_gone_after_the_block(name: str, cache: Path) -> None:
    with launched(name) as target:
        assert target.name == name
        assert target.version
        assert target.set_up
        assert target.where.host == "127.0.0.1"
        port = target.where.port
        assert greeting(port).startswith(b"220 mail.example.test ")
        assert mentioned(str(cache))
    assert not listens(port)
    assert left(cache) == []
    assert mentioned(str(cache)) == []


def test_a_server_is_gone_also_when_the_block_fails() -> None:
    ports: list[int] = []

    def fails() -> None:
        with launched("reference") as target:
            ports.append(target.where.port)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not listens(ports[0])


def test_a_server_that_ends_by_itself_is_told_of(cache: Path) -> None:
    def crashes() -> None:
        with launched("reference") as target:
            ((_, record),) = records()
            os.kill(record.pid, signal.SIGKILL)
            assert until(lambda: not listens(target.where.port))

    with pytest.raises(LaunchError, match=r"^reference ended by itself while it was used; its logs are in .*/logs/"):
        crashes()
    assert left(cache) == []


def test_two_of_a_kind_do_not_meet() -> None:
    with launched("reference") as one, launched("reference") as other:
        assert one.address != other.address


def test_logs_are_kept() -> None:
    server = bring_up("reference", stays=False)
    assert server.logs.is_dir()
    assert [file.name for file in server.remove().iterdir()] == ["server.log"]


def test_a_server_goes_with_a_process_that_is_killed(cache: Path) -> None:
    program = (
        "import sys, time\nfrom conformance.launchers import launched\n"
        "with launched('reference') as target:\n    print(target.where.port, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(HERE)}
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        process.kill()
    assert until(lambda: not listens(port))
    assert until(lambda: not mentioned(str(cache)))
    assert servers_up() == []
    assert left(cache) == []


def test_kill_and_restart_keep_the_port_and_the_folder(cache: Path) -> None:
    server = bring_up("reference", stays=True)
    port = server.record.port
    try:
        server.kill()
        assert not listens(port)
        assert [each.record.stopped for each in servers_up()] == [True]
        again = server_up("reference")
        again.restart()
        assert listens(port)
        again.stop()
        assert not listens(port)
        server_up("reference").restart()
        assert listens(port)
        assert not servers_up()[0].record.stopped
    finally:
        server_up("reference").remove()
    assert not listens(port)
    assert left(cache) == []


def test_the_commands_of_a_target_file_end_and_start_the_server_of_a_run(cache: Path) -> None:
    server = bring_up("reference", stays=False)
    port = server.record.port
    try:
        assert command(server, "kill").returncode == 0
        assert not listens(port)
        assert servers_up() == []  # which removes what nobody wants any more
        assert server.folder.is_dir()
        assert command(server, "start").returncode == 0
        assert listens(port)
        assert command(server, "stop").returncode == 0
        assert not listens(port)
        assert command(server, "start").returncode == 0
        assert command(server, "start").returncode == 0
        assert listens(port)
    finally:
        server.remove()
    assert not listens(port)
    assert left(cache) == []
    assert mentioned(str(cache)) == []
    again = command(server, "start")
    assert (again.returncode, again.stderr) == (1, f"{server.folder} is no folder of a server\n")


def command(server: Server, verb: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "conformance.launchers.programs.process", verb, str(server.folder)]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    return subprocess.run(words, capture_output=True, text=True, env=environment, check=False, timeout=60)


@pytest.mark.parametrize("restarted", [False, True])
def test_what_a_command_started_goes_with_the_run_too(cache: Path, *, restarted: bool) -> None:
    program = (
        "import sys, time\nfrom conformance.launchers import bring_up\n"
        "server = bring_up('reference', stays=False)\n"
        "print(server.record.port, server.folder, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(HERE)}
    ) as process:
        assert process.stdout
        word, folder = process.stdout.readline().split()
        port, server = int(word), Server.at(Path(folder))
        assert command(server, "kill").returncode == 0
        if restarted:
            assert command(server, "start").returncode == 0
            assert listens(port)
        process.kill()
    assert until(lambda: not listens(port))
    assert until(lambda: not mentioned(str(cache)))
    assert servers_up() == []
    assert left(cache) == []


def test_a_server_whose_keeper_was_killed_leaves_nothing_to_the_next(cache: Path) -> None:
    server = bring_up("reference", stays=True)
    os.kill(server.record.pid, signal.SIGKILL)
    assert until(lambda: not listens(server.record.port))
    assert servers_up() == []
    assert left(cache) == []


def test_what_a_killed_server_had_started_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = tmp_path / "pid"
    script = f"setsid sleep 60 & echo $! >{pid}; wait"
    monkeypatch.setattr(type(LAUNCHERS["reference"]), "start", lambda *_: launch_of(script))
    monkeypatch.setattr(launch, "_greets", lambda _: pid.is_file() and pid.read_text() != "")
    server = bring_up("reference", stays=True)
    os.kill(server.record.pid, signal.SIGKILL)
    assert until(lambda: not server.record.alive)
    assert servers_up() == []
    assert until(lambda: started(int(pid.read_text())) == "")


def test_a_record_of_a_process_that_is_another_now_is_none(cache: Path) -> None:
    folder = new_folder("reference", "", stays=True)
    (folder / "record.json").write_text(
        f'{{"name": "reference", "version": "", "pid": {os.getpid()}, "started": "1", "stays": true, "port": 1}}'
    )
    assert servers_up() == []
    assert left(cache) == []


def test_a_port_that_is_taken(cache: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(LaunchError, match=f"reference can't have port {port} of 127.0.0.1: it is taken"):
            bring_up("reference", stays=False, port=port)
    assert left(cache) == []


def test_a_server_that_ends_at_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(LAUNCHERS["reference"]), "start", lambda *_: launch_of("echo no luck; exit 4"))
    with pytest.raises(LaunchError, match=r"^reference ended while it started: no luck \(.*/logs/.*-reference-.*\)$"):
        bring_up("reference", stays=False)
    assert left(cache) == []


def test_a_server_that_does_not_greet(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(LAUNCHERS["reference"]), "start", lambda *_: launch_of("exec sleep 60"))
    monkeypatch.setattr(launch, "START_SECONDS", 0.3)
    with pytest.raises(LaunchError, match=r"^reference did not greet within 0.3 s: its logs are empty$"):
        bring_up("reference", stays=False)
    assert left(cache) == []
    assert mentioned(str(cache)) == []


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(LAUNCHERS["reference"]), "start", lambda *_: launch_of("", "/no/such/program"))
    with pytest.raises(LaunchError, match=r"ended while it started: /no/such/program: No such file or directory"):
        bring_up("reference", stays=False)


def test_a_server_that_ignores_sigterm_and_its_children_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    stubborn = f"trap '' TERM\nsetsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' &\necho $$ $! >{pids}\nwait"
    monkeypatch.setattr(type(LAUNCHERS["reference"]), "start", lambda *_: launch_of(stubborn))
    monkeypatch.setattr(launch, "_greets", lambda _: pids.is_file())
    bring_up("reference", stays=False).remove()
    for pid in map(int, pids.read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def launch_of(script: str, program: str = "/bin/sh") -> Start:
    return Start(command=(program, "-c", script), environment=dict(os.environ))


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("postfixx", "no server is called 'postfixx'; did you mean 'postfix'?"),
        ("reference==9.9", "the reference server is a part of this version, "),
        ("aiosmtpd==", "'aiosmtpd==' names no version; write aiosmtpd==1.2.3"),
        ("aiosmtpd==../../x", "'aiosmtpd==../../x' names no version; write aiosmtpd==1.2.3"),
    ],
)
def test_a_word_that_means_no_server(word: str, says: str, cache: Path) -> None:
    with pytest.raises(LaunchError) as caught:
        bring_up(word, stays=False)
    assert str(caught.value).startswith(says)
    assert left(cache) == []


@pytest.mark.parametrize("name", ["postfix", "exim", "opensmtpd", "sendmail", "dovecot-lmtp", "dovecot-submission"])
def test_debians_servers_need_root(name: str, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LaunchError, match=f"^{name} needs root: it is installed and runs in a root of its own"):
        bring_up(name, stays=False)
    assert left(cache) == []


def test_debians_servers_need_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(LaunchError, match=r"^postfix comes from Debian's packages, and this system has no apt-get$"):
        bring_up("postfix", stays=False)


def test_servers_of_npm_need_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(LaunchError, match=r"^haraka needs node and npm, and they are not on the path$"):
        bring_up("haraka", stays=False)


def test_a_certificate_needs_trustme(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "trustme" else object())
    with pytest.raises(LaunchError, match=r"needs trustme: pip install 'smtp-conformance\[embedded\]'"):
        bring_up("reference", stays=False)
    assert left(cache) == []


def test_a_cache_that_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(OVERRIDE, str(tmp_path / "file" / "cache"))
    with pytest.raises(LaunchError, match=r"file/cache: no place for a cache: Not a directory; name another in SMTP_"):
        bring_up("reference", stays=False)


@pytest.mark.parametrize("name", ["a:b", "a,b", "a b"])
def test_a_cache_that_can_be_no_part_of_mount_options(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OVERRIDE, str(tmp_path / name))
    with pytest.raises(LaunchError, match="the cache folder's path can't hold"):
        cache_folder()


def test_the_last_logs_are_kept_also_where_another_run_removes_some(cache: Path) -> None:
    logs = cache_folder() / "logs"
    logs.mkdir()
    names = [f"20261127T01{number:02}00-postfix-{number}" for number in range(LOGS_KEPT + 2)]
    for name in names:
        (logs / name).mkdir()
    (logs / "20261127T000000-gone").symlink_to(cache / "nowhere")
    sweep()
    assert [each.name for each in sorted(logs.iterdir()) if each.exists()] == names[2:]


def test_ports_are_none_that_outgoing_connections_get() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    ports = {free_port() for _ in range(20)}
    assert all(10_000 <= port < first and is_free(port) for port in ports)
    assert free_port(ports) not in ports


SITE = Site(
    folder=Path("/cache/servers/x"),
    port=10001,
    spare_port=10002,
    next_hop_port=10003,
    bounces_port=10004,
    name_server_port=10005,
    name_server="127.53.0.1",
)


@pytest.mark.parametrize("name", LAUNCHERS)
def test_the_facts_of_a_server_are_those_of_its_target_file(name: str, tmp_path: Path) -> None:
    launcher = launcher_of(name)
    target = launcher.target(Installed("1.2", Path("/nowhere")), SITE)
    file = tmp_path / "target.toml"
    file.write_text(target_text(target), encoding="utf-8")
    assert read_target(file) == target
    assert (target.name, target.version) == (name, "1.2")
    assert target.set_up == launcher.set_up
    assert len(set(launcher.set_up)) == len(launcher.set_up)


@pytest.mark.parametrize("name", [name for name in LAUNCHERS if getattr(LAUNCHERS[name], "templates", "")])
def test_every_template_can_be_filled_in(name: str) -> None:
    files = rendered(LAUNCHERS[name].templates, SITE)  # type: ignore[attr-defined]
    assert any(str(SITE.port) in text for text in files.values())
    assert all(text and "{{" not in text.replace("{ {", "") for text in files.values())


def test_a_target_file_with_all_kinds_of_facts(tmp_path: Path) -> None:
    target = make_target(
        {
            "address": "smtp://127.0.0.1:25",
            "mailboxes": ["a@x.test", "b@x.test"],
            "client-trusted": False,
            "greylist-delay": 1.5,
            "refused-content": 'a "quoted" \\ word and ü',
            "credentials": {"user": "a@x.test", "password-from": "X", "mechanisms": ["PLAIN"]},
            "limits": {"connections": 3},
        },
        "test",
    )
    file = tmp_path / "target.toml"
    file.write_text(target_text(target), encoding="utf-8")
    assert read_target(file) == target


def test_a_default_that_goes_before_one_of_ours_is_left_out(tmp_path: Path) -> None:
    defaults = tmp_path / "node_modules" / "Haraka" / "config"
    defaults.mkdir(parents=True)
    for name in ("smtp.ini", "smtp.json", "connection.ini", "me"):
        (defaults / name).write_text("theirs", encoding="utf-8")
    files = LAUNCHERS["haraka"].start(Installed("3.0.4", tmp_path), SITE).files
    assert "config/smtp.json" not in files
    assert files["config/connection.ini"] == "theirs"
    assert str(SITE.port) in files["config/smtp.ini"]
