"""Which further runs are made: those that make sense, the most telling first, as many as there is time for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny_manifest

from reprobundle import memory, tensors
from reprobundle.calibrating import planning
from reprobundle.calibrating.planning import Variation, affordable, children, common_rows, variations
from reprobundle.guest import Question
from reprobundle.manifest import Manifest
from reprobundle.store import Writer

TORCH = [
    "again", "sketches", "another seed", "changed weights", "batch of 1", "half of the batch", "after other rows",
    "oneDNN off", "4 threads", "float64", "oneDNN off sketched", "float64 sketched",
]  # fmt: skip


def manifest(loader: str = "for_torch", **numerics: Any) -> Manifest:
    """A recorded model of a kind, and facts of its environment."""
    plain = tiny_manifest()
    return plain.model_copy(
        update={
            "model": plain.model.model_copy(update={"loader": loader}),
            "environment": plain.environment.model_copy(update={"numerics": numerics}),
        }
    )


def names(found: tuple[Variation, ...]) -> list[str]:
    """Of the variations."""
    return [one.name for one in found]


def test_a_torch_model_is_run_in_every_way_that_one_process_allows() -> None:
    """Each is asked by a name of letters, digits and dashes."""
    found = variations(manifest(**{"torch.threads": 8}), "cpu", rows=16, overlay=Path("other"))

    assert names(found) == TORCH
    assert all(one.question is not None for one in found)


@pytest.mark.parametrize(
    ("recorded", "name"), [(8, "4 threads"), (3, "1 thread"), (1, "2 threads"), (None, "2 threads")]
)
def test_another_number_of_threads_is_half_of_them(recorded: int | None, name: str) -> None:
    """One thread would take the whole budget on a processor of many cores."""
    found = variations(manifest(**{"torch.threads": recorded}), "cpu", rows=None, overlay=None)

    assert name in names(found)


def test_rows_are_cut_where_there_are_several() -> None:
    """One row cannot be halved, and inputs without a common first axis are not cut."""
    none, one, two = (
        [
            name
            for name in names(variations(manifest(), "cpu", rows=rows, overlay=None))
            if "row" in name or "batch" in name
        ]
        for rows in (None, 1, 2)
    )

    assert (none, one, two) == ([], [], ["batch of 1", "after other rows"])


@pytest.mark.parametrize("loader", ["for_callable", "for_onnx", "for_skops"])
def test_a_model_without_torch_is_asked_what_its_kind_can_do(loader: str) -> None:
    """Neither torch's settings nor hooks."""
    found = variations(manifest(loader), "cpu", rows=4, overlay=None)

    assert names(found) == ["again", "another seed", "batch of 1", "half of the batch", "after other rows"]


def test_on_a_graphics_processor_nothing_of_the_cpu_is_varied() -> None:
    """It computes elsewhere."""
    assert "oneDNN off" not in names(variations(manifest(), "cuda", rows=None, overlay=None))
    assert children(manifest(), "cuda", {}) == ()


def test_float64_is_left_out_where_it_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of twice the size beside the proof."""
    monkeypatch.setattr(memory, "host_bytes", lambda: 10)
    found = {one.name: one for one in variations(manifest(), "cpu", rows=None, overlay=None)}

    assert (found["float64"].question, found["float64"].why) == (None, "memory")
    assert (found["float64 sketched"].question, found["float64 sketched"].why) == (None, "memory")


def test_the_common_length_is_that_of_every_input(tmp_path: Path) -> None:
    """A mask of the same batch goes along; a scalar, or another length, is no batch."""
    files = {
        "same": {"x": np.zeros((4, 2)), "mask": np.zeros(4)},
        "other": {"x": np.zeros((4, 2)), "y": np.zeros((3, 2))},
        "scalar": {"x": np.zeros((4, 2)), "scale": np.zeros(())},
    }
    for name, arrays in files.items():
        tensors.write(Writer(tmp_path), name, {key: tensors.of_array(array) for key, array in arrays.items()})

    assert [common_rows(tmp_path / name) for name in files] == [4, None, None]


def test_what_would_take_too_long_is_not_asked_and_says_why() -> None:
    """The most telling stand first; a cheaper one behind a dear one still fits."""
    wished = [
        Variation(name=name, question=Question(name=name), cost=cost) for name, cost in (("a", 1), ("b", 4), ("c", 1))
    ]
    found = affordable(wished, seconds=1.0, allowance=3.0, bytes_each=10)

    assert [(one.name, one.question is not None, one.why) for one in found] == [
        ("a", True, None),
        ("b", False, "budget"),
        ("c", True, None),
    ]


def test_huge_outputs_are_not_written_again_and_again() -> None:
    """Each result goes to the disk for temporary files."""
    wished = [Variation(name=name, question=Question(name=name)) for name in "abc"]
    found = affordable(wished, seconds=None, allowance=1.0, bytes_each=planning.RESULT_BYTES // 2)

    assert [one.why for one in found] == [None, None, "room"]


@pytest.mark.parametrize(("remaining", "expected"), [(30.0, 15.0), (1.0, 2.0), (-5.0, 2.0)])
def test_a_little_time_is_taken_in_any_case(remaining: float, expected: float) -> None:
    """Where no index answered nothing of the budget is left, and a dropout that is left on is told all the same."""
    assert planning.allowance(remaining) == expected


@pytest.mark.parametrize(
    ("capability", "variables", "expected"),
    [
        (
            "AVX512",
            {},
            [
                "MKL_CBWR=COMPATIBLE",
                "ATEN_CPU_CAPABILITY=avx2",
                "ONEDNN_MAX_CPU_ISA=SSE41",
                "ATEN_CPU_CAPABILITY=default",
            ],
        ),
        ("AVX2", {}, ["MKL_CBWR=COMPATIBLE", "ONEDNN_MAX_CPU_ISA=SSE41", "ATEN_CPU_CAPABILITY=default"]),
        ("DEFAULT", {"MKL_CBWR": "COMPATIBLE"}, ["ONEDNN_MAX_CPU_ISA=SSE41"]),
    ],
)
def test_processes_of_their_own_change_what_is_not_so_already(
    capability: str, variables: dict[str, str], expected: list[str]
) -> None:
    """In the order of decision 0025."""
    found = children(manifest(**{"torch.cpu_capability": capability}), "cpu", variables)

    assert [one.name for one in found] == expected


@pytest.mark.parametrize(("loader", "count"), [("for_callable", 2), ("for_skops", 2), ("for_onnx", 0)])
def test_numpy_is_varied_by_its_own_library(loader: str, count: int) -> None:
    """What computes elsewhere is not varied at all."""
    assert len(children(manifest(loader), "cpu", {})) == count
