"""Reports made by hand, one for each way a replay can end."""

from __future__ import annotations

from typing import Any

from reprobundle.report import (
    Diagnosis,
    Finding,
    OutputComparison,
    ReplayedEnvironment,
    Report,
    Rung,
    StageTime,
    Status,
    Verdict,
)

ID = "3f9a00112233445566778899aabbccdd"


def bitwise_report(**changed: Any) -> Report:
    """Everything is equal, bit for bit."""
    parts: dict[str, Any] = {
        "reprobundle": "0.1.0",
        "bundle_id": ID,
        "bundle_name": "digits",
        "started": "2026-11-21T22:00:00Z",
        "verdict": Verdict(reproduced=True, rung=Rung.BITWISE, required=Rung.CLOSE, sentence="reproduced, bitwise"),
        "diagnosis": None,
        "outputs": (
            output("logits", Rung.BITWISE),
            OutputComparison(name="classes", rung=Rung.BITWISE, dtype="I64", shape=(32,), count=32, max_absolute=0.0),
        ),
        "findings": (
            Finding(kind="environment", status=Status.SAME, message="39 packages as locked"),
            Finding(kind="environment", status=Status.SAME, message="threads"),
            Finding(kind="model", status=Status.SAME, message="8 tensors as recorded"),
            Finding(
                kind="data", status=Status.NOT_RUN, message="split 'test': no data was given", hint="--data test=PATH"
            ),
        ),
        "environment": ReplayedEnvironment(
            how="rebuild", python="3.11.2", sandbox="bwrap", packages=39, cached=False, installer="uv 0.11", hashes=True
        ),
        "stages": (
            StageTime(name="verify", seconds=0.12, detail="every file against the manifest"),
            StageTime(name="environment", seconds=74.2, detail="rebuild"),
        ),
    }
    return Report(**{**parts, **changed})


def different_report(**changed: Any) -> Report:
    """One output lies outside the tolerance, because the weights are not those that were captured."""
    parts: dict[str, Any] = {
        "verdict": Verdict(
            reproduced=False,
            rung=Rung.DIFFERENT,
            required=Rung.CLOSE,
            sentence="not reproduced: different: logits: 3 of 320 elements lie outside the tolerance",
        ),
        "diagnosis": Diagnosis(
            stage="weights",
            paragraph="The weights that were loaded are not those that were captured.",
            evidence=("weights: 1 of 8 tensors differs",),
        ),
        "outputs": (
            output(
                "logits",
                Rung.DIFFERENT,
                reason="3 of 320 elements lie outside the tolerance",
                max_absolute=0.0123,
                outside=3,
                worst=(4, 7),
                expected="1.25",
                found="1.2623",
            ),
        ),
        "findings": (
            Finding(kind="code", status=Status.NOTE, message="captured with uncommitted changes"),
            Finding(
                kind="model",
                status=Status.DIFFERS,
                message="tensor 'w': digest differs",
                expected="3f9a",
                found="88c1",
            ),
        ),
    }
    return bitwise_report(**{**parts, **changed})


def output(name: str, rung: Rung, **changed: Any) -> OutputComparison:
    """One float output of shape (32, 10)."""
    parts: dict[str, Any] = {
        "dtype": "F32",
        "shape": (32, 10),
        "count": 320,
        "max_absolute": 0.0,
        "rtol": 1e-4,
        "atol": 1e-5,
    }
    return OutputComparison(name=name, rung=rung, **{**parts, **changed})
