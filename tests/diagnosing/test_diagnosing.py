"""The chain of checks on outputs that are not bitwise, and where it stops."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asked
import pytest
import xxhash
from asked import NEAR, RECORDED, Worker, answer_of
from sketches import found, recorded

from reprobundle.components.environment.differing.facts import graded
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.interface import Site
from reprobundle.components.outputs.section import Calibration
from reprobundle.diagnosing import diagnose
from reprobundle.report import Diagnosis, Finding, Grade, Rung

FACTS = {"torch.threads": 2, "variables": {}}
BEFORE = (recorded("a", 1.0, 2.0), recorded("act", 3.0, 4.0, kind="ReLU"))
SAME = (found("a", 1.0, 2.0), found("act", 3.0, 4.0, kind="ReLU"))
ROUNDED = (SAME[0], found("act", 3.0, 4.000001, kind="ReLU"))
OTHER = (SAME[0], found("act", 3.0, 9.0, kind="GELU"))
FAR = (SAME[0], found("act", 3.0, 9.0, kind="ReLU"))
TORCH = graded(
    "torch has another version", Judgement(Grade.HIGH, "it computes the model"), expected="2.12.0", found="2.13.0"
)


def unset(variables: Mapping[str, str], _: Any) -> bool:
    """Whether the reviewer's variable is gone."""
    return "OMP_NUM_THREADS" not in variables


def diagnosed(
    asking: Worker,
    *,
    rung: Rung = Rung.CLOSE,
    findings: tuple[Finding, ...] = (),
    asks: bool = True,
    here: Mapping[str, Any] = FACTS,
    **of_site: Any,
) -> Diagnosis:
    """The diagnosis of a replay in which one output is near the record; the worker's model has no weights to compare."""
    digests = {entry.name: entry.xxh3_128 for entry in asking.manifest.model.tensors}
    answer = dataclasses.replace(answer_of({"value": NEAR}, facts=here), digests=digests)
    site = Site(root=asking.root, answer=answer, **of_site)
    found_ = diagnose(asking.manifest, site, rung, "output 'value' is not equal", findings, asking if asks else None)
    assert found_ is not None
    return found_


def test_without_a_way_to_ask_the_environment_is_all_there_is(tmp_path: Path) -> None:
    """Nothing is run again, which the evidence says, and the ranked differences are told."""
    told = diagnosed(asked.worker(tmp_path), findings=(TORCH,), asks=False)

    assert told.stage == "computation"
    assert told.evidence[-1] == "modules: the model was not run again to see where it begins"
    assert told.causes == ("torch has another version: recorded 2.12.0, here 2.13.0: it computes the model",)
    assert "Most likely because of torch has another version" in told.paragraph


def test_first_module_then_the_setting(tmp_path: Path) -> None:
    """One start for the sketches, one for the setting: both are told, and the stage is the environment."""
    asking = asked.worker(tmp_path, unset, recorded=BEFORE, sketches=ROUNDED, facts=FACTS)
    told = diagnosed(asking)

    assert told.stage == "environment"
    assert len(asking.starts) == 2
    assert told.evidence[-2:] == (
        "modules: 1 of 2 calls equal bit for bit; the first that is not is 'act' (ReLU)",
        "settings: OMP_NUM_THREADS unset restores every output bit for bit",
    )
    assert told.module is None
    assert [one.equal for one in told.layers] == [True, False]
    assert told.trials[0].rung is Rung.BITWISE
    assert told.paragraph.endswith("Try: env -u OMP_NUM_THREADS reprobundle replay BUNDLE")


def test_missing_sketches_are_told_and_the_search_goes_on(tmp_path: Path) -> None:
    """A bundle without sketches says so, and costs no start for them."""
    asking = asked.worker(tmp_path, unset, facts=FACTS)
    told = diagnosed(asking)

    assert told.evidence[-2] == "modules: no sketches of its modules are recorded, so where it begins is not known"
    assert told.stage == "environment"
    assert len(asking.starts) == 1


@pytest.mark.parametrize(
    ("sketches", "more", "module"),
    [(OTHER, {}, "act"), (ROUNDED, {"other_device": True}, None)],
)
def test_nothing_is_searched_where_no_setting_can_help(
    tmp_path: Path, sketches: tuple[Any, ...], more: dict[str, Any], module: str | None
) -> None:
    """A module of another class, and another kind of device, are no question of settings."""
    asking = asked.worker(tmp_path, unset, recorded=BEFORE, sketches=sketches, facts=FACTS)
    told = diagnosed(asking, rung=Rung.DIFFERENT, **more)

    assert (told.stage, told.trials, told.module, len(asking.starts)) == ("computation", (), module, 1)


def test_another_torch_ends_the_search_after_what_differs(tmp_path: Path) -> None:
    """Settings that often help are not tried where torch itself is another."""
    asking = asked.worker(tmp_path, recorded=BEFORE, sketches=ROUNDED, facts=FACTS)
    told = diagnosed(asking, findings=(TORCH,))

    assert [trial.settings for trial in told.trials] == [("OMP_NUM_THREADS unset",)]
    assert told.evidence[-1] == "settings: none of 1 restores the outputs bit for bit"


def test_what_is_far_is_not_searched_for_among_what_rounds(tmp_path: Path) -> None:
    """Where a module is off by half its size after one that is equal, only what changes the precision would be tried."""
    asking = asked.worker(tmp_path, recorded=BEFORE, sketches=FAR, facts=FACTS)
    told = diagnosed(asking, rung=Rung.DIFFERENT)

    assert (told.trials, len(asking.starts)) == ((), 1)
    assert told.module == "act"
    assert told.evidence[-1] == (
        "modules: 1 of 2 calls equal bit for bit; the first outside is 'act' (ReLU), 1 away; the last inside is 'a' (Linear)"
    )


def test_the_standard_list_is_tried_where_nothing_differs(tmp_path: Path) -> None:
    """Equal facts, other numbers: threads and the like in one start, then each variable in one of its own."""
    facts = {"torch.threads": 2, "variables": {"OMP_NUM_THREADS": "1"}}
    asking = asked.worker(
        tmp_path, lambda variables, _: "MKL_CBWR" in variables, recorded=BEFORE, sketches=ROUNDED, facts=facts
    )
    told = diagnosed(asking)

    assert asking.starts[1]["settings"] == [{"torch.threads": 1}]
    assert told.trials[-1].settings == ("MKL_CBWR=COMPATIBLE",)
    assert told.stage == "environment"


def test_a_model_that_never_gives_the_same_is_told(tmp_path: Path) -> None:
    """The second run must give what the first gave; else chance decides, and no setting is looked for."""
    asking = asked.worker(tmp_path, lambda *_: True, recorded=BEFORE, sketches=ROUNDED, facts=FACTS)
    told = diagnosed(asking)

    assert (told.trials, len(asking.starts)) == ((), 1)
    assert "the model itself is not deterministic" in told.paragraph


@pytest.mark.parametrize(("steadiness", "told"), [("stateful", True), ("random", False), ("bitwise", False)])
def test_what_the_capture_found_is_told(tmp_path: Path, steadiness: Any, *, told: bool) -> None:
    """A model that was found to give something else when it is asked again is told as such; one that needs a seed has it."""
    calibration = Calibration(steadiness=steadiness, why="it counts")
    asking = asked.worker(tmp_path, recorded=BEFORE, sketches=ROUNDED, facts=FACTS, calibration=calibration)

    assert (
        f"At capture the model itself was found to be {steadiness}: it counts." in diagnosed(asking).paragraph
    ) == told


@pytest.mark.parametrize(("seconds", "fails"), [(0, False), (60, True)])
def test_no_failure_of_a_further_run_ends_the_report(tmp_path: Path, seconds: float, *, fails: bool) -> None:
    """Without time, or where the worker fails, what is known is told."""
    asking = asked.worker(tmp_path, seconds=seconds, fails=fails, recorded=BEFORE, facts=FACTS)
    told = diagnosed(asking)

    assert told.stage == "computation"
    assert told.evidence[-2 if fails else -1].startswith("modules: where it begins is not known")


def test_a_switched_off_search_looks_at_modules_only(tmp_path: Path) -> None:
    """A reviewer who wants no search still learns where it begins."""
    asking = asked.worker(tmp_path, unset, recorded=BEFORE, sketches=ROUNDED, facts=FACTS, searches=False)
    told = diagnosed(asking)

    assert (told.trials, len(asking.starts), len(told.layers)) == ((), 1, 2)
    assert told.paragraph.endswith(
        "Most likely because of OMP_NUM_THREADS: it is 1 here and was not set at capture. "
        "Try: env -u OMP_NUM_THREADS reprobundle replay BUNDLE"
    )


def test_the_precision_is_tried_where_it_differs_and_numbers_are_far(tmp_path: Path) -> None:
    """A module that is far off after equal ones may come of another precision, which differs here, and of nothing finer."""
    recorded_facts = {**FACTS, "torch.float32_matmul_precision": "medium"}
    asking = asked.worker(tmp_path, recorded=BEFORE, sketches=FAR, facts=recorded_facts)
    told = diagnosed(asking, rung=Rung.DIFFERENT, here={**FACTS, "torch.float32_matmul_precision": "highest"})

    assert [trial.settings for trial in told.trials] == [("torch.float32_matmul_precision=medium",)]


@pytest.mark.parametrize(("rung", "tried"), [(Rung.DIFFERENT, []), (Rung.CLOSE, [("OMP_NUM_THREADS unset",)])])
def test_outputs_that_no_module_explains_are_hardly_searched_for(tmp_path: Path, rung: Rung, tried: list[Any]) -> None:
    """Where every module gives the recorded bits, only near outputs are tried, and only with what differs."""
    asking = asked.worker(tmp_path, recorded=BEFORE, sketches=SAME, facts=FACTS)
    told = diagnosed(asking, rung=rung)

    assert [trial.settings for trial in told.trials] == tried
    assert "Every module gives the recorded bits; only the outputs do not." in told.paragraph
    assert "The recorded outputs are not what this model gives, or" in told.paragraph


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (RECORDED, "At capture output 'value' was exactly what 'act' (ReLU) gave; here the source of"),
        (NEAR, "Here output 'value' is exactly what 'act' (ReLU) gives, and at capture it was not: the source of"),
    ],
)
def test_a_last_step_is_seen_by_its_digests(tmp_path: Path, array: Any, told: str) -> None:
    """An output with the very bytes that a module gave, at capture or here, says on which side a step was added."""
    digest = xxhash.xxh3_128(array.tobytes()).hexdigest()
    before, here = (make("act", 3.0, 4.0, kind="ReLU", digest=digest) for make in (recorded, found))
    asking = asked.worker(tmp_path, recorded=(BEFORE[0], before), sketches=(SAME[0], here), facts=FACTS)

    assert told in diagnosed(asking, rung=Rung.DIFFERENT).paragraph


def test_bitwise_outputs_of_right_weights_need_no_diagnosis(tmp_path: Path) -> None:
    """Nothing is asked, and nothing is said."""
    asking = asked.worker(tmp_path, recorded=BEFORE)
    digests = {entry.name: entry.xxh3_128 for entry in asking.manifest.model.tensors}
    answer = dataclasses.replace(answer_of({"value": RECORDED}), digests=digests)

    assert diagnose(asking.manifest, Site(root=tmp_path, answer=answer), Rung.BITWISE, None, (), asking) is None
    assert asking.starts == []
