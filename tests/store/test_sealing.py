"""A folder appears whole or not at all: crashes, races, full disks, modes."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.store import Writer, list_files, sealing, staging
from reprobundle.store.holding import PARTIAL
from reprobundle.store.sealing import refuse_existing, staging_file

ROOT = Path(__file__).resolve().parents[2]
FILES = {"a.txt": b"a", "deep/er/b.txt": b"b" * 1000}

WRITE = """
import sys
from pathlib import Path
from reprobundle.errors import ReproBundleError
from reprobundle.store import Writer, staging
try:
    with staging(Path(sys.argv[1])) as folder:
        writer = Writer(folder)
        for number in range(int(sys.argv[2])):
            writer.write(f"part/{number}", bytes(int(sys.argv[3])))
        if len(sys.argv) > 4:
            print("ready", flush=True)
            sys.stdin.readline()
except ReproBundleError as error:
    print(f"{type(error).__name__}: {error}")
    sys.exit(error.exit_code)
"""


def fill(folder: Path) -> None:
    """Write the files of a small bundle."""
    writer = Writer(folder)
    for path, content in FILES.items():
        writer.write(path, content)


def script(*arguments: object) -> list[str]:
    """The command of a process that stages a folder."""
    return [sys.executable, "-c", WRITE, *map(str, arguments)]


def test_folder_appears_whole(tmp_path):
    """Before the end there is nothing at the target, after it everything, and nothing beside it."""
    target = tmp_path / "bundle"
    with staging(target) as folder:
        fill(folder)
        assert not target.exists()
        assert folder.parent == target.parent

    assert {found.path: (target / found.path).read_bytes() for found in list_files(target)} == FILES
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_crash_leaves_nothing(tmp_path, error):
    """Whatever the block raises, nothing is left, not even the parents that were made for it."""
    with pytest.raises(error), staging(tmp_path / "runs" / "today" / "bundle") as folder:
        fill(folder)
        raise error

    assert list(tmp_path.iterdir()) == []


def test_crash_leaves_what_others_put_there(tmp_path):
    """A parent that was made for the bundle stays when somebody used it meanwhile."""
    with pytest.raises(ValueError), staging(tmp_path / "runs" / "bundle"):
        (tmp_path / "runs" / "notes.txt").write_text("mine")
        raise ValueError

    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("kind", ["file", "folder", "full folder", "link", "dangling link"])
def test_existing_target_is_refused(tmp_path, kind):
    """Nothing that is already there is touched, be it a dangling link."""
    target = tmp_path / "bundle"
    if kind == "file":
        target.write_text("mine")
    elif "folder" in kind:
        target.mkdir()
        if kind == "full folder":
            (target / "x").write_text("mine")
    else:
        target.symlink_to(tmp_path if kind == "link" else "nowhere")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError) as caught, staging(target):
        pytest.fail("the block was entered")

    assert str(caught.value) == f"output folder {str(target)!r} exists; a bundle is never overwritten"
    assert caught.value.hint == "name another folder"
    assert caught.value.exit_code == 2
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
@pytest.mark.parametrize("renameat2", [True, False], ids=["renameat2", "claim"])
def test_target_that_appears_meanwhile_is_kept(tmp_path, monkeypatch, kind, renameat2):
    """What somebody put at the target while the block ran is not replaced, with and without the kernel's help."""
    if not renameat2:
        monkeypatch.setattr(sealing.sys, "platform", "other")
    target = tmp_path / "bundle"
    with pytest.raises(UsageError) as caught, staging(target) as folder:
        fill(folder)
        if kind == "file":
            target.write_text("mine")
        elif kind == "folder":
            target.mkdir()
        else:
            target.symlink_to("nowhere")

    assert str(caught.value) == f"output folder {str(target)!r} exists; a bundle is never overwritten"
    assert list(tmp_path.iterdir()) == [target]
    assert not target.is_dir() or list(target.iterdir()) == []


def test_file_system_without_the_flag_is_claimed_by_hand(tmp_path, monkeypatch):
    """Where the kernel cannot refuse to replace, a claim beside the target does, and goes away again."""
    claims: list[str] = []
    real = sealing._rename_with_claim

    def with_claim(old, new):
        claims.append(new.name)
        real(old, new)

    monkeypatch.setattr(sealing, "RENAME_NOREPLACE", 1 << 10)  # a flag that no kernel knows
    monkeypatch.setattr(sealing, "_rename_with_claim", with_claim)
    with staging(tmp_path / "bundle") as folder:
        fill(folder)

    assert claims == ["bundle"]
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_claim_of_another_is_respected(tmp_path, monkeypatch):
    """A claim that stands is not broken, and the message says how to get rid of a stale one."""
    monkeypatch.setattr(sealing.sys, "platform", "other")
    claim = tmp_path / ".bundle.claim"
    claim.touch()
    with pytest.raises(UsageError) as caught, staging(tmp_path / "bundle") as folder:
        fill(folder)

    assert str(caught.value) == f"another capture is writing {str(tmp_path / 'bundle')!r}"
    assert caught.value.hint == f"if none is at work, an earlier one was killed: remove {str(claim)!r}"
    assert list(tmp_path.iterdir()) == [claim]


@pytest.mark.parametrize("platform", [sys.platform, "other"], ids=["renameat2", "claim"])
def test_one_of_many_threads_wins(tmp_path, monkeypatch, platform):
    """Of eight threads that write to one target exactly one wins, and the others say so."""
    monkeypatch.setattr(sealing.sys, "platform", platform)
    for attempt in range(10):
        target = tmp_path / f"bundle{attempt}"
        together = threading.Barrier(8)
        won: list[int] = []
        refused: list[str] = []

        def write(number, target=target, together=together, won=won, refused=refused):
            try:
                with staging(target) as folder:
                    Writer(folder).write("who", str(number).encode())
                    together.wait()
            except UsageError as error:
                refused.append(str(error))
            else:
                won.append(number)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(won) == 1
        assert len(refused) == 7
        assert (target / "who").read_text() == str(won[0])
    assert len(list(tmp_path.iterdir())) == 10


@pytest.mark.slow
def test_one_of_two_processes_wins(tmp_path):
    """Of processes that write to one target exactly one wins, the other ends with 2 and one line."""
    target = tmp_path / "bundle"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    processes = [subprocess.Popen(script(target, 3, 10, "wait"), **pipes) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    said = sorted((process.communicate("go\n")[0], process.returncode) for process in processes)
    exists = f"UsageError: output folder {str(target)!r} exists; a bundle is never overwritten\n"

    assert said == [("", 0), (exists, 2), (exists, 2)]
    assert len(list_files(target)) == 3
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.slow
def test_kill_leaves_no_target(tmp_path):
    """After kill -9 at any moment there is nothing at the target, or all of it; a rerun works beside the remains."""
    parts = 60
    whole = 0
    for number in range(12):
        target = tmp_path / f"bundle{number}"
        process = subprocess.Popen(script(target, parts, 10), cwd=ROOT)
        while process.poll() is None and not any(tmp_path.glob(f".bundle{number}.partial-*")):
            time.sleep(0.001)
        time.sleep(number * 0.004)
        process.send_signal(signal.SIGKILL)
        process.wait()
        left = [path.name for path in tmp_path.iterdir() if path.name.startswith(f".bundle{number}.")]
        if target.exists():
            whole += 1
            assert len(list_files(target)) == parts
            assert left == []
        else:
            assert len(left) <= 1
            with staging(target) as folder:
                fill(folder)
            assert len(list_files(target)) == len(FILES)

    assert whole < 12


@pytest.mark.parametrize("mask", [0o077, 0o000, 0o022, 0o277])
def test_modes_do_not_follow_the_umask(tmp_path, mask):
    """Folders are 0755 and files 0644 whatever the person's umask is."""
    target = tmp_path / "bundle"
    before = os.umask(mask)
    try:
        with staging(target) as folder:
            (folder / "own").mkdir()
            (folder / "own" / "script").write_bytes(b"")
            (folder / "own" / "script").chmod(0o4777)
            fill(folder)
    finally:
        os.umask(before)
    modes = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o7777 for path in tmp_path.rglob("*")}

    assert modes == {
        "bundle": 0o755,
        "bundle/a.txt": 0o644,
        "bundle/deep": 0o755,
        "bundle/deep/er": 0o755,
        "bundle/deep/er/b.txt": 0o644,
        "bundle/own": 0o755,
        "bundle/own/script": 0o644,
    }


def test_nobody_else_looks_into_an_unfinished_folder(tmp_path):
    """Until it is whole, the folder is open to its owner alone."""
    before = os.umask(0)
    try:
        with staging(tmp_path / "bundle") as folder:
            assert folder.stat().st_mode & 0o7777 == 0o700
    finally:
        os.umask(before)


def test_a_linked_file_keeps_its_mode(tmp_path):
    """A change of it would show under the other name, too; any other file gets the mode of a bundle's files."""
    mine = tmp_path / "mine"
    for name, mode in (("frozen", 0o444), ("private", 0o600)):
        mine.mkdir(exist_ok=True)
        (mine / name).write_text(name)
        (mine / name).chmod(mode)
    with staging(tmp_path / "bundle") as folder:
        Writer(folder).link("frozen", mine / "frozen")
        (folder / "alone").write_text("made by another program")
        (folder / "alone").chmod(0o444)
        with pytest.raises(OSError, match="its mode is 600"):
            Writer(folder).link("private", mine / "private")

    modes = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / "bundle").iterdir()}
    assert modes == {"frozen": 0o444, "alone": 0o644}
    assert (mine / "frozen").stat().st_mode & 0o7777 == 0o444


def test_everything_is_synced_before_the_rename(tmp_path, monkeypatch):
    """Every file and folder is on the disk before the name appears, and the parent after it."""
    target = tmp_path / "bundle"
    order: list[str] = []
    real_sync, real_rename = sealing.sync, sealing._rename_without_replacing

    def sync(path):
        order.append(path.relative_to(tmp_path).as_posix().replace(staged[0], "STAGED"))
        real_sync(path)

    def rename(old, new):
        order.append("rename")
        real_rename(old, new)

    monkeypatch.setattr(sealing, "sync", sync)
    monkeypatch.setattr(sealing, "_rename_without_replacing", rename)
    staged = [""]
    with staging(target) as folder:
        staged[0] = folder.name
        fill(folder)

    assert set(order[:-2]) == {"STAGED", "STAGED/a.txt", "STAGED/deep", "STAGED/deep/er", "STAGED/deep/er/b.txt"}
    assert order[-2:] == ["rename", "."]


def test_parent_that_is_a_file_is_one_line(tmp_path):
    """A target below a file cannot be made, which is said in one line."""
    (tmp_path / "file").write_text("mine")
    target = tmp_path / "file" / "bundle"
    with pytest.raises(UnavailableError) as caught, staging(target):
        pytest.fail("the block was entered")

    assert str(caught.value) in {f"{target}: File exists", f"{target}: Not a directory"}


STAGED = {"a folder": staging, "a file": staging_file}


@pytest.mark.parametrize("form", STAGED)
def test_name_too_long_leaves_nothing(tmp_path, form):
    """A name that the file system cannot hold is refused before the work, not at the rename, and no parent is left."""
    target = tmp_path / "runs" / ("n" * 256)
    with pytest.raises(UnavailableError) as caught, STAGED[form](target):
        pytest.fail("the block was entered")

    assert str(caught.value) == f"{target}: File name too long"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["n" * 255, "\u00e9" * 127, os.fsdecode(b"\xe9" * 240)], ids=["ascii", "accents", "bytes"]
)
@pytest.mark.parametrize("platform", [sys.platform, "other"], ids=["renameat2", "claim"])
def test_the_longest_name_can_be_made(tmp_path, monkeypatch, name, platform):
    """Whatever the disk can hold: the temporary names beside it are shorter, and found where a killed process left them."""
    monkeypatch.setattr(sealing.sys, "platform", platform)
    with staging(tmp_path / name) as folder:
        fill(folder)
        assert PARTIAL.fullmatch(folder.name)
    (tmp_path / name).rename(tmp_path / "aside")
    with staging_file(tmp_path / name) as place:
        place.write_bytes(b"x")

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["aside", name])


def test_two_long_names_that_begin_alike_are_two(tmp_path, monkeypatch):
    """One's claim is not the other's."""
    monkeypatch.setattr(sealing.sys, "platform", "other")
    one, other = (tmp_path / ("n" * 200 + end) for end in "ab")
    with staging(one) as folder:
        fill(folder)
        (tmp_path / f".{sealing._shortened(other.name)}.claim").touch()

    assert one.is_dir()


def test_error_at_the_rename_leaves_nothing(tmp_path, monkeypatch):
    """When the last step fails, the staged folder goes."""

    def broken(old, new):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(sealing, "_rename_without_replacing", broken)
    with pytest.raises(UnavailableError) as caught, staging(tmp_path / "bundle") as folder:
        fill(folder)

    assert str(caught.value) == f"{tmp_path / 'bundle'}: Input/output error"
    assert list(tmp_path.iterdir()) == []


def test_refuse_existing_lets_a_new_name_pass(tmp_path):
    """A name that is free is no error, and nothing is made; once something has it, it is one."""
    target = tmp_path / "free"
    refuse_existing(target)
    made = list(tmp_path.iterdir())
    target.touch()
    with pytest.raises(UsageError) as caught:
        refuse_existing(target)

    assert made == []
    assert str(caught.value) == f"output folder {str(target)!r} exists; a bundle is never overwritten"


TINY_DISK = """
mount -t tmpfs -o size={size}k none "$1" || exit 99
cd "$2"
"$3" -c "$4" "$1/bundle" 20 10000
code=$?
ls -A "$1"
exit $code
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [16, 60, 128, 200])
def test_full_disk_leaves_nothing(tmp_path, size):
    """On a disk that is too small the capture ends with 3, one line, and an empty disk."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare to mount a small disk with")
    disk = tmp_path / "disk"
    disk.mkdir()
    shell = ["sh", "-c", TINY_DISK.format(size=size), "sh", str(disk), str(ROOT), sys.executable, WRITE]
    finished = subprocess.run(["unshare", "-Urm", *shell], capture_output=True, text=True, check=False)
    if finished.returncode not in {0, 2, 3}:
        finished = subprocess.run(["unshare", "-m", *shell], capture_output=True, text=True, check=False)
    if finished.returncode not in {0, 2, 3}:
        pytest.skip(f"no small disk can be mounted here: {finished.stderr.strip()[:200]}")

    assert finished.returncode == 3, finished.stdout + finished.stderr
    assert finished.stdout.startswith("UnavailableError: part/")
    assert finished.stdout.endswith(": cannot be written: the disk is full\n")
    assert finished.stdout.count("\n") == 1


@pytest.fixture
def whole(tmp_path):
    """A folder that is whole already."""
    (tmp_path / "parent").mkdir()
    fill(tmp_path / "parent" / "bundle")
    return tmp_path / "parent" / "bundle"


@pytest.mark.parametrize("mask", [0o077, 0o000])
def test_a_file_is_added_with_its_folder(whole, mask):
    """It has the modes of a bundle's files, whatever the umask is, and nothing stands beside it afterwards."""
    before = os.umask(mask)
    try:
        sealing.add_file(whole / "new" / "one", b"1", beside=whole)
        sealing.add_file(whole / "new" / "two", b"22", beside=whole)
    finally:
        os.umask(before)

    assert {path.name: path.stat().st_mode & 0o7777 for path in (whole / "new", *(whole / "new").iterdir())} == {
        "new": 0o755,
        "one": 0o644,
        "two": 0o644,
    }
    assert (whole / "new" / "two").read_bytes() == b"22"
    assert [path.name for path in whole.parent.iterdir()] == ["bundle"]


@pytest.mark.parametrize("appears", ["folder", "file"])
def test_what_appears_meanwhile_is_not_replaced(whole, monkeypatch, appears):
    """A folder that another process made takes the file, too; a file of the same name is kept."""
    real = sealing._settle

    def settle(folder):
        (whole / "new").mkdir()
        (whole / "new" / ("one" if appears == "file" else "other")).write_bytes(b"theirs")
        real(folder)

    monkeypatch.setattr(sealing, "_settle", settle)
    if appears == "folder":
        sealing.add_file(whole / "new" / "one", b"mine", beside=whole)
        assert (whole / "new" / "one").read_bytes() == b"mine"
    else:
        with pytest.raises(UsageError) as caught:
            sealing.add_file(whole / "new" / "one", b"mine", beside=whole)
        assert str(caught.value).startswith(f"output file {str(whole / 'new' / 'one')!r} exists")
        assert (whole / "new" / "one").read_bytes() == b"theirs"
    assert [path.name for path in whole.parent.iterdir()] == ["bundle"]


ADD = """
import os, signal, sys
from pathlib import Path
from reprobundle.store import sealing
def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(sealing, sys.argv[2], killed)
bundle = Path(sys.argv[1])
sealing.add_file(bundle / "new" / "one", b"1", beside=bundle)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a matter of POSIX")
@pytest.mark.parametrize("moment", ["_settle", "_rename_without_replacing"])
def test_a_killed_addition_leaves_the_folder_as_it_was(whole, moment):
    """Half a file lies beside it, where what a killed capture left is told of; the next try works."""
    subprocess.run([sys.executable, "-c", ADD, str(whole), moment], cwd=ROOT, check=False)
    left = sealing.left_behind(whole.parent)
    found = {path.path for path in list_files(whole)}
    sealing.add_file(whole / "new" / "one", b"1", beside=whole)

    assert found == set(FILES)
    assert len(left) == 1
    assert {path.path for path in list_files(whole)} == {*FILES, "new/one"}


def test_a_full_disk_adds_nothing(whole, monkeypatch):
    """Neither the file nor its folder."""

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(sealing, "_settle", full)
    with pytest.raises(UnavailableError, match="cannot be written: the disk is full"):
        sealing.add_file(whole / "new" / "one", b"1", beside=whole)

    assert {path.path for path in list_files(whole)} == set(FILES)
    assert [path.name for path in whole.parent.iterdir()] == ["bundle"]


def test_where_nothing_can_be_made_beside_it_is_made_in_it(whole, monkeypatch):
    """The parent of a disk's top folder is on another disk, or another person's."""
    monkeypatch.setattr(sealing.os, "access", lambda *_: False)
    places: list[Path] = []
    real = sealing._settle
    monkeypatch.setattr(sealing, "_settle", lambda folder: (places.append(folder.parent), real(folder)))
    sealing.add_file(whole / "new" / "one", b"1", beside=whole)

    assert places == [whole]
    assert {path.path for path in list_files(whole)} == {*FILES, "new/one"}
