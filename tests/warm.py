"""A way to run the worker without waiting for torch each time: a process that has imported it, and forks for each job.

Every job still has a process of its own, new apart from what was imported. For tests that ask very often; what a real start
shows is shown by the others.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reprobundle.process import Finished
from reprobundle.sandbox import Sandbox

FORKING = """
import importlib.util, json, os, sys
import numpy, safetensors.torch, safetensors.numpy, torch

for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
log = os.open(job["log"], os.O_WRONLY | os.O_CREAT)
for own, other in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
    os.dup2(other, own)
os.chdir(job["cwd"])
sys.argv[:], sys.path[0] = job["argv"], job["argv"][0]
spec = importlib.util.spec_from_file_location("__main__", job["argv"][0] + "/__main__.py")
sys.modules["__main__"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["__main__"])
"""
TIMEOUT = 120.0  # seconds, for a job that nobody thought of


@dataclass(frozen=True)
class Warm(Sandbox):
    """No walls, and a process that has torch already.

    Attributes:
        running: The process that forks, for each environment; a torch that was imported keeps its number of threads.
    """

    running: dict[str, Any] = field(default_factory=dict)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        writes: Sequence[Path],
        env: Mapping[str, str],
        timeout: float,
        **_others: Any,
    ) -> Finished:
        """Run the worker; its argument list is the interpreter's, whose options are those of the process that forks."""
        python, *_, worker, job = map(str, argv)
        own = self._of(python, env)
        log = writes[0].with_name("log.txt")
        asked = {"argv": [worker, job], "cwd": str(writes[0]), "log": str(log)}
        own.stdin.write(json.dumps(asked) + "\n")
        own.stdin.flush()
        if not select.select([own.stdout], [], [], min(timeout, TIMEOUT))[0]:
            own.kill()
            raise TimeoutError(f"{job}: did not end; {log.read_text()}")
        return Finished(argv=(), code=int(own.stdout.readline()), stdout=log.read_bytes(), stderr=b"")

    def _of(self, python: str, env: Mapping[str, str]) -> Any:
        key = json.dumps([python, sorted(env.items())])
        if key not in self.running:
            environment = {"PATH": os.defpath, "LANG": "C.UTF-8", **env}
            self.running[key] = subprocess.Popen(
                [python, "-s", "-B", "-c", FORKING],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sys.__stderr__,
                text=True,
            )
        return self.running[key]


@contextmanager
def warm() -> Iterator[Warm]:
    """One that ends its processes."""
    own = Warm("none")
    try:
        yield own
    finally:
        for process in own.running.values():
            process.stdin.close()
            process.wait(timeout=TIMEOUT)
            process.stdout.close()
