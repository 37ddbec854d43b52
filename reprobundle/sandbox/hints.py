"""How to get a sandbox, for each reason that there is none."""

from __future__ import annotations

import os

ACCEPT = "or accept the risk of running a stranger's code without walls: --sandbox none"
HOW_TO_GET_ONE = f"install bubblewrap (Debian, Ubuntu, Fedora, Arch: package 'bubblewrap'), {ACCEPT}"
ON_MACOS = f"macOS has no such walls: replay on a Linux machine or in a virtual one, {ACCEPT}"
ON_WINDOWS = f"Windows has no such walls: replay in WSL 2 with the package 'bubblewrap', {ACCEPT}"
ELSEWHERE = f"replay on a Linux machine or in a virtual one, {ACCEPT}"
OLD = f"bubblewrap 0.8 or newer is needed (Debian 12, Ubuntu 23.04), {ACCEPT}"
APPARMOR = (
    "Ubuntu lets no program make user namespaces that it has no profile for: install the package 'apparmor-profiles', copy "
    "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict to /etc/apparmor.d/ and load it with "
    f"apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict, {ACCEPT}"
)
CONTAINER = (
    "this is a container, and its engine forbids another one inside: replay outside of it, or start it with "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined, "
    f"{ACCEPT}"
)
FORBIDDEN = (
    "this system lets no ordinary user make user namespaces: have its administrator set kernel.unprivileged_userns_clone=1 "
    f"and user.max_user_namespaces above 0 with sysctl, {ACCEPT}"
)
CONTAINER_MARKS = ("/.dockerenv", "/run/.containerenv")
APPARMOR_SWITCH = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
DENIED = ("setting up uid map", "RTM_NEWADDR", "RTM_NEWLINK", "No permissions to creat", "namespace", "mount proc")


def hint_for(failure: str, system: str) -> str:
    """How to get a sandbox where bubblewrap failed.

    Args:
        failure: Why it does not work here: what it said.
        system: As `sys.platform` names it.
    """
    if system != "linux":
        return {"darwin": ON_MACOS, "win32": ON_WINDOWS}.get(system, ELSEWHERE)
    if "nknown option" in failure:
        return OLD
    if any(word in failure for word in DENIED):
        return _by_what_forbids()
    return HOW_TO_GET_ONE


def _by_what_forbids() -> str:
    if any(os.path.exists(mark) for mark in CONTAINER_MARKS):
        return CONTAINER
    try:
        with open(APPARMOR_SWITCH, encoding="ascii") as file:
            return APPARMOR if file.read().strip() == "1" else FORBIDDEN
    except OSError:  # a system without it
        return FORBIDDEN
