"""What the bundle's source does to the world around it while its model is made: asked for at a proof only.

An audit hook sees what Python itself is asked to do: sockets, files, processes. Only what a line of the bundle's source
led to counts, and not what a library does while it is imported. What is done in C is not seen.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import tempfile
import threading
import types
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

MOST_DEEDS = 50
MAKING = ("build", "load", "transform")
RUNNING = ("run", "split", "runs", "claims")
NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")
PROCESSES = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.spawn", "os.exec", "os.startfile", "os.fork")
CHANGES = {
    "os.mkdir": "makes the folder", "os.remove": "removes", "os.rmdir": "removes the folder", "os.rename": "renames",
    "os.link": "links", "os.symlink": "links", "os.truncate": "cuts", "os.chmod": "changes the rights of",
}  # fmt: skip
FILES = ("open", "ctypes.dlopen")
EVENTS = frozenset([*NETWORK, *PROCESSES, *CHANGES, *FILES])
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/etc", "/proc", "/sys", "/dev")
OWN_PAIRS = ("socketpair", "_fallback_socketpair")  # how Windows makes a pipe
Seen = Optional[Tuple[str, str, str]]  # kind of deed, what is done, path or name of what it is done to


class NetworkRefused(ConnectionError):
    """The network was asked for, which no replay has."""


class Watch:
    """Notes what is done. An audit hook cannot be taken away again, so `stage` says whether it listens."""

    def __init__(self, source: Any, own: Sequence[str], hidden: Sequence[str]) -> None:
        """Look for lines of `source`, a `frames.Source`; a replay has files below `own`, and none below `hidden`."""
        self.deeds: List[Dict[str, Any]] = []
        self._source = source
        self._known, self._hidden = _real([*own, *_environment()]), _real(hidden)
        self._caches, self._temporary = _real(_caches()), _real([tempfile.gettempdir()])
        self._made: Set[str] = set()
        self._busy = threading.local()
        self._looks: Tuple[Callable[[str, Tuple[Any, ...]], Seen], ...] = ()
        sys.addaudithook(self._hear)

    def stage(self, name: str) -> None:
        """Listen to what matters at a stage: to all while the model is made, then to the network only."""
        everything = (_network, _process, self._file, self._change)
        self._looks = everything if name in MAKING else (_network,) if name in RUNNING else ()

    def _hear(self, event: str, args: Tuple[Any, ...]) -> None:
        """The hook. It does not hear itself, and raises only to refuse the network."""
        if not self._looks or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            refused = self._note(event, args, sys._getframe().f_back)  # noqa: SLF001  no other way to the caller
        finally:
            self._busy.now = False
        if refused:
            raise NetworkRefused("a model that is made from its bundle has no network")

    def _note(self, event: str, args: Tuple[Any, ...], frame: Optional[types.FrameType]) -> bool:
        """Note an event if it is one of those looked for; gives whether it is to be refused."""
        line = self._source.calling(frame) if event in EVENTS else None  # first, as thousands of files are imported
        seen = None if line is None else next(filter(None, (look(event, args) for look in self._looks)), None)
        if seen is None:
            return False
        kind, does, name = seen
        if kind == "network" and frame is not None and frame.f_code.co_name in OWN_PAIRS:
            return False
        if kind == "change" and _below(name, self._temporary):
            return False  # every replay has such a folder of its own, and the names in it are often drawn by lot
        if kind == "change" and _below(name, self._caches) and not self._source.asks_itself(frame):
            return False  # what a library keeps, and can do without
        deed = {"kind": kind, "does": does, "name": os.path.basename(name), "at": line}
        if deed not in self.deeds and len(self.deeds) < MOST_DEEDS:
            self.deeds.append(deed)
        return kind == "network"

    def _file(self, event: str, args: Tuple[Any, ...]) -> Seen:
        if event not in FILES:
            return None
        path = _path(args[0])
        if path is None or _below(path, ("/dev",)):
            return None
        if event == "open" and _writes(args[1], args[2]):
            self._made.add(path)
            return "change", "writes", path
        by_name = event == "ctypes.dlopen" and os.path.basename(os.fsdecode(args[0])) == os.fsdecode(args[0])
        known = _below(path, (*self._known, *self._made)) or (_below(path, SYSTEM) and not _below(path, self._hidden))
        return None if by_name or known or not os.path.isfile(path) else ("read", "reads", path)

    def _change(self, event: str, args: Tuple[Any, ...]) -> Seen:
        if event not in CHANGES:
            return None
        path = _path(args[1] if event in ("os.rename", "os.link", "os.symlink") else args[0])
        if path is None or (event == "os.mkdir" and os.path.isdir(path)):  # makedirs(…, exist_ok=True) does nothing
            return None
        self._made.add(path)
        return "change", CHANGES[event], path


def _network(event: str, args: Tuple[Any, ...]) -> Seen:
    if event not in NETWORK:
        return None
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        return None if _is_number(args[0]) else ("network", "asks for the address of a host", "")
    family = getattr(getattr(args[0], "family", None), "name", "AF_INET")
    return ("network", "connects to a host", "") if family in ("AF_INET", "AF_INET6") else None


def _is_number(host: Any) -> bool:
    """Whether nobody has to be asked for an address: it is one, or there is none."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    return not text or text == "localhost" or ":" in text or text.replace(".", "").isdigit()


def _process(event: str, args: Tuple[Any, ...]) -> Seen:
    if event not in PROCESSES:
        return None
    first = args[0] if args else None
    words = os.fsdecode(first).split() if isinstance(first, (str, bytes, os.PathLike)) else []
    return "process", "starts", words[0] if words else "a process"


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str) and any(letter in mode for letter in "wax+"):
        return True
    return isinstance(flags, int) and bool(flags & WRITES)


def _path(given: Any) -> Optional[str]:
    """The real path of a file that is named; None where it is named by a number, or by nothing."""
    if not isinstance(given, (str, bytes, os.PathLike)):
        return None
    name = os.fsdecode(given)
    return os.path.realpath(name) if name and "\0" not in name else None


def _below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(os.path.join(folder, "")) for folder in folders)


def _real(folders: Sequence[str]) -> Tuple[str, ...]:
    return tuple(os.path.realpath(folder) for folder in folders if folder)


def _environment() -> List[str]:
    """Where the standard library and packages lie, which a replay has, too; no whole prefix, as projects lie there."""
    paths = [path for name, path in sysconfig.get_paths().items() if name != "data"]
    return paths + [site.getusersitepackages()] + ([sys.prefix] if sys.prefix != sys.base_prefix else [])


def _caches() -> List[str]:
    """Where libraries keep what they can do without."""
    home = os.path.expanduser("~")
    named = [os.environ.get(name, "") for name in ("XDG_CACHE_HOME", "HF_HOME", "TORCH_HOME", "MPLCONFIGDIR")]
    return [os.path.join(home, *parts) for parts in ((".cache",), (".config",), ("Library", "Caches"))] + named
