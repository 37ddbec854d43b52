"""Verify a bundle, beside the digest of its weights alone and those that check a folder of files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from benchmarks.bundles import make_bundle, make_tiny, of_size, tiny
from benchmarks.environments import ROOT
from benchmarks.job import GIB, MIB, Bed, Job, Missing, Target, Way, attempt
from benchmarks.jobs.digesters import bagit
from benchmarks.jobs.digesting import READ, cache
from benchmarks.jobs.own import act, limit, theirs

OURS, DIGEST = "reprobundle", "reprobundle, the digest alone"
SIGNING = {algorithm: f"model-signing verify, {algorithm}" for algorithm in ("sha256", "blake3")}


def prepare(bed: Bed) -> None:
    """The bundle, and a tiny one for a first call."""
    make_tiny(bed)
    make_bundle(bed, "bundle", *of_size(bed.amount))


def ours(bed: Bed) -> Iterator[Way]:
    """Every name, size, digest and header; and the digests of the same files as a split."""
    bundle = bed.folder / "bundle"
    command = act("own_files", "verify", bundle, "--tiny", tiny(bed))
    yield Way(name=OURS, command=command, kind="ours", clock="call")
    yield Way(name=DIGEST, command=act("own_files", "digest", bundle), kind="ours", clock="call", variables=cache(bed))


def peers(bed: Bed) -> Iterator[Way | Missing]:
    """A signed folder and a bag of the same files."""
    yield limit(READ, bed.folder / "bundle")
    for algorithm, name in SIGNING.items():
        yield attempt(name, _signing, bed, algorithm)
    yield attempt("bagit validate", bagit, bed, bed.folder / "bundle")


def _signing(bed: Bed, algorithm: str) -> Way:
    python, bundle = bed.peers.python("model-signing"), bed.folder / "bundle"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        theirs(python, f"model-signing-sign-{algorithm}", bundle), env=environment, check=True, capture_output=True
    )
    return Way(
        name=SIGNING[algorithm], command=theirs(python, f"model-signing-verify-{algorithm}", bundle), clock="call"
    )


VERIFY = Job(
    name="verify",
    title="verify a bundle of {amount}",
    unit="bytes",
    amounts={"small": GIB // 8, "full": 4 * GIB},
    prepare=prepare,
    ours=ours,
    peers=peers,
    targets=(
        Target(way=OURS, to=DIGEST, times=1.3),
        Target(way=OURS, to=SIGNING["sha256"], times=0.1),
        Target(way=OURS, to=SIGNING["blake3"], times=0.1),
        Target(way=OURS, of="beyond", plus=150 * MIB),
    ),
    growing=True,
    note="model-signing digests with SHA-256 unless told otherwise; BLAKE3 is its fastest",
)
