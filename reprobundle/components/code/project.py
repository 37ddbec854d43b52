"""What source there is: the project's folder, its repository, the modules that are loaded, and where each file goes.

``code/source`` stands for the base, which is the repository's top folder or, without one, the project's. A module
imported from elsewhere goes under ``code/outside`` at the path its name asks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.code import modules, repository
from reprobundle.components.code.modules import Local
from reprobundle.components.code.repository import Absent, Checkout
from reprobundle.errors import UsageError

SOURCE = "code/source"
OUTSIDE = "code/outside"


@dataclass(frozen=True)
class Project:
    """The source as it stands on this machine.

    Attributes:
        start: The folder the training code lives in, links resolved.
        base: The folder that ``code/source`` stands for.
        checkout: The repository, or why there is none.
        loaded: The person's own modules that are loaded, sorted by name.
    """

    start: Path
    base: Path
    checkout: Checkout | Absent
    loaded: tuple[Local, ...]

    def path_of(self, local: Local) -> str:
        """Where a loaded module goes in the bundle."""
        if local.root is None or self._is_inside(local.root):
            inside = self.below_base(local.file)
            if inside is not None:
                return f"{SOURCE}/{inside}"
        return f"{OUTSIDE}/{local.below}"

    def root_of(self, local: Local) -> str | None:
        """The folder of the bundle from which a loaded module can be imported."""
        return None if local.root is None else self.import_root(local.root)

    def import_root(self, folder: Path) -> str:
        """The folder of the bundle that stands for a folder of the import path."""
        if not self._is_inside(folder):
            return OUTSIDE
        below = folder.relative_to(self.base).as_posix()
        return SOURCE if below == "." else f"{SOURCE}/{below}"

    def below_base(self, file: Path) -> str | None:
        """Path of a file relative to the base, POSIX; None when it lies elsewhere."""
        return file.relative_to(self.base).as_posix() if self._is_inside(file.parent) else None

    def _is_inside(self, folder: Path) -> bool:
        return folder == self.base or self.base in folder.parents


def find(folder: Path | None) -> Project:
    """The project in a folder; None: where the script that runs lies, else the folder this process works in.

    Raises:
        UsageError: `folder` is not a folder.
    """
    if folder is not None and not folder.is_dir():
        raise UsageError(f"project {str(folder)!r}: is not a folder", hint="name the folder the training code lies in")
    script = modules.main_script()
    start = (folder or (script.file.parent if script else Path.cwd())).resolve()
    loaded = modules.imported()
    checkout = repository.read(start)
    if isinstance(checkout, Checkout) and not _tracks(checkout, start, loaded):
        checkout = Absent(
            "the git repository around the project tracks none of its files", "git add and git commit them"
        )
    base = checkout.root if isinstance(checkout, Checkout) else start
    return Project(start, base, checkout, loaded)


def _tracks(checkout: Checkout, start: Path, loaded: Iterable[Local]) -> bool:
    if start == checkout.root and checkout.tracked:
        return True
    prefix = "".join(f"{part}/" for part in start.relative_to(checkout.root).parts)
    if any(path.startswith(prefix) for path in checkout.tracked):
        return True
    known = {checkout.root / path for path in checkout.tracked}
    return any(local.file in known for local in loaded)
