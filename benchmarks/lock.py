"""The lock of about 200 distributions, by uv and by pip-tools alone, in one run: seconds, and whether the bytes are equal.

Run from the repository's root, with a package index in reach: ``python benchmarks/lock.py``. Without ``--pins`` an
environment of small real distributions is made with uv first; with it a file of lines ``name==version`` is taken.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.lock import Pin, pin, write_lock
from reprobundle.components.environment.locking import pinning
from reprobundle.components.environment.snapshot.distributions import installed

LIMIT = 600.0  # seconds
TARGETS = {"uv": 5.0, "pip-tools": 60.0}  # seconds for 200 pins
NAMES = (
    "absl-py aiofiles aiohttp altair anyio attrs babel beautifulsoup4 bleach build cachetools cattrs click cloudpickle "
    "colorlog cryptography dask deepdiff docutils einops environs executing faker fastapi flask fonttools fsspec gitpython "
    "greenlet httpx hypothesis imageio ipykernel isort jinja2 joblib jsonschema keyring lark lxml mako "
    "marshmallow more-itertools mpmath msgpack mypy nbconvert networkx nltk numexpr omegaconf openpyxl orjson pandas "
    "paramiko patsy pillow plotly pooch pre-commit prettytable psutil pydantic-settings pylint pymongo pytest pytest-cov "
    "python-dotenv redis regex rich ruff safetensors scikit-learn scipy seaborn simplejson sphinx sqlalchemy sympy tabulate "
    "tenacity textual tokenizers tomlkit typer uvicorn virtualenv watchdog websockets werkzeug xarray xmltodict xxhash"
)


def main() -> None:
    """Make the lock both ways and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pins", type=Path, help="a file of lines name==version; default: a new environment")
    pins = _read(path) if (path := parser.parse_args().pins) else _of_new_environment()
    found = {tool: _timed(tool, pins) for tool in ("uv", "pip-tools") if tool != "uv" or find_uv() is not None}
    print(f"{len(pins)} pins")
    for tool, (seconds, made) in found.items():
        target = TARGETS[tool] * len(pins) / 200
        hashes = sum(len(one.hashes) for one in made.pins)
        dropped = ", ".join(one.requirement for one in made.dropped) or "none"
        print(f"{tool:10} {seconds:6.1f} s ({seconds / target:4.2f} of the target of {target:.0f} s), {hashes} hashes, "
              f"by {made.by}, without a wheel that fits: {dropped}{f', FAILED: {made.why}' if made.why else ''}")  # fmt: skip
    if len(found) == 2:
        (_, one), (_, two) = found.values()
        equal = write_lock(one.pins) == write_lock(two.pins) and dict(one.files) == dict(two.files)
        print(f"hash for hash the same: {'yes' if equal else 'NO'}")


def _read(path: Path) -> tuple[Pin, ...]:
    return tuple(pin(*line.split("==")) for line in path.read_text(encoding="utf-8").split())


def _of_new_environment() -> tuple[Pin, ...]:
    """What uv makes of the names, where its own configuration or PyPI finds them."""
    uv = find_uv()
    if uv is None:
        raise SystemExit("uv is needed to make the environment; or name pins: --pins FILE")
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder, "environment")
        process.run([uv, "venv", "--quiet", environment], timeout=LIMIT).required("uv venv")
        command: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", environment, "--only-binary", ":all:"]
        process.run([*command, *NAMES.split()], timeout=LIMIT).required("uv pip install")
        sites = [str(site) for site in environment.glob("**/site-packages")]
        return tuple(pin(one.name, one.version) for one in installed(sites))


def _timed(tool: str, pins: Sequence[Pin]) -> tuple[float, pinning.Pinned]:
    uv = find_uv() if tool == "uv" else None
    pinning.find_uv = lambda: uv
    started = time.monotonic()
    made = pinning.with_hashes(pins, droppable=frozenset(one.name for one in pins), deadline=started + LIMIT)
    return time.monotonic() - started, made


if __name__ == "__main__":
    main()
