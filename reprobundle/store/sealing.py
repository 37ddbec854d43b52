"""A folder or a file that appears under its final name whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.store.digests import digest_bytes
from reprobundle.store.holding import PARTIAL, abandoned, held
from reprobundle.store.writing import LINKED_MODES, disk_errors

RENAME_NOREPLACE = 1
AT_FDCWD = -100
LONGEST_KEPT = (
    100  # bytes of a target's name that stand in a temporary one: a name may have 255, and fewer on some disks
)


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` that becomes `target` when the block ends well.

    Everything in it is synced to the disk before the rename, and the rename never replaces anything: of two writers
    exactly one wins. When the block raises, the folder is removed; after ``kill -9`` one ``.NAME.partial-XXXX``
    remains, of a long name its beginning, which nobody takes for a bundle, and which `left_behind` finds.

    Raises:
        UsageError: `target` exists, before the block or at its end.
        UnavailableError: The parent cannot be written, or cannot hold a name as long as that of `target`.
    """
    refuse_existing(target)
    folder = _partial(target, target.parent)
    above = [parent for parent in target.parents if not parent.exists()]
    try:
        with disk_errors(str(target)):
            target.parent.mkdir(parents=True, exist_ok=True)
            _refuse_long_name(target)
            folder.mkdir(mode=0o700)
        with held(folder):
            yield folder
            with disk_errors(str(target)):
                _settle(folder)
                _publish(folder, target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        _remove_empty(above)
        raise


def left_behind(parent: Path) -> list[Path]:
    """The folders in another that a killed process was making, sorted."""
    return abandoned(parent, PARTIAL)


@contextmanager
def staging_file(target: Path) -> Iterator[Path]:
    """A temporary name beside `target`; the file made there becomes `target` when the block ends well.

    The same promises as those of `staging`.

    Raises:
        UsageError: `target` exists, before the block or at its end.
        UnavailableError: The parent cannot be written.
    """
    refuse_existing(target, kind="file")
    place = _partial(target, target.parent)
    above = [parent for parent in target.parents if not parent.exists()]
    try:
        with disk_errors(str(target)):
            target.parent.mkdir(parents=True, exist_ok=True)
            _refuse_long_name(target)
        yield place
        with disk_errors(str(target)):
            sync(place)
            _publish(place, target, kind="file")
    except BaseException:
        place.unlink(missing_ok=True)
        _remove_empty(above)
        raise


def add_file(target: Path, content: bytes, *, beside: Path) -> None:
    """Add a file to a folder that is whole already: it appears there whole or not at all, and its own folder with it.

    It is made outside that folder, so that a process that is killed meanwhile leaves nothing in it.

    Args:
        target: The file; its folder may be missing, the one above is there.
        content: Its bytes.
        beside: The folder beside which it is made; in it, where its parent cannot be written or is on another disk.

    Raises:
        UsageError: `target` exists.
        UnavailableError: The disk is full or cannot be written.
    """
    refuse_existing(target, kind="file")
    with disk_errors(str(target)):
        room = _partial(beside.resolve(), _writable(beside))
        room.mkdir(mode=0o700)
    try:
        with held(room), disk_errors(str(target)):
            (room / target.name).write_bytes(content)
            _settle(room)
            if not _is_taken_as_folder(room, target.parent):
                _publish(room / target.name, target, kind="file")
            sync(target.parent.parent)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _writable(folder: Path) -> Path:
    """Where something can be made that is renamed into a folder."""
    above = folder.resolve().parent
    same_disk = above.stat().st_dev == folder.stat().st_dev
    return above if same_disk and os.access(above, os.W_OK | os.X_OK) else folder


def _is_taken_as_folder(room: Path, folder: Path) -> bool:
    """Give a staged folder its final name, unless somebody has it."""
    if os.path.lexists(folder):
        return False
    try:
        _rename_without_replacing(room, folder)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
            return False
        raise
    return True


def _partial(target: Path, parent: Path) -> Path:
    """A temporary place for what becomes `target`."""
    return parent / f".{_shortened(target.name)}.partial-{os.urandom(4).hex()}"


def _shortened(name: str) -> str:
    """A name, or the beginning and a digest of a long one: two long names never become one."""
    if len(os.fsencode(name)) <= LONGEST_KEPT:
        return name
    digest = digest_bytes(os.fsencode(name))
    kept = name[: LONGEST_KEPT - len(digest)]
    while len(os.fsencode(kept)) > LONGEST_KEPT - len(digest):
        kept = kept[:-1]
    return f"{kept}{digest}"


def _refuse_long_name(target: Path) -> None:
    """Raises: OSError: The disk holds no such name, which the rename would find out after all the work."""
    with suppress(FileNotFoundError):
        target.lstat()


def refuse_existing(target: Path, *, kind: str = "folder") -> None:
    """Make sure that nothing is there yet.

    Args:
        target: What is to be made.
        kind: What it will be, in the words of the message: ``folder`` or ``file``.

    Raises:
        UsageError: Something is, be it a dangling link.
    """
    if os.path.lexists(target):
        message = f"output {kind} {str(target)!r} exists; a bundle is never overwritten"
        raise UsageError(message, hint=f"name another {kind}")


def refuse_unwritable(target: Path) -> None:
    """Make sure that a folder can be made later: nothing is there yet, and the nearest folder above can be written.

    Raises:
        UsageError: Something is there, or what should be a folder above it is a file.
        UnavailableError: The folder above cannot be written.
    """
    refuse_existing(target)
    above = next(folder for folder in target.parents if os.path.lexists(folder))
    if not above.is_dir():
        raise UsageError(f"output folder {str(target)!r}: {str(above)!r} is no folder", hint="name another folder")
    if not os.access(above, os.W_OK | os.X_OK):
        hint = "name a folder of your own"
        raise UnavailableError(f"output folder {str(target)!r}: {str(above)!r} cannot be written", hint=hint)


def _remove_empty(folders: Iterable[Path]) -> None:
    with suppress(OSError):  # somebody put something there meanwhile, or it was never made
        for folder in folders:
            folder.rmdir()


def _settle(folder: Path) -> None:
    folder.chmod(0o755)
    for where, folders, files in os.walk(folder):
        for name in folders:
            (Path(where) / name).chmod(0o755)
        for name in files:
            _set_mode(Path(where) / name)
            sync(Path(where) / name)
        sync(Path(where))


def _set_mode(place: Path) -> None:
    found = place.lstat()
    if (
        found.st_nlink == 1 or found.st_mode & 0o7777 not in LINKED_MODES
    ):  # a linked file keeps its own under both names
        place.chmod(0o644)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk.

    Raises:
        OSError: It cannot be opened, or the disk failed.
    """
    windows = os.name == "nt"
    if windows and path.is_dir():  # it can be opened by no program
        return
    descriptor = os.open(path, os.O_RDWR if windows else os.O_RDONLY)  # Windows syncs only what may be written
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(staged: Path, target: Path, *, kind: str = "folder") -> None:
    try:
        _rename_without_replacing(staged, target)
    except OSError as error:
        if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
            refuse_existing(target, kind=kind)
        raise
    sync(target.parent)


def _rename_without_replacing(old: Path, new: Path) -> None:
    if sys.platform == "linux":
        renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
        if renameat2 is not None:
            if renameat2(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), RENAME_NOREPLACE) == 0:
                return
            code = ctypes.get_errno()
            if code not in {errno.ENOSYS, errno.EINVAL}:  # a file system without the flag: claim the name by hand
                raise OSError(code, os.strerror(code), str(new))
    _rename_with_claim(old, new)


def _rename_with_claim(old: Path, new: Path) -> None:
    claim = new.parent / f".{_shortened(new.name)}.claim"
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError as error:
        hint = f"if none is at work, an earlier one was killed: remove {str(claim)!r}"
        raise UsageError(f"another capture is writing {str(new)!r}", hint=hint) from error
    try:
        if os.path.lexists(new):
            raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(new))
        old.rename(new)
    finally:
        claim.unlink()
