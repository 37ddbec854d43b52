"""The filter of system calls, run here step by step as the kernel's machine would; the probes show that the kernel does."""

from __future__ import annotations

import struct

import pytest

from reprobundle.sandbox import syscalls


def answer(program: bytes, name: int, number: int) -> int:
    """What the filter says to one call of a kind of machine."""
    steps = list(struct.iter_unpack("=HBBI", program))
    at, held = 0, 0
    while True:
        code, true, false, value = steps[at]
        if code == syscalls.RETURN:
            return value
        if code == syscalls.LOAD:
            held, at = {syscalls.NUMBER_AT: number, syscalls.MACHINE_AT: name}[value], at + 1
        else:
            at += 1 + (true if (held == value if code == syscalls.EQUAL else held >= value) else false)


@pytest.mark.parametrize("machine", syscalls.BY_MACHINE)
def test_exactly_the_named_calls_are_refused(machine):
    """Of all calls those that are named are refused, of the second set of numbers and of another machine's all."""
    name, calls = syscalls.BY_MACHINE[machine]
    program = syscalls.program(machine)

    assert {n for n in range(600) if answer(program, name, n) == syscalls.REFUSE} == set(calls.values())
    assert {answer(program, name, n) for n in range(600)} == {syscalls.ALLOW, syscalls.REFUSE}
    assert answer(program, name, syscalls.OTHER_NUMBERS) == answer(program, 0x40000003, 1) == syscalls.REFUSE


def test_an_unknown_machine_has_no_filter():
    """Where the numbers are not known the walls stand without it."""
    assert syscalls.program("riscv64") == b""
