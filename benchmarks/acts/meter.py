"""Starts a command and says what it took: ``python -I -S meter.py FILE COMMAND…``.

A process inherits the peak of the one that starts it, as far as the kernel tells. So that is this small one, which imports
next to nothing: no peak below its own can be seen, and it is told along.
"""

import os
import sys
import time

result, *command = sys.argv[1:]
started = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - started
try:
    with open("/proc/self/status", encoding="ascii") as lines:  # noqa: PTH123 - pathlib would be most of its size
        own = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
except FileNotFoundError:
    own = "0"
found = (seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, own, os.waitstatus_to_exitcode(status))
with open(result, "w", encoding="ascii") as file:  # noqa: PTH123
    file.write(" ".join(map(str, found)))
