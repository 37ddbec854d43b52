"""The filter of system calls, run here step by step as the kernel's machine would; the probes show that the kernel does."""

from __future__ import annotations

import struct

import pytest

from reprobundle.sandbox import syscalls


def answer(program: bytes, name: int, number: int, first: int = 1) -> int:
    """What the filter says to one call of a kind of machine, with its first argument."""
    steps = list(struct.iter_unpack("=HBBI", program))
    at, held = 0, 0
    while True:
        code, true, false, value = steps[at]
        if code == syscalls.RETURN:
            return value
        if code == syscalls.LOAD:
            held = {syscalls.NUMBER_AT: number, syscalls.MACHINE_AT: name, syscalls.FAMILY_AT: first}[value]
            at += 1
        else:
            at += 1 + (true if (held == value if code == syscalls.EQUAL else held >= value) else false)


@pytest.mark.parametrize("machine", syscalls.BY_MACHINE)
def test_exactly_the_named_calls_are_refused(machine):
    """Of all calls those that are named are refused, of the second set of numbers and of another machine's all."""
    name, calls, _ = syscalls.BY_MACHINE[machine]
    program = syscalls.program(machine)

    assert {n for n in range(600) if answer(program, name, n) == syscalls.REFUSE} == set(calls.values())
    assert {answer(program, name, n) for n in range(600)} == {syscalls.ALLOW, syscalls.REFUSE}
    assert answer(program, name, syscalls.OTHER_NUMBERS) == answer(program, 0x40000003, 1) == syscalls.REFUSE


@pytest.mark.parametrize("machine", syscalls.BY_MACHINE)
def test_sockets_are_of_four_families_only(machine):
    """Those of a virtual machine's host, of hardware and of old protocols look as if the kernel had them not."""
    name, _, sockets = syscalls.BY_MACHINE[machine]
    program = syscalls.program(machine)
    for number in sockets.values():
        said = {family: answer(program, name, number, family) for family in (*range(64), 2**32 - 1)}

        assert {family for family, word in said.items() if word == syscalls.ALLOW} == {1, 2, 10, 16}
        assert set(said.values()) == {syscalls.ALLOW, syscalls.NO_FAMILY}


def test_an_unknown_machine_has_no_filter():
    """Where the numbers are not known the walls stand without it."""
    assert syscalls.program("riscv64") == b""
