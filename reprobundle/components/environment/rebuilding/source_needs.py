"""Started as a script inside the walls: reads what source archives need to be built, running nothing of them.

Arguments are the folder of pip, whose readers of requirements and, for Pythons without their own, of TOML serve here, and
the archives; prints one list of requirements in JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tarfile
import zipfile
from importlib import import_module

LEGACY = ["setuptools>=40.8.0", "wheel"]  # what the standard says of a project that names nothing
MAX_BYTES = 2**20


def needs(content: bytes | None) -> list[str]:
    """The requirements that a pyproject.toml names; those of old projects where there is none."""
    if content is None:
        return LEGACY
    name = "tomllib" if sys.version_info >= (3, 11) else "pip._vendor.tomli"
    table = import_module(name).loads(content.decode("utf-8")).get("build-system", {})
    return [str(one) for one in table.get("requires", LEGACY)]


def plain(need: str) -> str | None:
    """A requirement as this very Python needs it: its name, extras and versions without spaces; None where it needs it not.

    What cannot be read is given back as it is: whoever asked refuses it.
    """
    from pip._vendor.packaging.requirements import Requirement

    try:
        read = Requirement(need)
        if read.marker is not None and not read.marker.evaluate({"extra": ""}):
            return None
    except ValueError:  # what all of its errors are
        return need
    if read.url:
        return need
    extras = f"[{','.join(sorted(read.extras))}]" if read.extras else ""
    return f"{read.name}{extras}{read.specifier}"


def project_file(archive: str) -> bytes | None:
    """The bytes of the pyproject.toml at an archive's top; None where it has none."""
    if archive.endswith(".zip"):
        with zipfile.ZipFile(archive) as source:
            found = [name for name in source.namelist() if is_project_file(name)]
            return source.open(found[0]).read(MAX_BYTES) if found else None
    with tarfile.open(archive) as source:
        for member in source:
            if is_project_file(member.name) and member.isfile():
                file = source.extractfile(member)
                return None if file is None else file.read(MAX_BYTES)
    return None


def is_project_file(name: str) -> bool:
    """Whether a name is that of the pyproject.toml in an archive's one folder."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    return len(parts) == 2 and parts[1] == "pyproject.toml"


def main() -> None:
    """Print the list."""
    sys.path.append(os.path.dirname(sys.argv[1]))
    found = {plain(need) for archive in sys.argv[2:] for need in needs(project_file(archive))}
    sys.stdout.write(json.dumps(sorted(need for need in found if need is not None)))


if __name__ == "__main__":
    main()
