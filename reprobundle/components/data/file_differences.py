"""Where the files of a reviewer's copy part from the record: missing, changed, new, renamed, and which bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reprobundle.components.data.files import FileRow, PartRow
from reprobundle.components.data.sides import RECORDED, Words
from reprobundle.phrases import counted

MIB = 2**20

Parts = Mapping[str, Mapping[int, str]]


def parts_by_name(parts: Iterable[PartRow]) -> Parts:
    """Digest of each part by its offset, by the file's escaped name."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for part in parts:
        found[part.name][part.offset] = part.digest
    return found


def differences(
    recorded: Mapping[str, FileRow],
    found: Mapping[str, FileRow],
    parts: tuple[Parts, Parts],
    told: Words = RECORDED,
) -> list[str]:
    """Each file that is not as recorded, in words: what is missing, renamed, changed, then what is new.

    Args:
        recorded: The files of the record by their escaped name.
        found: The files of the copy.
        parts: The parts of large files, recorded and found.
        told: How the sides are told apart.
    """
    gone = [row for name, row in recorded.items() if name not in found]
    come = [row for name, row in found.items() if name not in recorded]
    renamed = _renamed(gone, come)
    called = {*renamed.values()}
    words = [f"'{row.name}' {told.gone}" for row in gone if row.name not in renamed]
    words += [f"'{old}' is called '{new}'" for old, new in renamed.items()]
    words += [
        f"'{name}' differs{_detail(row, found[name], parts, told)}"
        for name, row in recorded.items()
        if name in found and not _is_same(row, found[name])
    ]
    return words + [f"'{row.name}' {told.come}" for row in come if row.name not in called]


def of_one(recorded: FileRow, found: FileRow, parts: tuple[Parts, Parts], told: Words = RECORDED) -> str:
    """Where one file differs, whatever the two are called; empty where only its bytes tell."""
    return _detail(recorded, found, parts, told).strip(" ()")


def _is_same(one: FileRow, other: FileRow) -> bool:
    return (one.size, one.digest) == (other.size, other.digest)


def _renamed(gone: Sequence[FileRow], come: Sequence[FileRow]) -> dict[str, str]:
    """Files that are gone, by the name under which the same content has come."""
    places: dict[tuple[int, str], list[str]] = defaultdict(list)
    for row in reversed(come):
        places[row.size, row.digest].append(row.name)
    return {row.name: places[row.size, row.digest].pop() for row in gone if places.get((row.size, row.digest))}


def _detail(recorded: FileRow, found: FileRow, parts: tuple[Parts, Parts], told: Words) -> str:
    if recorded.size != found.size:
        return f" ({counted(found.size, 'byte')}, {told.was.format(f'{recorded.size:,}')})"
    old, new = (known.get(name, {}) for known, name in zip(parts, (recorded.name, found.name), strict=True))
    apart = sorted(offset for offset in old if offset in new and old[offset] != new[offset])
    if not apart or len(old) != len(new):
        return ""
    ends = [*sorted(old)[1:], recorded.size]
    following = dict(zip(sorted(old), ends, strict=True))
    return f" ({', '.join(_ranges(apart, following))} differ)"


def _ranges(offsets: Sequence[int], following: Mapping[int, int]) -> Iterator[str]:
    first = offsets[0]
    for here, after in zip(offsets, [*offsets[1:], -1], strict=True):
        if following[here] != after:
            yield f"bytes {_mib(first)} to {_mib(following[here])} MiB"
            first = after


def _mib(offset: int) -> str:
    return f"{offset / MIB:.10g}" if offset % MIB == 0 else f"{offset / MIB:.1f}"
