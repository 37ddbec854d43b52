"""Pack a bundle of many files into one archive, and unpack it, beside GNU tar and Info-ZIP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from benchmarks.bundles import LAYER, make_bundle, make_tiny, of_size, tiny
from benchmarks.environments import system_program
from benchmarks.files import remove
from benchmarks.job import GIB, MIB, Bed, Job, Missing, Target, Way, attempt
from benchmarks.jobs.own import act, limit
from benchmarks.measuring import take_turn

Form = Literal["tar", "zip"]
OURS = "reprobundle"
NAMES: dict[Form, str] = {"tar": "GNU tar", "zip": "zip -0"}
BACK: dict[Form, str] = {"tar": "GNU tar", "zip": "unzip"}


def prepare(bed: Bed) -> None:
    """A bundle whose weights lie in files of 10 MiB, and a tiny one."""
    make_tiny(bed)
    make_bundle(bed, "bundle", *of_size(bed.amount), "--shard", str(LAYER + MIB))


def prepare_archive(bed: Bed, form: Form) -> None:
    """The same, packed."""
    prepare(bed)
    command = act("own_files", "pack", bed.folder / "bundle", archive(bed, form), "--tiny", tiny(bed))
    take_turn(Way(name="pack", command=command, kind="ours", clock="call"))


def archive(bed: Bed, form: Form) -> Path:
    """The file that is made or read."""
    return bed.folder / f"made.{form}"


def packed_by_us(bed: Bed, form: Form) -> Iterator[Way]:
    """Every file digested against the manifest, the archive digested too, and on the disk at the end."""
    command = act("own_files", "pack", bed.folder / "bundle", archive(bed, form), "--tiny", tiny(bed))
    made = archive(bed, form)
    yield Way(name=OURS, command=command, kind="ours", clock="call", after=lambda: remove(made))


def packed_by_others(bed: Bed, form: Form) -> Iterator[Way | Missing]:
    """The program, and the program that waits for the disk as we do."""
    yield limit("disk write", bed.folder / "limit.bin", bed.amount)
    yield attempt(NAMES[form], _packed, bed, form, wait=False)
    yield attempt(f"{NAMES[form]}, sync", _packed, bed, form, wait=True)


def _packed(bed: Bed, form: Form, *, wait: bool) -> Way:
    program, made = system_program(form), archive(bed, form)
    command: tuple[str, ...] = (
        (str(program), "cf", str(made), ".") if form == "tar" else (str(program), "-q0r", str(made), ".")
    )
    if wait:
        command = ("sh", "-c", '"$@" && sync "$0"', str(made), *command)
    name = f"{NAMES[form]}{', sync' if wait else ''}"
    return Way(name=name, command=command, cwd=bed.folder / "bundle", after=lambda: remove(made))


def unpacked_by_us(bed: Bed, form: Form) -> Iterator[Way]:
    """Unpacked and verified, and verified where it lies."""
    source, small = archive(bed, form), ("--tiny", tiny(bed))
    target = bed.folder / "unpacked"
    yield Way(name=OURS, command=act("own_files", "unpack", source, target, *small), kind="ours", clock="call")
    command = act("own_files", "verify-archive", source, *small)
    yield Way(name=f"{OURS}, verify only", command=command, kind="ours", clock="call")


def unpacked_by_others(bed: Bed, form: Form) -> Iterator[Way | Missing]:
    """The program that checks nothing but zip's own sums."""
    yield attempt(BACK[form], _unpacked, bed, form)


def _unpacked(bed: Bed, form: Form) -> Way:
    program, source, target = (
        system_program("tar" if form == "tar" else "unzip"),
        archive(bed, form),
        bed.folder / "back",
    )
    arguments = ("xf", source, "-C", target) if form == "tar" else ("-q", source, "-d", target)
    command = (str(program), *map(str, arguments))
    return Way(name=BACK[form], command=command, before=target.mkdir, after=lambda: remove(target))


def _pack(form: Form, bound: float) -> Job:
    return Job(
        name=f"pack-{form}",
        title=f"pack {{amount}} into a {form}",
        unit="bytes",
        amounts={"small": GIB // 8, "full": 19 * GIB // 10},
        prepare=prepare,
        ours=lambda bed: packed_by_us(bed, form),
        peers=lambda bed: packed_by_others(bed, form),
        targets=(
            Target(way=OURS, to=NAMES[form], times=bound),
            Target(way=OURS, of="beyond", plus=150 * MIB),
        ),
        growing=form == "tar",
        writing=True,
        note="this program digests every file meanwhile, and waits for the disk",
    )


def _unpack(form: Form) -> Job:
    return Job(
        name=f"unpack-{form}",
        title=f"unpack {{amount}} from a {form}",
        unit="bytes",
        amounts={"small": GIB // 8, "full": 19 * GIB // 10},
        prepare=lambda bed: prepare_archive(bed, form),
        ours=lambda bed: unpacked_by_us(bed, form),
        peers=lambda bed: unpacked_by_others(bed, form),
        targets=(Target(way=OURS, of="beyond", plus=150 * MIB),),
        writing=True,
        note="this program verifies every file, and waits for the disk",
    )


JOBS = (_pack("tar", 1.2), _pack("zip", 0.7), _unpack("tar"), _unpack("zip"))
