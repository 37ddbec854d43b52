"""Started as a script by any Python: pip, which can start no other program here.

``pip download`` builds what a package asks for by an address, whatever ``--only-binary`` says. So an audit hook, which
nothing can take away again, refuses every program but the person's own keyring; and an address that a package names is
refused before anything is asked for there. The first argument is the folder pip's package lies in, the rest is pip's.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

NO_PROGRAM = "pip may start no program while it fetches"
NO_ADDRESS = "is asked for by an address"
MAKE = "install_req_from_req_string"  # pip makes with it what a package asks for, and nothing that was asked of pip
STARTS = frozenset(
    {
        "subprocess.Popen",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.startfile/2",
        "os.system",
        "pty.spawn",
    }
)


class OnlyPip:
    """Finds pip in one folder, and nothing else there."""

    def __init__(self, folder: str) -> None:
        """Look in this folder."""
        self._folder = folder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What the import system asks every finder."""
        return PathFinder.find_spec(name, [self._folder], target) if name == "pip" and path is None else None


def refuse_programs() -> None:
    """From now on this process starts no program but the keyring, which knows the person's passwords."""
    keyring = shutil.which("keyring")

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in STARTS and (keyring is None or arguments[:1] != (keyring,)):
            raise PermissionError(NO_PROGRAM)

    sys.addaudithook(hook)


def refuse_addresses() -> None:
    """Let pip stop at a package that asks for another one by an address."""
    from pip._internal.cli import req_command
    from pip._internal.exceptions import InstallationError

    make: Callable[..., Any] = getattr(req_command, MAKE)

    def checked(text: str, *arguments: Any, **named: Any) -> Any:
        made = make(text, *arguments, **named)
        if made.link is not None:
            raise InstallationError(f"{made.name} {NO_ADDRESS}")
        return made

    setattr(req_command, MAKE, checked)


def main() -> None:
    """Run pip."""
    folder = sys.argv.pop(1)
    sys.meta_path.insert(0, OnlyPip(folder))
    refuse_programs()
    try:
        refuse_addresses()
    except (ImportError, SyntaxError, TypeError) as error:
        version = ".".join(str(part) for part in sys.version_info[:2])
        raise SystemExit(f"the pip in {folder!r} does not run on Python {version}: {error}") from error
    from pip._internal.cli.main import main as run

    raise SystemExit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
