"""What tests of publishing share: bundles for a Hub, calls to one on the loopback, and what may happen there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub_server import TOKEN, Hub
from tiny import bare_manifest

from reprobundle import bundle as bundles
from reprobundle.bundle import VerifiedBundle
from reprobundle.components import hyperparameters
from reprobundle.publish.destinations import Published
from reprobundle.publish.hub import publish, pull
from reprobundle.publish.patience import Patience
from reprobundle.store import Writer, staging

NAME = "ada/tiny"
SOURCE = f"hub://{NAME}"
QUICK = Patience(tries=3, pause=0.01, longest=5.0)
WARNINGS = "ignore:Use 'content=<...>':DeprecationWarning"  # the library's own call


def publish_to(server: Hub, bundle: VerifiedBundle, **options: Any) -> Published:
    """Publish to the Hub on the loopback, with a token that it takes."""
    return publish(bundle, NAME, endpoint=server.endpoint, **{"token": TOKEN, "patience": QUICK, **options})


def pull_from(server: Hub, target: Path, source: str = SOURCE, **options: Any) -> VerifiedBundle:
    """Pull from it."""
    return pull(source, target, endpoint=server.endpoint, **{"token": TOKEN, "patience": QUICK, **options})


def files_of(folder: Path) -> dict[str, bytes]:
    """The content of every file under a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def raising(error: Exception, verb: str, part: str, *, times: int = 10**6) -> Callable[[str, str], None]:
    """A play of the server: this error at the first requests of that verb whose path holds that part."""
    left = [times]

    def before(asked: str, path: str) -> None:
        if asked == verb and part in path and left[0] > 0:
            left[0] -= 1
            raise error

    return before


def weighty(folder: Path, size: int, *, seed: int = 1, lr: float = 0.1) -> VerifiedBundle:
    """A bundle with so many bytes of weights; the same seed gives the same."""
    header = b'{"w":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (size, size)
    padded = header.ljust(-(-len(header) // 8) * 8)
    with staging(folder) as place:
        writer = Writer(place)
        body = bytes((seed * 7 + n) % 251 for n in range(251)) * (size // 251 + 1)
        writer.write("model.safetensors", len(padded).to_bytes(8, "little") + padded + body[:size])
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        writer.write("README.md", b"---\nlicense: mit\n---\n# %d\n" % round(lr * 100))
        changed = {"hyperparameters": hyperparameters.Section(values={"lr": lr}), "views": ("README.md",)}
        bundles.seal(writer, bare_manifest().model_copy(update=changed))
    return bundles.verify(folder)
