from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from conformance.hop import NextHop, Rule, Step
from conformance.store import CommandStore, Maildir, Mbox, MboxReader, SinkStore, StoreError, open_store
from conformance.store._index import ScannedStore
from conformance.target import Store as StoreFact

ONE, TWO = "t0123456789ab", "tba9876543210"


def mail(token: str, body: str = "text") -> bytes:
    return f"Subject: smtp-conformance {token}\n\n{body}\n".encode()


def run(main: Callable[[], Awaitable[None]]) -> None:
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def new_maildir(path: Path) -> Path:
    for sub in ("tmp", "new", "cur"):
        (path / sub).mkdir(parents=True)
    return path


def deliver(maildir: Path, name: str, octets: bytes) -> None:
    (maildir / "tmp" / name).write_bytes(octets)
    (maildir / "tmp" / name).rename(maildir / "new" / name)


def append(mbox: Path, octets: bytes) -> None:
    with mbox.open("ab") as file:
        file.write(octets)


def entry(token: str, body: str = "text") -> bytes:
    return b"From a@client.example.test Mon Nov 23 00:00:00 2026\n" + mail(token, body) + b"\n"


# Maildir.


def test_a_maildir_gives_each_scenario_its_own(tmp_path: Path) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    store = Maildir(str(folder))

    async def main() -> None:
        deliver(folder, "1.a", mail(ONE))
        deliver(folder, "2.a", mail(TWO))
        deliver(folder, "3.a", mail(ONE, "again"))
        deliver(folder, "4.a", b"Subject: nothing of ours\n\n")
        assert [seen.content for seen in await store.messages(ONE, within=0)] == [mail(ONE), mail(ONE, "again")]
        found = await store.message(TWO, within=0)
        assert found is not None
        assert found.where == f"{folder}/new/2.a"
        assert found.loses == store.loses

    run(main)


def test_waiting_ends_with_the_message_or_with_the_time(tmp_path: Path) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    store = Maildir(str(folder))

    async def late() -> None:
        await trio.sleep(5)
        deliver(folder, "1.a", mail(ONE))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(late)
            began = trio.current_time()
            found = await store.message(ONE, within=60)
            assert found is not None
            assert 5 <= found.seen - began <= 5.2
            assert 5 <= trio.current_time() - began <= 5.2
        assert await store.message(TWO, within=10) is None
        assert trio.current_time() - began == pytest.approx(15, abs=0.3)
        assert len(await store.messages(ONE, within=10, at_least=2)) == 1

    run(main)


def test_hundreds_of_waiting_scenarios_look_no_oftener_than_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    store = Maildir(str(folder))
    looks = []
    unread = store._unread
    monkeypatch.setattr(store, "_unread", lambda: looks.append(1) or unread())
    found: list[str] = []

    async def wait(number: int) -> None:
        await trio.sleep(number / 1000)
        token = f"t{number:012x}"
        message = await store.message(token, within=10)
        assert message is not None
        assert token.encode() in message.content
        found.append(token)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(300):
                nursery.start_soon(wait, number)
            await trio.sleep(4.95)
            for number in range(300):
                deliver(folder, f"{number}.a", mail(f"t{number:012x}"))
        assert len(found) == 300
        assert len(looks) <= 55

    run(main)


def test_a_message_that_a_reader_moves_is_the_same_message(tmp_path: Path) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    store = Maildir(str(folder))

    async def main() -> None:
        deliver(folder, "1.a", mail(ONE))
        assert len(await store.messages(ONE, within=0)) == 1
        (folder / "new" / "1.a").rename(folder / "cur" / "1.a:2,S")
        assert len(await store.messages(ONE, within=1, at_least=2)) == 1

    run(main)


def test_a_maildir_that_comes_with_the_first_message(tmp_path: Path) -> None:
    folder = tmp_path / "Maildir"
    store = Maildir(str(folder))

    async def main() -> None:
        assert await store.message(ONE, within=0) is None
        deliver(new_maildir(folder), "1.a", mail(ONE))
        assert await store.message(ONE, within=1) is not None

    run(main)


def test_several_maildirs_by_a_pattern(tmp_path: Path) -> None:
    alice, bob = (new_maildir(tmp_path / user / "Maildir") for user in ("alice", "bob"))
    store = Maildir(f"{tmp_path}/*/Maildir")

    async def main() -> None:
        deliver(alice, "1.a", mail(ONE))
        deliver(bob, "1.a", mail(ONE))
        assert len(await store.messages(ONE, within=0)) == 2

    run(main)


def test_a_large_message_is_cut_and_counted(tmp_path: Path) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    store = Maildir(str(folder), bound=100)

    async def main() -> None:
        deliver(folder, "1.a", mail(ONE, "x" * 1000))
        found = await store.message(ONE, within=0)
        assert found is not None
        assert len(found.content) == 100
        assert found.full_length == len(mail(ONE, "x" * 1000))
        assert not found.complete

    run(main)


@pytest.mark.parametrize("kind", [Maildir, Mbox])
def test_what_is_forgotten_stays_forgotten(kind: type[ScannedStore], tmp_path: Path) -> None:
    mbox, folder = tmp_path / "mbox", new_maildir(tmp_path / "Maildir")
    store = Mbox(str(mbox)) if kind is Mbox else Maildir(str(folder))

    async def main() -> None:
        for number in range(2):
            append(mbox, entry(ONE) + entry(TWO))
            deliver(folder, f"{number}.a", mail(ONE) + mail(TWO))
            assert len(await store.messages(TWO, within=1, at_least=2)) == number + 1
            assert len(await store.messages(ONE, within=1)) == 1 - number
            store.forget(ONE)

    run(main)


def test_a_look_that_is_cancelled_loses_nothing(tmp_path: Path) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    mbox = tmp_path / "mbox"
    for number in range(200):
        deliver(folder, f"{number:03}.a", mail(ONE, str(number)))
        append(mbox, entry(ONE, "x" * 10_000))

    async def main() -> None:
        for store in (Maildir(str(folder)), Mbox(str(mbox))):
            for _ in range(3):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(partial(store.message, TWO, within=60))
                    for _ in range(8):
                        await trio.lowlevel.checkpoint()
                    assert store._looking.locked()
                    nursery.cancel_scope.cancel()
            assert len(await store.messages(ONE, within=5, at_least=200)) == 200

    run(main)


@pytest.mark.parametrize(
    ("kind", "where", "says"),
    [
        (Maildir, "nowhere/Maildir", "nowhere/Maildir: no Maildir, and nowhere does not exist"),
        (Maildir, "file", "file: no Maildir but a file; is it an mbox?"),
        (Maildir, "empty", "empty: no Maildir: it has neither new nor cur"),
        (Mbox, "nowhere/mbox", "nowhere/mbox: no mbox, and nowhere does not exist"),
        (Mbox, "empty", "empty: no mbox but a folder; is it a Maildir?"),
        (Mbox, "file", "file: no mbox: it does not begin with a line `From `"),
        (CommandStore, "", "the command that prints the mail is empty"),
        (CommandStore, "a 'b", "a 'b: no command: No closing quotation"),
    ],
)
def test_a_store_that_is_none_is_one_clear_line(
    kind: type[Maildir | Mbox | CommandStore], where: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"Subject: x\n\n")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError) as failure:
        kind(where)
    assert str(failure.value) == says


def test_a_message_that_may_not_be_read_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = new_maildir(tmp_path / "Maildir")
    deliver(folder, "1.a", mail(ONE))
    store = Maildir(str(folder))

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    async def main() -> None:
        monkeypatch.setattr(Path, "open", denied)
        with pytest.raises(StoreError) as failure:
            await store.message(ONE, within=0)
        assert str(failure.value) == f"{folder}/new/1.a: Permission denied"

    run(main)


# mbox.


@pytest.mark.parametrize("portion", [1, 2, 7, 1000])
def test_an_mbox_is_divided_however_it_comes(portion: int) -> None:
    octets = (
        b"From a\nA: 1\n\nx\nFrom within\n>From quoted\n\nfrom\n\n"
        b"From b\nB: 2\n\n\n\n"
        b"From c\r\nC: 3\r\n\r\nx\r\n\r\n"
        b"From d\nno end"
    )
    reader = MboxReader()
    read = [message for at in range(0, len(octets), portion) for message in reader.feed(octets[at : at + portion])]
    last = reader.last()
    assert last is not None
    assert [(message.from_line, message.content) for message in [*read, last]] == [
        (b"From a\n", b"A: 1\n\nx\nFrom within\n>From quoted\n\nfrom\n"),
        (b"From b\n", b"B: 2\n\n\n"),
        (b"From c\r\n", b"C: 3\r\n\r\nx\r\n"),
        (b"From d\n", b"no end"),
    ]


def test_a_large_message_of_an_mbox_takes_little_room() -> None:
    reader = MboxReader(bound=1000)
    read = list(reader.feed(b"From a\nA: 1\n\n"))
    for _ in range(1000):
        read += reader.feed(b"x" * 999 + b"\n")
        assert len(reader._buffer) < 200_000
    read += reader.feed(b"\nFrom b\nB: 2\n\n")
    assert [(len(message.content), message.full_length) for message in read] == [(1000, 1_000_006)]
    last = reader.last()
    assert last is not None
    assert (last.from_line, last.content, last.full_length) == (b"From b\n", b"B: 2\n", 5)


def test_an_mbox_gives_each_scenario_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    store = Mbox(str(path))

    async def main() -> None:
        assert await store.message(ONE, within=0) is None
        append(path, entry(ONE) + entry(TWO))
        (found,) = await store.messages(ONE, within=0)
        assert found.content == mail(ONE)
        assert found.from_line.startswith(b"From a@client")
        last = await store.message(TWO, within=1)
        assert last is not None
        assert last.content == mail(TWO)
        append(path, entry(ONE, "again"))
        assert [seen.content for seen in await store.messages(ONE, within=1, at_least=2)] == [
            mail(ONE),
            mail(ONE, "again"),
        ]
        assert len(await store.messages(TWO, within=1, at_least=2)) == 1

    run(main)


def test_the_last_message_waits_for_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    store = Mbox(str(path))
    begun = entry(ONE, "half")

    async def main() -> None:
        append(path, begun[:-6])
        assert await store.message(ONE, within=0) is None
        (early,) = await store.messages(ONE, within=1)
        assert early.content.endswith(b"\n\nh") or not early.content.endswith(b"half\n")
        append(path, begun[-6:])
        assert [seen.content for seen in await store.messages(ONE, within=1, at_least=2)] == [mail(ONE, "half")]
        append(path, entry(TWO))
        assert [seen.content for seen in await store.messages(ONE, within=1, at_least=2)] == [mail(ONE, "half")]

    run(main)


def test_a_locked_mbox_is_being_written(tmp_path: Path) -> None:
    path, lock = tmp_path / "mbox", tmp_path / "mbox.lock"
    store = Mbox(str(path))

    async def main() -> None:
        lock.touch()
        append(path, entry(ONE))
        assert await store.message(ONE, within=3) is None
        lock.unlink()
        assert await store.message(ONE, within=3) is not None

    run(main)


def test_an_mbox_that_the_system_locks_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    append(path, entry(ONE))
    store = Mbox(str(path))
    hold = (
        "import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.lockf(file, fcntl.LOCK_EX);"
        "print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        async def main() -> None:
            assert await store.message(ONE, within=3) is None
            holder.communicate(b"\n")
            assert await store.message(ONE, within=3) is not None

        run(main)


def test_an_mbox_that_was_rewritten_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    append(path, entry(ONE) + entry(TWO) + entry(ONE))
    store = Mbox(str(path))

    async def main() -> None:
        assert len(await store.messages(ONE, within=1, at_least=2)) == 2
        path.write_bytes(entry(TWO))
        await trio.sleep(1)
        assert await store.message(ONE, within=1) is None
        assert len(await store.messages(TWO, within=1)) == 1
        other = tmp_path / "other"
        other.write_bytes(entry(ONE) * 9)
        other.replace(path)
        await trio.sleep(1)
        assert len(await store.messages(ONE, within=1, at_least=9)) == 9

    run(main)


# Commands.


def script(text: str) -> str:
    return shlex.join([sys.executable, "-c", text])


@pytest.mark.parametrize("framing", ["mbox", "nul between", "nul behind", "one"])
def test_a_command_prints_an_mbox_or_messages_with_nul_between_them(framing: str, tmp_path: Path) -> None:
    octets = {
        "mbox": entry(ONE) + entry(TWO),
        "nul between": mail(ONE) + b"\0" + mail(TWO),
        "nul behind": mail(ONE) + b"\0" + mail(TWO) + b"\0\n",
        "one": mail(ONE),
    }[framing]
    (tmp_path / "mail").write_bytes(octets)
    store = CommandStore(shlex.join(["cat", str(tmp_path / "mail")]))

    async def main() -> None:
        found = await store.message(ONE, within=0)
        assert found is not None
        assert found.content == mail(ONE)
        assert found.complete
        other = await store.message(TWO, within=0)
        assert (None if other is None else other.content) == (None if framing == "one" else mail(TWO))

    trio.run(main)


def test_a_command_prints_all_mail_each_time(tmp_path: Path) -> None:
    path = tmp_path / "mail"
    path.write_bytes(entry(ONE))
    store = CommandStore(shlex.join(["cat", str(path)]), poll=0.01)

    async def main() -> None:
        (first,) = await store.messages(ONE, within=0)
        assert await store.messages(ONE, within=0.1, at_least=2) == (first,)
        append(path, entry(ONE, "again"))
        assert [seen.content for seen in await store.messages(ONE, within=5, at_least=2)] == [
            mail(ONE),
            mail(ONE, "again"),
        ]

    trio.run(main)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("no-such-command-here", "no-such-command-here: No such file or directory"),
        (script("import sys; sys.exit('no mail today\\nnor tomorrow')"), "exit status 1: no mail today"),
        (script("import sys; sys.exit(3)"), "exit status 3"),
        (script("import time; time.sleep(60)"), "not finished within 0 s"),
    ],
)
def test_a_command_that_fails_is_one_clear_line(command: str, says: str) -> None:
    store = CommandStore(command, seconds=0.4)

    async def main() -> None:
        with pytest.raises(StoreError) as failure:
            await store.message(ONE, within=0)
        assert str(failure.value).endswith(says)
        assert "\n" not in str(failure.value)

    trio.run(main)


def test_a_command_leaves_no_process_behind() -> None:
    store = CommandStore(script("import time; time.sleep(60)"))
    started = []
    start = store._start

    async def main() -> None:
        store._start = lambda complaints: started.append(start(complaints)) or started[0]  # type: ignore[method-assign]
        with trio.move_on_after(0.1):
            await store.message(ONE, within=60)
        assert started[0].returncode == -9
        assert started[0].stdout.closed

    trio.run(main)


# A sink, and the choice between them.


def test_a_sink_gives_what_it_took() -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery)
            store = SinkStore(hop)
            hop.script(TWO, Rule.answer(Step.END_OF_DATA, 550))
            for token in (ONE, TWO):
                ours, theirs = trio.testing.memory_stream_pair()
                nursery.start_soon(lambda stream=theirs: hop.serve(stream, protocol="lmtp", local="127.0.0.1:24"))
                lines = [
                    "LHLO a",
                    "MAIL FROM:<>",
                    f"RCPT TO:<{token}@example.test>",
                    "DATA",
                    "A: b",
                    "",
                    "..x\0",
                    ".",
                    "QUIT",
                ]
                await ours.send_all("".join(line + "\r\n" for line in lines).encode())
                await trio.testing.wait_all_tasks_blocked()
                await ours.aclose()
            (found,) = await store.messages(ONE, within=1)
            assert found.content == b"A: b\r\n\r\n.x\0\r\n"
            assert found.complete
            assert found.loses == frozenset()
            assert found.where == "connection 1 to 127.0.0.1:24"
            assert await store.message(TWO, within=1) is None
            nursery.cancel_scope.cancel()

    run(main)


def test_the_target_file_chooses_the_store(tmp_path: Path) -> None:
    new_maildir(tmp_path / "Maildir")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            hop = NextHop(nursery)
            assert isinstance(await open_store(StoreFact("maildir", f"{tmp_path}/Maildir"), hop), Maildir)
            assert isinstance(await open_store(StoreFact("mbox", f"{tmp_path}/mbox"), hop), Mbox)
            assert isinstance(await open_store(StoreFact("command", "cat"), hop), CommandStore)
            sink = await open_store(StoreFact("lmtp-sink", "127.0.0.1:0", loses=("8-bit",)), hop)
            assert isinstance(sink, SinkStore)
            assert sink.loses == {"8-bit"}
            (port,) = hop.ports
            await open_store(StoreFact("smtp-sink", port.address), hop)
            assert hop.ports == [port]
            with pytest.raises(StoreError, match="nowhere: no place to listen at; write host:port"):
                await open_store(StoreFact("smtp-sink", "nowhere"), hop)
            with pytest.raises(StoreError, match="Address already in use"):
                await open_store(StoreFact("smtp-sink", port.address), NextHop(nursery))
            nursery.cancel_scope.cancel()

    trio.run(main)
