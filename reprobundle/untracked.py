"""Files of the project that a claim needs and the bundle lacks, as nothing loaded them and git does not track them.

They are looked for where the claim's function or command would be: by the module's name in the folders of the import path,
by the path as it was typed below the project.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reprobundle.components import claims
from reprobundle.components.claims import Claim
from reprobundle.components.code import Section
from reprobundle.components.interface import Stage
from reprobundle.phrases import some
from reprobundle.store.paths import fault_of

SOURCE = "code/source"
TRACKED = "of a project only what git tracks and what was loaded is packed"
NO_GIT = "without git only modules that were loaded are packed: import it in the training script, or git init first"

_MODULE = re.compile(r"No module named '([\w.]+)'")
_FILE = re.compile(r"No such file or directory: '([^']+)'")


@dataclass(frozen=True)
class Project:
    """Where the source came from, and what of it is in the bundle.

    Attributes:
        code: The section of the source.
        packed: The staged bundle.
        folders: The project, and wherever else loaded modules of the person's own lie.
    """

    code: Section
    packed: Path
    folders: Sequence[Path]

    def way_out(self, why: str) -> str | None:
        """What makes a claim's code find what it lacks, by what it failed with; None where that is no file of the project."""
        module, file = _MODULE.search(why), _FILE.search(why)
        found = self._module(module[1]) if module else self._file(file[1]) if file else None
        return None if found is None else self.hint([found])

    def lacking(self, claim: Claim) -> tuple[str, ...]:
        """Files that a claim names, by its function's module or in its command, and that are not in the bundle."""
        if claim.entry is not None:
            found = [self._module(claim.entry.partition(":")[0])]
        else:
            found = [self._file(word) for word in claim.command]
        return tuple(path for path in found if path is not None)

    def hint(self, paths: Sequence[str]) -> str:
        """What to type, so that they are packed."""
        if self.code.repository is None:
            return NO_GIT
        return f"git add {' '.join(shlex.quote(path) for path in dict.fromkeys(paths))}: {TRACKED}"

    def _module(self, name: str) -> str | None:
        """Path of a module's file below the project, where it is there and not in the bundle."""
        below = name.replace(".", "/")
        return self._first(f"{root}{below}{ending}" for root in self._roots() for ending in (".py", "/__init__.py"))

    def _file(self, typed: str) -> str | None:
        """Path of a file below the project, likewise."""
        inside = [Path(typed).relative_to(base).as_posix() for base in self.folders if base in Path(typed).parents]
        return self._first(inside or [f"{root}{typed}" for root in self._roots()])

    def _roots(self) -> Iterator[str]:
        """The folders of the import path below the project, each as the beginning of a path; the project itself first."""
        yield ""
        for root in self.code.import_roots:
            below = PurePosixPath(root).relative_to(SOURCE) if root.startswith(f"{SOURCE}/") else PurePosixPath()
            if below.parts:
                yield f"{below}/"

    def _first(self, paths: Iterable[str]) -> str | None:
        legal = [path for path in paths if fault_of(path) is None]
        if any((self.packed / SOURCE / path).is_file() for path in legal):
            return None
        return next((path for path in legal if any((base / path).is_file() for base in self.folders)), None)


def note(given: Iterable[Claim], project: Project, stage: Stage) -> None:
    """Note of each claim what it names and a replay will not find."""
    for claim in given:
        lacking = project.lacking(claim)
        if lacking:
            message = f"claim {claim.id!r}: needs {some([repr(path) for path in lacking])}, which is not in the bundle"
            stage.note(claims.NAME, message, hint=project.hint(lacking))
