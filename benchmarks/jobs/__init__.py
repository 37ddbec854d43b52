"""The jobs, in the order of the table."""

from benchmarks.job import Job
from benchmarks.jobs import (
    capturing,
    digesting,
    environment,
    locking,
    packing,
    rebuilding,
    replaying,
    starting,
    verifying,
    writing,
)

JOBS: tuple[Job, ...] = (
    digesting.LARGE,
    digesting.MIDDLES,
    digesting.SMALLS,
    digesting.UNCHANGED,
    writing.WRITE,
    *capturing.JOBS,
    verifying.VERIFY,
    *packing.JOBS,
    environment.SNAPSHOT,
    locking.LOCK,
    rebuilding.REBUILD,
    replaying.REPLAY,
    *starting.JOBS,
    digesting.MILLION,
)
