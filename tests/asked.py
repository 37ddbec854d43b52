"""A worker that is asked again, played: its outputs are the recorded ones where a function of what is set says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tiny import tiny_manifest

from reprobundle import guest, tensors
from reprobundle.answers import Answer, Run, Sketch
from reprobundle.components import outputs
from reprobundle.components.outputs.section import Calibration, Sketches, SketchRecord
from reprobundle.diagnosing.asking import Asking
from reprobundle.diagnosing.looking import SKETCHES
from reprobundle.errors import ProcessError
from reprobundle.records import to_bytes
from reprobundle.sandbox import Sandbox
from reprobundle.store import Writer

STRUCTURE = {"kind": "tensor", "name": "value"}
RECORDED = np.array([1.0, 2.0, 3.0], np.float32)
NEAR = RECORDED + np.float32(1e-6)


@dataclass(frozen=True, kw_only=True)
class Worker(Asking):
    """A worker whose outputs are the recorded ones where `right` says so of what is set."""

    right: Callable[[Mapping[str, str], Mapping[str, Any]], bool] = lambda *_: False
    starts: list[dict[str, Any]] = field(default_factory=list)
    fails: bool = False
    sketches: tuple[Sketch, ...] = ()

    def ask(
        self,
        questions: Sequence[guest.Question] = (),
        *,
        variables: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Answer as the real one would."""
        own = {name: value for name, value in self.host.environment.items() if name not in without} | dict(
            variables or {}
        )
        self.starts.append({"variables": own, "settings": [dict(one.settings) for one in questions]})
        if self.fails:
            raise ProcessError("it ran out of time", output="")
        runs = {
            one.name: Run(
                name=one.name,
                outputs=STRUCTURE,
                arrays=self._arrays(own, {**(settings or {}), **one.settings}),
                sketches=self.sketches if one.name == SKETCHES else (),
            )
            for one in questions
        }
        return answer_of(self._arrays(own, settings or {}), runs=runs)

    def _arrays(self, variables: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Any]:
        return {"value": RECORDED if self.right(variables, settings) else NEAR}


def answer_of(arrays: Mapping[str, Any], *, facts: Mapping[str, Any] | None = None, **more: Any) -> Answer:
    """An answer of a worker that came to its end."""
    return Answer(
        stage="done", error=None, outputs=STRUCTURE, arrays=arrays, transformed=None, nesting=None, digests={},
        device="cpu", facts=facts or {}, distributions=None, log="", **more,
    )  # fmt: skip


def worker(
    folder: Path,
    right: Callable[[Any, Any], bool] = lambda *_: False,
    *,
    seconds: float = 60,
    recorded: Sequence[SketchRecord] = (),
    facts: Mapping[str, Any] | None = None,
    calibration: Calibration | None = None,
    **more: Any,
) -> Worker:
    """One whose bundle holds the recorded outputs, and sketches where some are given."""
    writer = Writer(folder)
    tensors.write(writer, "expected.safetensors", {"value": tensors.of_array(RECORDED)})
    tree = outputs.Tree(file="expected.safetensors", structure=STRUCTURE)
    section = outputs.Section(inputs=tree, expected=tree)
    if recorded:
        writer.write("probes.json", to_bytes(Sketches(calls=tuple(recorded))))
        section = section.model_copy(update={"sketches": "probes.json"})
    if calibration is not None:
        writer.write("tolerance.json", to_bytes(calibration))
        section = section.model_copy(update={"calibration": "tolerance.json"})
    manifest = tiny_manifest(outputs=section)
    told = manifest.environment.model_copy(update={"numerics": dict(facts or {})})
    host = guest.Host(python=Path("python"), sandbox=Sandbox("none"), environment={"OMP_NUM_THREADS": "1"})
    return Worker(
        manifest=manifest.model_copy(update={"environment": told}), place=lambda path: folder / path, root=folder,
        folder=lambda: folder, host=host, deadline=time.monotonic() + seconds, right=right, **more,
    )  # fmt: skip
