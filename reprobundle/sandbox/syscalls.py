"""A filter of system calls: what no model needs, and what namespaces leave open, is answered as if the kernel had it not.

The keyrings of the session that started a program are seen through every namespace, and so is whoever runs this machine
as a virtual one, through sockets that belong to no network. The others are doors that need no privilege and were often
broken. It is a program for the kernel's own small machine (``seccomp(2)``), eight bytes a step.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import struct
from collections.abc import Iterator

BY_MACHINE = {
    "x86_64": (
        0xC000003E,
        {"ptrace": 101, "syslog": 103, "add_key": 248, "request_key": 249, "keyctl": 250, "perf_event_open": 298}
        | {"bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
        {"socket": 41, "socketpair": 53},
    ),
    "aarch64": (
        0xC00000B7,
        {"syslog": 116, "ptrace": 117, "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241}
        | {"bpf": 280, "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
        {"socket": 198, "socketpair": 199},
    ),
}  # the kernel's name of the machine, and its numbers of calls that are refused, and of those that make sockets
FAMILIES = (1, 2, 10, 16)  # of sockets: those with a file's name, both of the internet, and questions to the kernel
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, MACHINE_AT, FAMILY_AT = 0, 4, 16
OTHER_NUMBERS = 0x40000000  # from here on x86-64 has the same calls once more, under other numbers
ALLOW, REFUSE, NO_FAMILY = 0x7FFF0000, 0x00050000 | errno.ENOSYS, 0x00050000 | errno.EAFNOSUPPORT


def program(machine: str) -> bytes:
    """The filter for a kind of machine; empty for one whose numbers are not known here.

    Args:
        machine: As `platform.machine` names it.
    """
    if machine not in BY_MACHINE:
        return b""
    name, calls, sockets = BY_MACHINE[machine]
    numbers, made = sorted(calls.values()), sorted(sockets.values())
    ahead = len(numbers) + len(made)  # questions before the answers, which stand in the order: allow, refuse
    steps = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 1, 0, name), (RETURN, 0, 0, REFUSE), (LOAD, 0, 0, NUMBER_AT)]
    steps.append((AT_LEAST, ahead + 1, 0, OTHER_NUMBERS))
    steps += [(EQUAL, ahead - at, 0, number) for at, number in enumerate(numbers)]
    steps += [(EQUAL, len(made) - at + 1, 0, number) for at, number in enumerate(made)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE), (LOAD, 0, 0, FAMILY_AT)]
    steps += [(EQUAL, len(FAMILIES) - at, 0, family) for at, family in enumerate(FAMILIES)]
    steps += [(RETURN, 0, 0, NO_FAMILY), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


@contextlib.contextmanager
def opened() -> Iterator[tuple[int, ...]]:
    """The filter for this machine as a file to be read by bubblewrap; none where there is no filter."""
    content = program(platform.machine())
    if not content:
        yield ()
        return
    descriptor = os.memfd_create("filter")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield (descriptor,)
    finally:
        os.close(descriptor)
