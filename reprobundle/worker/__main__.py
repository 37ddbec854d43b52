"""Load a model from plain files, run it, leave the results in a folder.

Protocol 2. The one argument is ``job.json``; results go to the folder ``out`` it names, never to standard output:

``result.json``        how far it came (``stage``), the error if it stopped there and the line of the bundle's source it came
                       from, the outputs' structure, digests and facts
``outputs.safetensors``      the outputs' tensors
``transformed.safetensors``  what the preprocessing made of the recorded raw samples; made before the model
``indices.safetensors``      the indices of the data splits, made again
``run-NAME.safetensors``     the outputs of a further run that was asked for by that name; what came of each stands in ``runs``
``sketches-NAME.json``       what each module gave in it, where that was asked for

A failure of the bundle's own code is a field of the result; anything else is a non-zero exit status. The preprocessing, the
splitting, each further run and each claim may fail by itself, and the others are tried all the same. The first run is on the
recorded inputs in a process that is new; what comes after it can spoil nothing of it, as it is written by then.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import sys
import time
from types import ModuleType
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOCOL = 2
BEGAN = time.monotonic()
LONGEST_ERROR = 4000
SIBLINGS = (  # the loaders and the tables of facts find each other by these names; each after those it asks for
    "arguments", "frames", "importing", "loading", "seeding", "tensor_bytes", "tree", "for_torch",
    "raw_values", "transforms", "splitting",
    "readings", "variables", "machine", "libraries", "torch_facts", "torch_settings",
)  # fmt: skip


def sibling(name: str) -> Any:
    """Import a module of this folder under a name that no bundle's own module can shadow."""
    full = "_reprobundle_worker_" + name
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, os.path.join(HERE, name + ".py"))
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


class Result:
    """What has been reached so far; written anew at every stage, so that a sudden end leaves the last one."""

    def __init__(self, folder: str) -> None:
        """Begin with nothing reached."""
        self._path = os.path.join(folder, "result.json")
        self._content: Dict[str, Any] = {"protocol": PROTOCOL, "stage": "start", "error": None}
        self.at_each_stage: Optional[Callable[[str], None]] = None
        self.write()

    def write(self, **fields: Any) -> None:
        """Add fields and write the whole; fields that JSON cannot hold leave the result as it was."""
        content = {**self._content, **fields}
        text = json.dumps(content, ensure_ascii=True, allow_nan=False)
        with open(self._path + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.replace(self._path + ".new", self._path)
        self._content = content
        if self.at_each_stage is not None:
            self.at_each_stage(content["stage"])


def main(path: str) -> None:
    """Do one job."""
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    result = Result(job["out"])
    os.environ["REPROBUNDLE_WORKER"] = "1"
    source = sibling("frames").Source(job["bundle"], job["roots"])
    own = [HERE, job["bundle"], job["out"]]
    watch = sibling("watching").Watch(source, own, job["hidden"]) if job["watched"] else None
    result.at_each_stage = None if watch is None else watch.stage
    try:
        work(job, result)
    except BaseException as error:  # also SystemExit: the bundle's code may end anything, and its hooks may be its own
        loading = sys.modules.get("_reprobundle_worker_loading")  # where memory was short it may not be there
        unfit: Any = error if isinstance(error, getattr(loading, "UnfitWeights", ())) else None
        result.write(error=told_of(error, source), at=source.failing(error), misfit=unfit and unfit.misfit)
        raise
    finally:
        if watch is not None:
            result.write(deeds=watch.deeds)


def work(job: Mapping[str, Any], result: Result) -> None:
    """Load the model, run it, say at every stage how far it came."""
    for name in SIBLINGS:
        sibling(name)
    importing = sibling("importing")
    importing.arrange(job["roots"], job["hidden"], HERE)
    loader = sibling(job["loader"])
    result.write(distributions=importing.distributions())  # first: a missing one may be why nothing more comes
    loader.prepare(job)
    result.write(unapplied=sibling("numerics").apply(job["settings"]))
    if (
        job["transform"] is not None
    ):  # first: raw sample, input and output are a chain, and the first broken link is told
        result.write(stage="transform")
        target = os.path.join(job["out"], "transformed.safetensors")
        apart(job, result, "transform", lambda: {"transformed": sibling("transforms").run(job["transform"], target)})
    result.write(stage="build")
    model = loader.build(job["model"])
    importing.refuse_hidden(job["hidden"], job["roots"])
    result.write(stage="load")
    digests = loader.load(model, job["model"])
    told = loader.after_load(model, job["model"]) if hasattr(loader, "after_load") else {}
    result.write(stage="run", digests=digests, device=loader.device_of(model), **told)
    more = bool(job.get("runs") or job.get("claims") or job.get("overlay"))
    before: Any = sibling("keeping").Before(model, job["model"]) if more else None
    made = sibling("runs").first(model, loader, job, before, os.path.join(job["out"], "outputs.safetensors"))
    result.write(outputs=made["structure"], seconds=made["seconds"], facts=sibling("numerics").facts())
    importing.refuse_hidden(job["hidden"], job["roots"])  # a forward pass may import, too
    if job.get("splitting") is not None:
        result.write(stage="split")
        apart(job, result, "splitting", lambda: _split(job))
    if job.get("runs"):
        result.write(stage="runs", runs=[])
        _run_further(job, result, model, loader, before)
    if job.get("claims"):
        result.write(stage="claims", claims=[])
        apart(job, result, "claims", before.put_back)
        _claim(job, result, model, loader)
    result.write(stage="done")


def _split(job: Mapping[str, Any]) -> Dict[str, Any]:
    sibling("splitting").run(job["splitting"], os.path.join(job["out"], "indices.safetensors"))
    return {"split": True}


def _run_further(job: Mapping[str, Any], result: Result, model: Any, loader: Any, before: Any) -> None:
    told: List[Dict[str, Any]] = []
    for one in job["runs"]:
        made, error, at = attempted(job, functools.partial(_further, one, job, model, loader, before))
        told.append({"name": one["name"], **(made or {}), "error": error, "at": at})
        result.write(runs=told)


def _further(one: Mapping[str, Any], job: Mapping[str, Any], model: Any, loader: Any, before: Any) -> Dict[str, Any]:
    if time.monotonic() - BEGAN > job.get("time", float("inf")):  # ended by force it would take the claims with it
        raise sibling("changing").Cannot("cannot be run: the time is over that was given to further runs")
    found: Dict[str, Any] = sibling("runs").further(one, job, model, loader, before)
    return found


def _claim(job: Mapping[str, Any], result: Result, model: Any, loader: Any) -> None:
    told: List[Dict[str, Any]] = []
    for one in sibling("claiming").run(job, model, loader):
        told.append(one)
        result.write(claims=told)


def apart(job: Mapping[str, Any], result: Result, what: str, action: Callable[[], Optional[Dict[str, Any]]]) -> None:
    """Do something beside the model: where it fails, that is told and the model is run all the same."""
    told, error, at = attempted(job, action)
    result.write(**({what + "_error": error, what + "_at": at} if error is not None else told or {}))


def attempted(job: Mapping[str, Any], action: Callable[[], Any]) -> Tuple[Any, Optional[str], Optional[Dict[str, Any]]]:
    """Do what may fail by itself; gives what it gave, or its error in one line and the line of the source it came from."""
    try:
        made = action()
        sibling("importing").refuse_hidden(job["hidden"], job["roots"])
    except BaseException as error:  # as in main: the bundle's code may end anything
        if isinstance(error, KeyboardInterrupt):
            raise
        source = sibling("frames").Source(job["bundle"], job["roots"])
        return None, told_of(error, source), source.failing(error)
    return made, None, None


def told_of(error: BaseException, source: Any) -> str:
    """An exception's type and message in one line; of what cannot be done at all the message alone."""
    if type(error).__module__ == "_reprobundle_worker_changing":
        return str(error)
    return type(error).__name__ + ": " + " ".join(source.told(str(error)).split())[:LONGEST_ERROR]


if __name__ == "__main__":
    main(sys.argv[1])
