"""Runs every probe inside the walls and outside, on a machine that has something to steal; prints what came of each as JSON.

Started as a program, so that it can be an ordinary user: ``python probing.py FOLDER [PROBE ...]``.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import json
import os
import platform
import pty
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from probes import HONEST, PROBES, SECRET, Probe

from reprobundle import process
from reprobundle.errors import ReproBundleError
from reprobundle.sandbox import Sandbox, limits, usual, walls
from reprobundle.sandbox.watching import Watcher

PYTHON = os.path.realpath(sys.executable)
STANDARD = {"console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}  # fmt: skip
VICTIM = "import ctypes, time; ctypes.CDLL(None).prctl(0x59616d61, -1, 0, 0, 0); print(flush=True); time.sleep(600)"


class Machine:
    """A machine with a home, tokens, sockets and processes, as far as this user can make them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        for path in (".ssh/id_ed25519", ".cache/huggingface/token"):
            (self.home / path).parent.mkdir(parents=True)
            (self.home / path).write_text(SECRET)
        (folder / "beside").mkdir()
        self.new = f"probe-{os.getpid()}"
        self.victim = subprocess.Popen([PYTHON, "-c", VICTIM], env={"TOKEN": SECRET}, stdout=subprocess.PIPE)
        self.victim.stdout.readline()
        self.tcp, self.udp, self.dns = (
            self._listen(kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_DGRAM)
        )
        self.unix = [self._unix(f"\0{self.new}"), self._unix(str(self.home / "agent"))]
        self.segment = 0x5EC0000 + os.getpid() % 0xFFFF
        number = {"x86_64": 248, "aarch64": 217}.get(platform.machine(), -1)
        ctypes.CDLL(None).syscall(
            number, b"user", b"probe", SECRET.encode(), len(SECRET), -3
        )  # into the session's keyring
        ctypes.CDLL(None).shmget(self.segment, 16, 0o1600)
        threading.Thread(target=self._answer, daemon=True).start()

    @staticmethod
    def _listen(kind: int) -> socket.socket:
        made = socket.socket(type=kind)
        made.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            made.listen(64)
        return made

    @staticmethod
    def _unix(name: str) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.bind(name)
        made.listen(64)
        return made

    def _answer(self) -> None:
        while True:
            question, asker = self.dns.recvfrom(512)
            self.dns.sendto(question, asker)

    def words(self, out: Path, spare: int) -> dict[str, object]:
        """What stands for each name in the code of a probe."""
        device = next((f"/dev/{name}" for name in sorted(os.listdir("/dev")) if name not in STANDARD), "/dev/none")
        ports = {name: getattr(self, name).getsockname()[1] for name in ("tcp", "udp", "dns")}
        texts = {
            "home": self.home,
            "beside": self.folder / "beside",
            "given": out.with_name(out.name + "-given"),
            "out": out,
        }
        return {
            **ports, **{name: str(path) for name, path in texts.items()}, "abstract": self.new, "device": device,
            "host": socket.gethostname(), "new": self.new, "secret": SECRET, "segment": self.segment, "spare": spare,
            "victim": _Number(self.victim.pid),
        }  # fmt: skip

    # what tells that an attempt worked, where its own word does not
    def datagram_came(self, out: Path, printed: bytes) -> bool:
        return bool(select.select([self.udp], [], [], 0.3)[0]) and bool(self.udp.recv(10))

    def left_in_temporary(self, out: Path, printed: bytes) -> bool:
        return _took(Path("/tmp", self.new))

    def left_in_shared_memory(self, out: Path, printed: bytes) -> bool:
        return _took(Path("/dev/shm", self.new))

    def daemon_lives(self, out: Path, printed: bytes) -> bool:
        if not (out / "alive").exists():
            return False
        time.sleep(0.3)
        before, end = (out / "alive").read_text(), time.monotonic() + 2  # longer than a busy machine lets it wait
        while time.monotonic() < end:
            time.sleep(0.1)
            if (out / "alive").read_text() != before:
                return True
        return False

    def all_was_kept(self, out: Path, printed: bytes) -> bool:
        return len(printed) > 2 * 2**20

    def close(self) -> None:
        """End what was started."""
        self.victim.kill()
        self.victim.wait()
        libc = ctypes.CDLL(None)
        libc.shmctl(libc.shmget(self.segment, 16, 0), 0, None)
        for place in ("/tmp", "/dev/shm", "/dev", "/"):
            Path(place, self.new).unlink(missing_ok=True)
            Path(place, f"{self.new}-2").unlink(missing_ok=True)


class _Number(int):
    """A number that is a text where a text is asked for."""

    def __repr__(self) -> str:
        return f"'{int(self)}'"


def _took(path: Path) -> bool:
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


@contextlib.contextmanager
def spare() -> Iterator[subprocess.Popen[bytes]]:
    """A process that may be killed."""
    with subprocess.Popen(["/usr/bin/env", "sleep", "600"]) as made:
        yield made
        made.kill()


Runner = Callable[[Probe, Sequence[str], Path], bytes]


def outside(probe: Probe, argv: Sequence[str], out: Path) -> bytes:
    """Run without walls and without this program's help."""
    if probe.terminal:
        return in_terminal(argv, out)
    if probe.argument == "--die-with-parent":
        return orphaned(argv, out)
    env = {**os.environ, "TOKEN": SECRET}
    return subprocess.run(argv, cwd=out, env=env, capture_output=True, timeout=60, check=False).stdout


def inside(probe: Probe, argv: Sequence[str], out: Path) -> bytes:
    """Run as a model is run."""
    most = dataclasses.replace(usual(), **probe.limits)
    reads = [out.with_name(out.name + "-given"), Path(sys.base_prefix)]
    if not probe.terminal and probe.argument != "--die-with-parent":
        try:
            return (
                Sandbox("bwrap").run(argv, reads=reads, writes=[out], env={}, timeout=probe.seconds, limits=most).stdout
            )
        except ReproBundleError as error:
            return f"{error}\n".encode()
    env = {**walls.BASE_ENVIRONMENT}
    before = walls.words(walls.find_bwrap(), reads, [out], env, network=False, cwd=out, limits=most)
    whole = [*before, *limits.words(most), *argv]
    return in_terminal(whole, out) if probe.terminal else orphaned(whole, out)


def inside_without_one(probe: Probe, argv: Sequence[str], out: Path) -> bytes:
    """Run as a model is run, but with the wall away that is in this probe's way, and nobody watching."""
    look, look_at_folders, kept = Watcher.look, Watcher.look_at_folders, process.KEPT_OUTPUT_BYTES
    Watcher.look = Watcher.look_at_folders = lambda *given: None
    process.KEPT_OUTPUT_BYTES = 2**30 if probe.argument == "output" else kept
    try:
        with changed(without(probe.argument)):
            return inside(dataclasses.replace(probe, seconds=30.0), argv, out)
    finally:
        Watcher.look, Watcher.look_at_folders, process.KEPT_OUTPUT_BYTES = look, look_at_folders, kept


@contextlib.contextmanager
def changed(change: Callable[[list[str]], list[str]]) -> Iterator[None]:
    """With other words before the command."""
    before = walls.words, limits.words
    walls.words = lambda *given, **named: change(before[0](*given, **named))
    limits.words = lambda *given, **named: change(before[1](*given, **named))
    try:
        yield
    finally:
        walls.words, limits.words = before


def in_terminal(argv: Sequence[str], out: Path) -> bytes:
    """Run with a terminal of its own, as from a shell."""
    number, terminal = pty.fork()
    if number == 0:
        os.chdir(out)
        os.execv(argv[0], argv)
    printed = b""
    with contextlib.suppress(OSError):  # a terminal ends with an error
        while chunk := os.read(terminal, 4096):
            printed += chunk
    os.waitpid(number, 0)
    os.close(terminal)
    return printed


def orphaned(argv: Sequence[str], out: Path) -> bytes:
    """Run below a process that is killed meanwhile."""
    code = "import subprocess, sys; subprocess.run(sys.argv[1:], start_new_session=True)"
    with subprocess.Popen([PYTHON, "-c", code, *argv], cwd=out) as starter:
        end = time.monotonic() + 20
        while not (out / "alive").exists() and time.monotonic() < end:
            time.sleep(0.02)
        starter.kill()
    return b""


def attempt(machine: Machine, probe: Probe, run: Runner) -> str:
    """What came of one probe: ``done``, or the last line it printed."""
    out = machine.folder / f"out-{time.monotonic_ns()}"
    out.mkdir()
    out.with_name(out.name + "-given").write_text("given")
    with spare() as other:
        code = probe.code.format(**machine.words(out, other.pid))
        argv = [PYTHON, "-I", "-B", "-c", f"try:\n{_indented(code)}\nexcept BaseException as error: print(error)"]
        printed = run(probe, argv, out)
    if probe.seen:
        return "done" if getattr(machine, probe.seen)(out, printed) else "nothing"
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "it ended"


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


NAMESPACES = ("ipc", "pid", "net", "uts", "cgroup")


def without(words: str) -> Callable[[list[str]], list[str]]:
    """A change of the words before the command that takes a wall away."""
    if words in NAMESPACES:
        return lambda text: _without_namespace(text, words)
    if words in ("--proc", "--dev"):
        shown = words.replace("--", "/")
        return lambda text: _replaced(text, [words, shown], ["--dev-bind", shown, shown])
    if words == "--ro-bind":
        return lambda text: [
            "--bind" if word == words and text[n + 1].endswith("-given") else word for n, word in enumerate(text)
        ]
    if words == "--size":
        return lambda text: ["999999999" if text[n - 1] == words else word for n, word in enumerate(text)]
    if words == "--tmpfs /tmp":
        return _without_temporary
    if words == "--add-seccomp-fd":
        return lambda text: _replaced(text, [words, text[text.index(words) + 1] if words in text else ""], [])
    return lambda text: _replaced([word for word in text if not word.startswith(f"{words}=")], words.split(), [])


def _without_namespace(text: list[str], name: str) -> list[str]:
    """All namespaces but one; without one of names there can be no name of its own."""
    others = [f"--unshare-{other}" for other in NAMESPACES if other != name]
    text = _replaced(text, ["--hostname", "sandbox"], []) if name == "uts" else text
    return _replaced(text, ["--unshare-all"], others)


def _without_temporary(text: list[str]) -> list[str]:
    at = next((n for n in range(len(text)) if text[n : n + 2] == ["--tmpfs", "/tmp"]), None)
    return text if at is None else [*text[: at - 2], "--bind", "/tmp", "/tmp", *text[at + 2 :]]  # its size goes, too


def _replaced(text: list[str], part: list[str], other: list[str]) -> list[str]:
    at = next((n for n in range(len(text)) if text[n : n + len(part)] == part), None)
    return text if at is None else [*text[:at], *other, *text[at + len(part) :]]


def main() -> None:
    """Run what the command line asks for."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    signal.alarm(550)
    wanted = set(sys.argv[2:])
    machine = Machine(Path(sys.argv[1]))
    os.environ |= {"TOKEN": SECRET, "HOME": str(machine.home)}
    runners = (inside, outside, inside_without_one)
    try:
        told = {
            probe.name: [
                attempt(machine, probe, run) if run != inside_without_one or probe.argument else "" for run in runners
            ]
            for probe in PROBES
            if not wanted or probe.name in wanted
        }
        told["honest"] = [attempt(machine, HONEST, inside)]
        sys.stdout.write(json.dumps(told))
    finally:
        machine.close()


if __name__ == "__main__":
    main()
