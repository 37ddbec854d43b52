"""What may be set otherwise to get recorded numbers back."""

from __future__ import annotations

import pytest

from reprobundle.diagnosing.candidates import Candidate, from_differences, joined, standard, wider_there

FACTS = {"torch.threads": 2, "mkldnn.enabled": True, "torch.cpu_capability": "AVX512", "variables": {}}


def test_nothing_differs_nothing_is_tried() -> None:
    """Equal facts and variables give no candidate of the first kind."""
    assert from_differences(FACTS, FACTS, {"PATH": "/usr/bin"}) == ()


def test_variables_of_the_reviewer_can_be_unset() -> None:
    """A variable that is set here and was not at capture is tried without; one that was set is tried with its value."""
    recorded = {**FACTS, "variables": {"MKL_CBWR": "AVX2"}}
    tried = from_differences(recorded, FACTS, {"ONEDNN_MAX_CPU_ISA": "SSE41", "HOME": "/root"})

    assert [one.words for one in tried] == [("MKL_CBWR=AVX2",), ("ONEDNN_MAX_CPU_ISA unset",)]
    assert tried[1].without == ("ONEDNN_MAX_CPU_ISA",)
    assert tried[1].why == "it is SSE41 here and was not set at capture"
    assert tried[0].needs_process


def test_a_bundle_cannot_set_what_it_likes() -> None:
    """Names outside the list and values of another form are never candidates."""
    recorded = {
        **FACTS,
        "variables": {"LD_PRELOAD": "/tmp/x.so", "MKL_CBWR": "../../x", "PYTHONPATH": "x", "OMP_NUM_THREADS": 2},
    }

    assert [one.words for one in from_differences(recorded, FACTS, {})] == [("OMP_NUM_THREADS=2",)]


def test_settings_that_differ_are_asked_in_the_running_process() -> None:
    """A setting of torch that is not the recorded one needs no process of its own."""
    tried = from_differences({**FACTS, "mkldnn.enabled": False}, FACTS, {})

    assert [(one.words, one.needs_process) for one in tried] == [(("mkldnn.enabled=False",), False)]


def test_threads_are_tried_once() -> None:
    """Where a variable decides on the threads, the setting is not tried beside it."""
    tried = from_differences({**FACTS, "torch.threads": 4}, FACTS, {"OMP_NUM_THREADS": "2"})

    assert [one.words for one in tried] == [("OMP_NUM_THREADS unset",)]


def test_a_processor_with_narrower_vectors_is_played() -> None:
    """Bundles captured with AVX2 are tried with AVX2: torch alone, then its libraries, too."""
    tried = from_differences({**FACTS, "torch.cpu_capability": "AVX2"}, FACTS, {})

    assert [one.words for one in tried] == [
        ("ATEN_CPU_CAPABILITY=avx2",),
        ("ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2"),
        ("ATEN_CPU_CAPABILITY=avx2", "ONEDNN_MAX_CPU_ISA=AVX2", "MKL_CBWR=AVX2"),
    ]
    assert wider_there({**FACTS, "torch.cpu_capability": "AVX2"}, FACTS, {}) is None


def test_wider_vectors_cannot_be_played() -> None:
    """A processor without AVX-512 gives nothing to try, and the vectors of the capture are told."""
    here = {**FACTS, "torch.cpu_capability": "AVX2"}

    assert from_differences(FACTS, here, {}) == ()
    assert wider_there(FACTS, here, {}) == "AVX512"
    assert wider_there({"torch.cpu_capability": "SVE256"}, here, {}) is None


@pytest.mark.parametrize(
    ("flags", "wider"),
    [
        ("avx2 avx512bw avx512dq avx512f avx512vl fma", None),
        ("avx2 avx512f fma", "AVX512"),
        ("avx2 fma", "AVX512"),
        (None, None),
    ],
)
def test_a_variable_is_no_processor(flags: str | None, wider: str | None) -> None:
    """Where a variable keeps torch from wider vectors, the processor's own words count; without them nothing is claimed."""
    here = {**FACTS, "torch.cpu_capability": "AVX2", "cpu.flags": flags}

    assert wider_there(FACTS, here, {"ATEN_CPU_CAPABILITY": "avx2"}) == wider


def test_what_changes_the_precision_is_told_from_what_changes_an_order() -> None:
    """Only the first can explain numbers that part by far more than rounding, and only where all of it does."""
    coarse = Candidate(why="", variables={"NVIDIA_TF32_OVERRIDE": "0"}, settings={"autocast.cpu": True})

    assert coarse.is_coarse
    assert not joined([coarse, Candidate(why="", without=("OMP_NUM_THREADS",))], "").is_coarse


def test_the_standard_list_leaves_out_what_is_so_already() -> None:
    """Settings of the process come first; what is set as it would be tried is not tried again."""
    words = [one.words for one in standard(FACTS, {"ATEN_CPU_CAPABILITY": "avx2"})]

    assert words[:2] == [("torch.threads=1",), ("mkldnn.enabled=False",)]
    assert ("ATEN_CPU_CAPABILITY=avx2",) not in words
    assert ("MKL_CBWR=COMPATIBLE",) in words


def test_an_accelerator_has_a_list_of_its_own() -> None:
    """On a GPU its precision and determinism are tried, and no vectors of the processor."""
    words = [one.words for one in standard({**FACTS, "cuda.matmul.allow_tf32": False}, {}, device="cuda")]

    assert ("cuda.matmul.allow_tf32=True",) in words
    assert ("NVIDIA_TF32_OVERRIDE=0",) in words
    assert not any("ATEN" in text for one in words for text in one)


def test_models_without_torch_have_libraries_of_their_own() -> None:
    """Where torch is not loaded, threads and kernels of the linear algebra are tried."""
    words = [one.words for one in standard({"numpy.version": "2.3"}, {})]

    assert words[0] == ("OMP_NUM_THREADS=1",)
    assert not any("ATEN" in text for one in words for text in one)


def test_what_to_type_is_told() -> None:
    """Variables become a command; settings that no variable decides on become statements of Python."""
    both = joined(
        [Candidate(why="", variables={"MKL_CBWR": "AVX2"}), Candidate(why="", without=("ONEDNN_MAX_CPU_ISA",))],
        "together",
    )

    assert both.words == ("MKL_CBWR=AVX2", "ONEDNN_MAX_CPU_ISA unset")
    assert (
        both.command((("my model",), ("--env", "current")))
        == "env -u ONEDNN_MAX_CPU_ISA MKL_CBWR=AVX2 reprobundle replay 'my model' --env current"
    )
    assert (
        Candidate(why="", settings={"torch.threads": 1}).command((("b",),)) == "OMP_NUM_THREADS=1 reprobundle replay b"
    )
    other = Candidate(why="", settings={"mkldnn.enabled": False, "torch.float32_matmul_precision": "high"})
    assert other.command((("b",),)) is None
    assert other.statements == ("torch.backends.mkldnn.enabled = False", "torch.set_float32_matmul_precision('high')")
