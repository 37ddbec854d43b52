"""Reports made by hand, one for each way a replay can end."""

from __future__ import annotations

from typing import Any

from reprobundle.report import (
    ClaimResult,
    Control,
    Decisions,
    Diagnosis,
    Finding,
    Grade,
    Histogram,
    LayerDivergence,
    OutputComparison,
    ReplayedEnvironment,
    Report,
    Rung,
    StageTime,
    Status,
    Trial,
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
        "verdict": Verdict(
            reproduced=True,
            rung=Rung.BITWISE,
            required=Rung.CLOSE,
            sentence="reproduced, bitwise",
            controls="passed",
        ),
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
        "controls": passed_controls(),
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
            controls="passed",
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


def rich_report(**changed: Any) -> Report:
    """Everything a report can hold: three outputs, sixty modules, five claims, controls that failed, settings tried."""
    parts: dict[str, Any] = {
        "bundle_name": "protein-folder-large",
        "signature": "not checked",
        "verdict": Verdict(
            reproduced=False,
            rung=Rung.DIFFERENT,
            required=Rung.CLOSE,
            sentence="not reproduced: the model's outputs jump beside the recorded inputs: a ten-thousandth of the inputs moved the outputs by 58 %; the outputs are "
            "different: output 'logits' 41 of 4096 elements lie outside the tolerance, largest difference 0.0123",
            controls="jumps",
            loosened=True,
        ),
        "diagnosis": rich_diagnosis(),
        "outputs": rich_outputs(),
        "controls": failed_controls(),
        "claims": five_claims(),
        "findings": rich_findings(),
        "stages": tuple(
            StageTime(name=name, seconds=seconds, detail=f"{name} of the model")
            for name, seconds in (
                ("verify", 0.4), ("environment", 31.8), ("run", 12.1), ("controls", 6.2), ("claims", 18.0),
                ("diagnosis", 44.9), ("compare", 0.3),
            )
        ),
    }  # fmt: skip
    return different_report(**{**parts, **changed})


def rich_outputs() -> tuple[OutputComparison, ...]:
    """One bitwise, one close by a loosened envelope, one different, the last two with histograms and decisions."""
    edges = tuple(2.0**power for power in range(-26, -1))
    measured: dict[str, Any] = {"ppm": 0.0, "p999": 2e-6, "cosine": 0.9999999, "relative_l2": 3e-6, "max_ulp": 212}
    return (
        output("embedding", Rung.BITWISE),
        output(
            "hidden/0", Rung.CLOSE, dtype="BF16", shape=(8, 512), count=4096, max_absolute=2.1e-5, rtol=2e-2, atol=2e-2,
            reason="not bitwise: largest difference 2.1e-05, all 4096 elements within the tolerance",
            tolerance_from="envelope", loosened=True, wider=2.5, capped=True, worst=(3, 17), expected="0.5", found="0.500021",
            histogram=Histogram(edges=edges, counts=(4, 30, 60, 190, 400, 340, 150, 30, 9, 3, 1, *(15 * [0])), equal=2879, scale=0.8),
            **measured,
        ),
        output(
            "logits", Rung.DIFFERENT, shape=(32, 128), count=4096, max_absolute=0.0123, outside=41,
            reason="41 of 4096 elements lie outside the tolerance, largest difference 0.0123", worst=(4, 7),
            expected="1.25", found="1.2623", nan=(0, 2), infinite=(1, 1),
            decisions=Decisions(kind="argmax", count=32, flips=2, agreement=0.9375, margin=0.0104,
                                words="the largest of 128 along the last axis"),
            histogram=Histogram(edges=edges, counts=(0, 2, *range(10, 210, 10), 24, 14, 3, 0), equal=1381, scale=1.1),
            **{**measured, "ppm": 10009.77, "p999": 0.0098, "relative_l2": 0.0031, "cosine": 0.99999},
        ),
    )  # fmt: skip


def sixty_layers(first: int = 37, count: int = 60) -> tuple[LayerDivergence, ...]:
    """Equal ones, then some within the envelope, then all outside from number `first` on."""
    kinds = ("Linear", "LayerNorm", "GELU", "Dropout")
    return tuple(
        LayerDivergence(
            module=f"encoder.layers.{number // 4}.block.{number % 4}",
            kind=kinds[number % 4],
            equal=number < 12,
            distance=0.0 if number < 12 else 3e-8 * (1.05**number) if number < first else 2e-3 * (1.02**number),
            envelope=2e-7 * (1.04**number),
            outside=number >= first,
        )
        for number in range(count)
    )


def rich_diagnosis() -> Diagnosis:
    """The computation parts at one module, and other settings do not restore it."""
    return Diagnosis(
        stage="computation",
        paragraph="Output 'logits' differs in 41 of 4096 elements by up to 0.0123. The weights are the recorded ones; the first "
        "module whose output leaves its envelope is encoder.layers.9.block.1 (LayerNorm), by 10,000 times. Most likely its "
        "epsilon or its code is another one: try the recorded torch 2.13.0, or compare code/net.py with the original.",
        evidence=("model: 8 tensors as recorded", "preprocessing: 3 pairs agree, bitwise"),
        module="encoder.layers.9.block.1",
        layers=sixty_layers(),
        causes=("torch 2.12.0 instead of 2.13.0", "ATEN_CPU_CAPABILITY: avx2 instead of avx512"),
        trials=(
            Trial(settings=("torch.threads=1",), why="2 there, 4 here", rung=Rung.DIFFERENT, max_relative=0.011),
            Trial(settings=("ATEN_CPU_CAPABILITY=default", "MKL_CBWR=COMPATIBLE"), why="another instruction set",
                  rung=Rung.CLOSE, max_relative=2e-6),
            Trial(settings=("torch.mkldnn=false",), why="oneDNN picks its own kernels", rung=Rung.NOT_RUN),
        ),
    )  # fmt: skip


def failed_controls() -> tuple[Control, ...]:
    """Three as expected, one that jumps, one that did not run."""
    return (
        Control(name="weights changed", what="weights", scale=0.01, distance=0.034, outcome="as expected"),
        Control(name="inputs changed", what="inputs", scale=0.5, distance=0.61, outcome="as expected"),
        Control(name="inputs moved a little", what="inputs", scale=1e-4, distance=0.58, outcome="jumps",
                why="a ten-thousandth of the inputs moved the outputs by 58 %"),
        Control(name="recorded inputs again", what="repeat", distance=0.0, outcome="as expected"),
        Control(name="probe", what="probe", outcome="not run", why="inputs are missing the leaf 'mask'"),
    )  # fmt: skip


def passed_controls() -> tuple[Control, ...]:
    """Three, all as expected."""
    return tuple(control for control in failed_controls() if control.outcome == "as expected")


def five_claims() -> tuple[ClaimResult, ...]:
    """Two that agree, one that does not, one whose code raised, one without data."""
    table = "Table 2, row {}: {} on test"
    return (
        ClaimResult(id="accuracy", text=table.format(3, "accuracy"), claimed=0.9731, got=0.97312, verdict="agrees",
                    rule="to 4 decimals", split="test", data="same", seconds=4.1),
        ClaimResult(id="f1", text=table.format(4, "macro F1"), claimed=0.962, got=0.9413, verdict="differs",
                    rule="within 0.005", split="test", data="same", why="off by 0.0207"),
        ClaimResult(id="perplexity", text="Section 4.2: perplexity", claimed=12.8, got=12.8, verdict="agrees",
                    rule="to 1 decimal", split="validation", data="not checked"),
        ClaimResult(id="bleu", text="Table 5: BLEU", claimed=31.2, verdict="failed", rule="within 0.1", split="wmt",
                    why="ModuleNotFoundError: No module named 'sacrebleu'"),
        ClaimResult(id="latency", text="Figure 3: milliseconds a sample", claimed=3.4, verdict="not run",
                    rule="within 0.5", split="speed", why="no data was given: --data speed=PATH"),
    )  # fmt: skip


def rich_findings() -> tuple[Finding, ...]:
    """Differences between environments of every grade, and checks of every status."""
    differences = (
        ("torch", Grade.CRITICAL, "2.13.0", "2.12.0", "another version computes in another way"),
        ("ATEN_CPU_CAPABILITY", Grade.HIGH, "avx512", "avx2", "the order of sums changes"),
        ("torch.threads", Grade.HIGH, "2", "4", "the order of sums changes"),
        ("cpu.model", Grade.LOW, "A", "B", "its name alone changes nothing"),
    )
    graded = tuple(
        Finding(kind="environment", status=Status.DIFFERS, message=f"{what} differs", expected=recorded, found=here,
                grade=grade, why=why)
        for what, grade, recorded, here, why in differences
    )  # fmt: skip
    return (*graded, *bitwise_report().findings, *different_report().findings)


def hostile_report(text: str) -> Report:
    """The same text in every place of a report that a bundle or its code can fill."""
    plain = rich_report()
    diagnosis = plain.diagnosis
    assert diagnosis is not None
    return rich_report(
        bundle_name=text,
        bundle_id=text,
        reprobundle=text,
        verdict=Verdict(reproduced=False, rung=Rung.DIFFERENT, required=Rung.CLOSE, sentence=text),
        diagnosis=diagnosis.model_copy(
            update={
                "paragraph": text,
                "evidence": (text,),
                "causes": (text,),
                "module": text,
                "layers": tuple(one.model_copy(update={"module": text, "kind": text}) for one in diagnosis.layers),
                "trials": (Trial(settings=(text, text), why=text, rung=Rung.CLOSE),),
            }
        ),
        outputs=tuple(_hostile_output(one, text) for one in plain.outputs),
        claims=tuple(
            one.model_copy(update=dict.fromkeys(("id", "text", "rule", "split", "why"), text)) for one in plain.claims
        ),
        controls=tuple(one.model_copy(update={"name": text, "why": text}) for one in plain.controls),
        findings=(
            Finding(kind=text, status=Status.DIFFERS, message=text, expected=text, found=text, hint=text),
            Finding(kind=text, status=Status.NOT_RUN, message=text, hint=text),
            Finding(kind="environment", status=Status.DIFFERS, message=text, expected=text, found=text,
                    grade=Grade.HIGH, why=text),
        ),
        stages=(StageTime(name=text, seconds=1.0, detail=text),),
    )  # fmt: skip


def _hostile_output(one: OutputComparison, text: str) -> OutputComparison:
    told = one.decisions.model_copy(update={"words": text}) if one.decisions is not None else None
    return one.model_copy(
        update={"name": text, "dtype": text, "reason": text, "expected": text, "found": text, "decisions": told}
    )
