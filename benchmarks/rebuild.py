"""How long a rebuild of one environment takes, beside the installers alone: the same hashed lock, in one run, in turns.

    python benchmarks/rebuild.py [--rounds 3] [--lock FILE] [--without-pip]

Cold: every cache is empty. Warm: the caches are as the round before left them, the environment is new. Needs a package
index; with uv installed, and without, what can be measured is. Prints seconds (medians) and the ratios that count.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.lock import read_output, write_lock
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.components.environment.rebuilding.pip_files import read_sources
from reprobundle.components.environment.rebuilding.places import Options, python_of
from reprobundle.components.environment.section import LOCK_PATH, Interpreter, LockFacts, Platform, Section
from reprobundle.sandbox import Sandbox, bwrap_failure

WANTED = (
    "aiohttp attrs black boto3 click flask fsspec httpx isort jinja2 joblib jsonschema markdown networkx pillow pluggy "
    "pydantic pytest pyyaml requests rich ruamel.yaml sortedcontainers sqlalchemy sympy tabulate tomlkit tqdm typer xxhash"
)
Work = Callable[[Path, Path], None]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lock", type=Path, help="a hashed lock for this Python; default: one is made")
    parser.add_argument("--without-pip", action="store_true", help="leave out what takes long")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reprobundle-benchmark-") as place:
        folder = Path(place).resolve()
        lock = folder / "requirements.txt"
        lock.write_bytes(canonical(chosen.lock.read_bytes()) if chosen.lock else made_lock(folder))
        print(
            f"{lock.read_bytes().count(b'==')} distributions, Python {sys.version.split()[0]}, {os.cpu_count()} cores"
        )
        times = measure(folder, works(folder, lock, with_pip=not chosen.without_pip), chosen.rounds)
    report(times)


def canonical(content: bytes) -> bytes:
    """A lock in the form that a bundle holds."""
    lines = (line for line in content.split(b"\n") if not line.lstrip().startswith(b"#"))
    return write_lock(read_output(b"\n".join(lines), name="lock"))


def made_lock(folder: Path) -> bytes:
    """A hashed lock of small real distributions and what they need."""
    (folder / "wanted.in").write_text("\n".join(WANTED.split()))
    uv = find_uv()
    tool = [str(uv), "pip", "compile", *uv_options()] if uv else [sys.executable, "-m", "piptools", "compile"]
    more = ["--generate-hashes", "--no-header", "--no-annotate", "--output-file", "made.txt", "wanted.in"]
    call([*tool, "--quiet", *more, *([] if uv else ["--allow-unsafe", "--strip-extras"])], folder, uv_variables())
    return canonical((folder / "made.txt").read_bytes())


def works(folder: Path, lock: Path, *, with_pip: bool) -> dict[str, Work]:
    """What is measured, by name; each gets the folder of its caches and a new one for its environment."""
    uv, found = find_uv(), {}

    def alone(cache: Path, venv: Path) -> None:
        call([uv, "venv", "--quiet", "--cache-dir", cache, "--python", sys.executable, venv], folder, {})
        options = ["--quiet", "--require-hashes", "--cache-dir", cache, "--python", python_of(venv), *uv_options()]
        call([uv, "pip", "sync", *options, lock], folder, uv_variables())

    def pip_alone(cache: Path, venv: Path) -> None:
        call([sys.executable, "-m", "venv", venv], folder, {})
        options = ["--quiet", "--no-deps", "--require-hashes", "--cache-dir", cache, "--requirement", lock]
        call([python_of(venv), "-m", "pip", "install", *options], folder, {})

    def pip_sync(cache: Path, venv: Path) -> None:
        call([sys.executable, "-m", "venv", venv], folder, {})
        options = ["--quiet", "--python-executable", python_of(venv), "--pip-args", f"--cache-dir {cache}"]
        call([sys.executable, "-m", "piptools", "sync", *options, lock], folder, {})

    if uv:
        found |= {"uv venv + uv pip sync": alone, "ours with uv": lambda cache, _: ours(folder, lock, cache, uv)}
    if with_pip:
        found |= {"venv + pip install -r": pip_alone, "venv + pip-sync": pip_sync}
        found |= {"ours without uv": lambda cache, _: ours(folder, lock, cache, None)}
    return found


def ours(folder: Path, lock: Path, cache: Path, uv: Path | None) -> None:
    """A rebuild by this program, with its own cache of environments emptied before."""
    cache.mkdir(mode=0o700, exist_ok=True)
    bundle = folder / "bundle"
    (bundle / "environment").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(lock, bundle / LOCK_PATH)
    variables = {"REPROBUNDLE_CACHE": str(cache), "PIP_CACHE_DIR": str(cache / "pip")}
    with mock.patch.dict(os.environ, variables), mock.patch.object(rebuild, "find_uv", return_value=uv):
        rebuild.rebuild(
            Section(
                interpreter=Interpreter(
                    implementation=sys.implementation.name, version=sys.version.split()[0], build="", cache_tag=None
                ),
                platform=Platform(system="", machine="", libc=None),
                distributions=(),
                numerics={},
                lock=LockFacts(hashes="complete", why=None, by="uv"),
            ),
            bundle=bundle,
            identity=b"",
            sandbox=Sandbox("none" if bwrap_failure() else "bwrap"),
            options=Options(),
            say=[].append,
        )


def measure(folder: Path, work: dict[str, Work], rounds: int) -> dict[tuple[str, str], list[float]]:
    """Seconds by name and kind of run; in turns, so that a slow spell of the machine meets all."""
    times: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for name, do in list(work.items())[:: -1 if number % 2 else 1]:
            cache = folder / "caches" / f"{list(work).index(name)}-{number}"
            cache.parent.mkdir(exist_ok=True)
            for kind in ("cold", "warm", "again") if name.startswith("ours") else ("cold", "warm"):
                if kind == "warm":
                    shutil.rmtree(cache / "environments", ignore_errors=True)
                shutil.rmtree(folder / "venv", ignore_errors=True)
                os.sync()
                started = time.perf_counter()
                do(cache, folder / "venv")
                times.setdefault((name, kind), []).append(time.perf_counter() - started)
            shutil.rmtree(cache, ignore_errors=True)
    return times


def report(times: dict[tuple[str, str], list[float]]) -> None:
    """The table and the ratios."""
    middle = {key: statistics.median(seconds) for key, seconds in times.items()}
    for (name, kind), seconds in middle.items():
        spread = times[name, kind]
        print(f"{name:24} {kind:6} {seconds:8.2f} s   ({min(spread):.2f} to {max(spread):.2f})")
    pairs = [
        ("ours with uv", "uv venv + uv pip sync", "at most 1.1"),
        ("ours without uv", "venv + pip-sync", "at most 0.5"),
    ]
    pairs.append(("ours without uv", "venv + pip install -r", ""))
    for mine, other, goal in pairs:
        for kind in ("cold", "warm"):
            if (mine, kind) in middle and (other, kind) in middle:
                ratio = middle[mine, kind] / middle[other, kind]
                print(f"{mine} / {other}, {kind}: {ratio:.2f}   {goal}")


def uv_options() -> tuple[str, ...]:
    """Where the person's packages come from, for uv's command line."""
    return read_sources(Options()).uv_options


def uv_variables() -> dict[str, str]:
    """The same, for its environment."""
    return read_sources(Options()).uv_variables


def call(command: list[object], folder: Path, variables: dict[str, str]) -> None:
    """Run a command that must succeed."""
    whole = [str(part) for part in command]
    done = subprocess.run(
        whole, cwd=folder, env={**os.environ, **variables}, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(whole)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
