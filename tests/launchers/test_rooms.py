"""File systems that can be made full: where they are mounted nobody else sees them, and they are gone afterwards."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from launched_servers import mentioned

from conformance.launchers import LaunchError
from conformance.launchers import _system as system
from conformance.launchers._rooms import fill, lay_room, make_room, own_mounts, remove_room

OCTETS = bytes(100_000)


def here() -> str:
    return str(Path("/proc/thread-self/ns/mnt").readlink())


@pytest.fixture
def can_mount(tmp_path: Path) -> None:
    try:
        with own_mounts():
            lay_room(tmp_path / "trial")
    except LaunchError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("can_mount")
def test_a_full_one_takes_nothing_until_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "room"
    with own_mounts():
        lay_room(place)
        (place / "before").write_bytes(OCTETS)
        for name in ("first", "second"):
            fill(place)
            with pytest.raises(OSError, match="No space left") as caught:
                (place / name).write_bytes(OCTETS)
            assert caught.value.errno == errno.ENOSPC
            assert (place / "before").read_bytes() == OCTETS
            make_room(place)
            (place / name).write_bytes(OCTETS)
        assert sorted(each.name for each in place.iterdir()) == ["before", "first", "second"]


@pytest.mark.usefixtures("can_mount")
def test_one_begins_with_what_is_in_a_folder(tmp_path: Path) -> None:
    like = tmp_path / "like"
    (like / "inner").mkdir(parents=True)
    (like / "inner" / "file").write_text("text", encoding="ascii")
    like.chmod(0o750)
    with own_mounts():
        lay_room(tmp_path / "room", like)
        assert (tmp_path / "room" / "inner" / "file").read_text(encoding="ascii") == "text"
        assert (tmp_path / "room").stat().st_mode & 0o777 == 0o750
        lay_room(tmp_path / "other", tmp_path / "missing")
        assert (tmp_path / "other").stat().st_mode & 0o777 == 0o711


@pytest.mark.usefixtures("can_mount")
def test_it_is_seen_by_us_alone_and_gone_behind_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before, place = here(), tmp_path / "room"
    with own_mounts():
        assert here() != before
        assert Path.cwd() == tmp_path
        lay_room(place)
        (place / "file").touch()
        assert place.is_mount()
    assert here() == before
    assert Path.cwd() == tmp_path
    assert not place.is_mount()
    assert list(place.iterdir()) == []
    assert mentioned(str(place)) == []


@pytest.mark.usefixtures("can_mount")
def test_it_can_be_removed_while_it_is_used(tmp_path: Path) -> None:
    place = tmp_path / "room"
    with own_mounts():
        lay_room(place)
        with (place / "file").open("wb"):
            remove_room(place)
        assert not place.exists()
        remove_room(place)


def test_what_is_no_file_system_of_its_own_is_not_filled(tmp_path: Path) -> None:
    for change in (fill, make_room):
        with pytest.raises(LaunchError, match="mount"):
            change(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_no_namespace_can_be_made_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(system, "system_call", refused)
    with pytest.raises(LaunchError, match="no namespace of mounts: Operation not permitted"), own_mounts():
        pass
