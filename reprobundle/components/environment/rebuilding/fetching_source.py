"""Started as a script by `sys.executable`: downloads one source archive with the person's own pip settings, running none of it.

``pip download`` would start the archive's build to learn its metadata. This only asks pip's finder where the archive is,
lets pip's session fetch it, and checks it against the hash that the index's page gives. Prints the file's name.
"""

from __future__ import annotations

import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
CHUNK = 2**20
MAX_SOURCE_BYTES = 2 * 2**30
NOT_OFFERED = 4


def choose(candidates: Any, version: str, hashes: frozenset[str]) -> Any:
    """The link to the source archive of a release, one with a hash of the lock if it holds any; None where none is offered."""
    links = [one.link for one in candidates if str(one.version) == version and not one.link.is_wheel]
    fitting = [link for link in links if not hashes or f"sha256:{link.hash}" in hashes]
    return next(iter(sorted(fitting, key=lambda link: not link.filename.endswith(".tar.gz"))), None)


def download(session: Any, link: Any, folder: str) -> str:
    """Fetch one archive; returns its name.

    Raises:
        SystemExit: The index answers badly, the archive is too large, or differs from the hash on the index's page.
    """
    from pip._internal.network.utils import raise_for_status
    from pip._internal.utils.hashes import Hashes

    place = os.path.join(folder, os.path.basename(link.filename))
    response = session.get(link.url.partition("#")[0], stream=True)
    raise_for_status(response)
    written = 0
    with open(place, "xb") as file:
        for chunk in response.iter_content(CHUNK):
            written += len(chunk)
            if written > MAX_SOURCE_BYTES:
                raise SystemExit(f"{link.filename}: is larger than {MAX_SOURCE_BYTES} bytes")
            file.write(chunk)
    if link.hash_name:
        Hashes({link.hash_name: [link.hash]}).check_against_path(place)
    return os.path.basename(place)


def main() -> None:
    """Arguments: name, version, folder, hashes separated by commas, then pip's own options."""
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    from piptools.repositories.pypi import PyPIRepository

    name, version, folder, hashes, *options = sys.argv[1:]
    repository = PyPIRepository(options, cache_dir=os.path.join(folder, "cache"))
    link = choose(repository.find_all_candidates(name), version, frozenset(filter(None, hashes.split(","))))
    if link is None:
        sys.stderr.write(f"No matching distribution found for {name}=={version}\n")
        raise SystemExit(NOT_OFFERED)
    sys.stdout.write(f"{download(repository.session, link, folder)}\n")


if __name__ == "__main__":
    main()
