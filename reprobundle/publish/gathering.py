"""Where the files of a pull come together: a folder beside the target, which a later pull of the same commit takes up.

Nothing in it counts before it was digested: what an earlier run left is kept where size and digest are those of the
manifest, and removed otherwise.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reprobundle import manifest as manifests
from reprobundle.manifest import Manifest
from reprobundle.publish.patience import PassingError
from reprobundle.store import digest_bytes, digest_file, inside, safe_path
from reprobundle.store.holding import held
from reprobundle.store.writing import disk_errors

LIBRARY_NOTES = ".cache"  # the library's own, with the beginnings of files that were cut
WORTH = 2**24  # bytes; what is less comes again in a moment, and is not left lying about


@contextmanager
def gathered(target: Path, *of: str) -> Iterator[Path]:
    """A folder to download into, which is gone afterwards unless so much is in it that a later run will be glad of it.

    Args:
        target: Beside which it lies.
        of: What exactly comes, such as Hub, repository and commit; the same gives the same folder.

    Raises:
        UnavailableError: It cannot be made.
    """
    room = place(target, *of)
    above = [parent for parent in target.parents if not parent.exists()]
    with disk_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _is_mine(room):
            room = room.with_name(f"{room.name[:-8]}{os.urandom(4).hex()}")
        room.mkdir(mode=0o700, exist_ok=True)
    with held(room) as free:
        if not free and os.name == "posix" and any(room.iterdir()):  # another run is at it
            room = room.with_name(f"{room.name[:-8]}{os.urandom(4).hex()}")
            room.mkdir(mode=0o700)
        try:
            yield room
        except (PassingError, KeyboardInterrupt, SystemExit) as error:
            if size_of(room) < WORTH:
                _remove(room, above)
            elif isinstance(error, PassingError):
                error.advise(f"the same command goes on from there: what came is kept in {room.name!r}")
            raise
        except BaseException:
            _remove(room, above)
            raise
        else:
            _remove(room, [])


def place(target: Path, *of: str) -> Path:
    """Where a pull gathers its files; its name is that of other unfinished work, so that it is known as such."""
    key = digest_bytes("\n".join((target.name, *of)).encode())[:8]
    return target.with_name(f".pull.partial-{key}")


def size_of(room: Path) -> int:
    """Bytes that came so far."""
    return sum(found.lstat().st_size for found in room.rglob("*") if found.is_file() and not found.is_symlink())


def keep_whole(room: Path, manifest: Manifest) -> frozenset[str]:
    """Remove from a folder what is not as the manifest says; gives what is.

    Args:
        room: The folder; the library's notes in it stay, and the manifest itself is not looked at.
        manifest: What the bundle lists.
    """
    listed = {entry.path: entry for entry in manifest.files}
    whole = set()
    for found in sorted(room.rglob("*")):
        path = found.relative_to(room).as_posix()
        if path == LIBRARY_NOTES or path.startswith(f"{LIBRARY_NOTES}/") or (found.is_dir() and not found.is_symlink()):
            continue
        if path == manifests.NAME:
            continue
        entry = listed.get(path)
        if entry is None or found.is_symlink() or not found.is_file() or found.stat().st_size != entry.size:
            found.unlink()
        elif digest_file(inside(room, safe_path(path))) == (entry.size, entry.xxh3_128):
            whole.add(path)
        else:
            found.unlink()
    return frozenset(whole)


def move(room: Path, folder: Path) -> None:
    """Move what was gathered, without the library's notes, into another folder of the same disk."""
    shutil.rmtree(room / LIBRARY_NOTES, ignore_errors=True)
    for found in sorted(room.iterdir()):
        found.rename(folder / found.name)


def _is_mine(room: Path) -> bool:
    """Whether a folder is not there yet, or is this user's own and nobody else can write into it."""
    try:
        status = room.lstat()
    except FileNotFoundError:
        return True
    shut = not status.st_mode & 0o022
    return os.name == "posix" and status.st_uid == os.geteuid() and shut and room.is_dir() and not room.is_symlink()


def _remove(room: Path, above: list[Path]) -> None:
    shutil.rmtree(room, ignore_errors=True)
    for folder in above:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
