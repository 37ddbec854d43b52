"""Facts that change numbers: read, put back in another process, and safe to pass on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reprobundle.worker import libraries, machine, numerics, torch_facts, torch_settings, variables

WORKER = Path(numerics.__file__).parent
CHANGE = """
import sys; sys.path.insert(0, {worker!r})
import json, numerics, torch
{body}
print(json.dumps(numerics.facts(), allow_nan=False))
"""
APPLY = """
import sys; sys.path.insert(0, {worker!r})
import json, numerics, torch
wanted = json.loads({text!r})
print(json.dumps([numerics.apply(numerics.settings(wanted)), numerics.facts()]))
"""


def run(script: str) -> Any:
    """A fresh process's answer."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def test_no_heavy_library_is_loaded_to_read_facts() -> None:
    """Reading facts imports neither torch nor numpy, and still tells Python, system and processor."""
    script = f"import sys, json; sys.path.insert(0, {str(WORKER)!r}); import numerics; f = numerics.facts()"
    found, loaded = run(script + "; print(json.dumps([f, [m in sys.modules for m in ('torch', 'numpy')]]))")

    assert loaded == [False, False]
    assert {"python.version", "system.machine", "cpu.count", "variables"} <= set(found)
    assert not any(name.startswith(("torch.", "numpy.")) for name in found)


FACTS = f"import sys, json; sys.path.insert(0, {str(WORKER)!r}); import numerics"
PRINT = "print(json.dumps(numerics.facts(), allow_nan=False))"


def facts(before: str = "pass", **variables: str) -> Any:
    """The facts of a fresh process that did something before, with these variables of its own."""
    done = subprocess.run(
        [sys.executable, "-c", f"{FACTS}\n{before}\n{PRINT}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, **variables},
    )
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the modes' numbers are those of Linux on x86-64")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the modes' numbers are those of Linux on x86-64")
@pytest.mark.parametrize(("mode", "expected"), [(0, "nearest"), (0x400, "down"), (0x800, "up"), (0xC00, "toward zero")])
def test_the_way_the_processor_rounds_is_told(mode: int, expected: str) -> None:
    """A mode that any library may set for the whole process, read from sums alone."""
    change = f"import ctypes, ctypes.util; ctypes.CDLL(ctypes.util.find_library('m')).fesetround({mode})"

    assert facts(change)["float.rounding"] == expected


@pytest.mark.slow
def test_denormal_numbers_are_kept_until_a_library_flushes_them() -> None:
    """Told of the interpreter's own arithmetic, which shares its mode with every library of the thread."""
    pytest.importorskip("torch", reason="torch is not installed")
    flushing = "import torch; torch.set_flush_denormal(True)"

    assert facts()["float.flush_denormal"] is False
    assert facts(flushing)["float.flush_denormal"] is True


def test_the_processors_instructions_are_words() -> None:
    """A short list that holds what arithmetic libraries choose by, not all that a processor can."""
    found = facts().get("cpu.flags", "")

    assert set(found.split()) <= machine.CPU_FLAGS


def test_variables_of_the_job_are_told_and_never_set() -> None:
    """What belongs to the machine or job is a fact of its own; lists of devices are recorded as their length."""
    found = facts(
        CUDA_VISIBLE_DEVICES="GPU-8f2a-secret,GPU-1c3b-secret",
        WORLD_SIZE="8",
        PYTORCH_CUDA_ALLOC_CONF="expandable_segments:True,max_split_size_mb:512",
        OMP_PROC_BIND="close",
        OMP_PLACES="/etc/passwd",
        OMP_NUM_THREADS="2",
    )

    assert {name: value for name, value in found.items() if name.startswith("process.")} == {
        "process.CUDA_VISIBLE_DEVICES": 2,
        "process.OMP_PROC_BIND": "close",
        "process.PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True,max_split_size_mb:512",
        "process.WORLD_SIZE": "8",
    }
    assert found["variables"]["OMP_NUM_THREADS"] == "2"
    assert numerics.environment({"variables": {"WORLD_SIZE": "8", "process.WORLD_SIZE": "8"}}, {}) == {}


@pytest.mark.parametrize(
    "value",
    [
        "/home/me",
        "C:\\x",
        "~",
        "$HOME",
        "https://u:p@h",
        "a b\n",
        "a\0b",
        "../x",
        "ghp_" + "a" * 36,
        "x" * 300,
        "",
        "1;2:",
    ],
)
def test_no_pattern_lets_a_path_or_an_address_through(value: str) -> None:
    """Whatever stands in an allow-listed variable, only numbers and short words of it are ever recorded."""
    patterns = {**variables.ALLOWED_VARIABLES, **variables.RECORDED_VARIABLES}
    found = variables._safe(patterns, dict.fromkeys(patterns, value))

    assert found == {}


def test_no_variable_is_in_both_tables() -> None:
    """A variable is set again at a replay, or only told, or neither."""
    assert variables.ALLOWED_VARIABLES.keys() & variables.RECORDED_VARIABLES.keys() == set()
    assert set(variables.DEVICE_LISTS).isdisjoint({**variables.ALLOWED_VARIABLES, **variables.RECORDED_VARIABLES})


@pytest.fixture(scope="module")
def busy() -> Any:
    """Facts of a process with numpy, torch, its compiler and a group of one, which takes seconds to start."""
    pytest.importorskip("torch", reason="torch is not installed")
    group = "torch.distributed.init_process_group('gloo', store=torch.distributed.HashStore(), rank=0, world_size=1)"
    return facts(f"import numpy, torch, torch._dynamo; torch._dynamo.config.suppress_errors = True; {group}")


@pytest.mark.slow
def test_arithmetic_libraries_are_named_by_who_brought_them(busy: Any) -> None:
    """Version, threads and instruction set of each BLAS and OpenMP, without a path."""
    pytest.importorskip("threadpoolctl", reason="threadpoolctl is not installed")
    pools = {name: value for name, value in busy.items() if name.startswith("threadpool.")}

    assert any(name.startswith("threadpool.numpy.") and name.endswith(".version") for name in pools)
    assert any(name.startswith("threadpool.torch.") for name in pools)
    assert "/" not in "".join(f"{name}{value}" for name, value in pools.items())


def test_two_libraries_of_one_owner_have_two_names() -> None:
    """The second is numbered, in an order of what they are, not of where they lie."""
    site = "/env/lib/python3.11/site-packages/own.libs"
    pools = [
        {"internal_api": "openblas", "filepath": f"{site}/b.so", "version": "2", "num_threads": 1},
        {"internal_api": "openblas", "filepath": f"{site}/a.so", "version": "1", "num_threads": 1},
        {"internal_api": "openmp", "filepath": "/usr/lib/libgomp.so.1", "version": None, "num_threads": 2},
        {"internal_api": "mkl", "filepath": f"{sys.prefix}/lib/libmkl.so", "version": "3", "num_threads": 2},
    ]

    assert [(name, pool["version"]) for name, pool in libraries._named(pools)] == [
        ("threadpool.environment.mkl", "3"),
        ("threadpool.own.openblas", "1"),
        ("threadpool.own.openblas.2", "2"),
        ("threadpool.system.openmp", None),
    ]


@pytest.mark.slow
def test_compiler_and_group_are_told_where_they_are_in_use(busy: Any) -> None:
    """torch's compiler once it is loaded, a group of processes once it is made; neither is a setting to put back."""
    assert busy["compile.dynamo.suppress_errors"] is True
    assert (busy["distributed.backend"], busy["distributed.world_size"]) == ("gloo", 1)
    assert numerics.settings(busy).keys().isdisjoint({"compile.dynamo.suppress_errors", "distributed.backend"})
    assert all(f"{name}.".startswith(numerics.TOLD_WHERE_LOADED) for name in ("compile", "distributed", "threadpool"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("PIL.Image", {"pillow.version", "pillow.libjpeg_turbo"}),
        ("cv2", {"opencv.version", "opencv.jpeg", "opencv.threads"}),
        ("tokenizers", {"tokenizers.version"}),
        ("sentencepiece", {"sentencepiece.version"}),
        ("torchvision", {"torchvision.version"}),
        ("scipy", {"scipy.version"}),
    ],
)
def test_loaded_libraries_tell_their_versions(module: str, expected: set[str]) -> None:
    """What decodes images or splits text is asked once it is loaded, and loaded by nobody for that."""
    pytest.importorskip(module, reason=f"{module} is not installed")
    without, found = facts(), facts(f"import {module}")

    assert expected <= set(found)
    assert expected.isdisjoint(without)
    assert all(name.startswith(numerics.TOLD_WHERE_LOADED) for name in expected)


@pytest.mark.slow
def test_no_fact_holds_a_path(busy: Any) -> None:
    """Facts go into a bundle, so none names a folder of this machine."""
    text = json.dumps(busy)

    assert not any(place in text for place in {sys.prefix, sys.base_prefix, str(Path.home()), str(WORKER)} - {"/"})


OLD_NAMES = """
torch.set_num_threads(1); torch.set_num_interop_threads(3)
torch.use_deterministic_algorithms(True, warn_only=True)
torch.set_flush_denormal(True); torch.set_float32_matmul_precision('medium'); torch.set_default_dtype(torch.float64)
torch.backends.cudnn.benchmark = True; torch.backends.cudnn.allow_tf32 = False; torch.backends.mkldnn.enabled = False
torch.backends.cuda.enable_flash_sdp(False); torch.set_autocast_enabled('cpu', True)
torch.backends.mha.set_fastpath_enabled(False); torch.backends.miopen.immediate = True
"""
NEW_NAMES = """
torch.backends.cuda.matmul.fp32_precision = 'tf32'; torch.backends.cudnn.conv.fp32_precision = 'ieee'
torch.backends.mkldnn.fp32_precision = 'ieee'; torch.backends.mkldnn.matmul.fp32_precision = 'bf16'
"""


@pytest.mark.slow
@pytest.mark.parametrize("body", [OLD_NAMES, NEW_NAMES], ids=["old names", "new names"])
def test_settings_of_one_process_are_put_back_in_another(body: str) -> None:
    """After apply, every fact is as recorded, whichever of torch's two precision interfaces was used."""
    pytest.importorskip("torch", reason="torch is not installed")
    recorded = run(CHANGE.format(worker=str(WORKER), body=body))
    lines, found = run(APPLY.format(worker=str(WORKER), text=json.dumps(recorded)))

    assert lines == []
    assert found == recorded


@pytest.mark.slow
def test_a_setting_that_cannot_be_set_is_one_line() -> None:
    """A value this torch does not know is named with what was wanted and what is; the rest is still applied."""
    pytest.importorskip("torch", reason="torch is not installed")
    wanted = {"torch.default_dtype": "torch.nonsense", "torch.float32_matmul_precision": "high", "unknown": 1}
    lines, found = run(APPLY.format(worker=str(WORKER), text=json.dumps(wanted)))

    assert len(lines) == 1
    assert lines[0].startswith("torch.default_dtype could not be set: wanted 'torch.nonsense', is 'torch.float32'")
    assert found["torch.float32_matmul_precision"] == "high"


def test_settings_are_the_part_of_the_facts_that_can_be_set() -> None:
    """Versions and hardware are no settings."""
    found = numerics.settings({"torch.threads": 2, "torch.version": "2", "cpu.model": "x", "variables": {}})

    assert found == {"torch.threads": 2}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OMP_NUM_THREADS", "1; rm -rf /"),
        ("OMP_NUM_THREADS", "1\n"),
        ("OMP_NUM_THREADS", "\u0661"),
        ("OMP_NUM_THREADS", 4),
        ("PYTHONHASHSEED", "x"),
        ("CUBLAS_WORKSPACE_CONFIG", "/etc/passwd"),
        ("MKL_CBWR", "AVX2,../x"),
        ("LD_PRELOAD", "x"),
        ("PYTHONPATH", "x"),
        ("HF_TOKEN", "x"),
        ("PATH", "/x"),
    ],
)
def test_no_unsafe_variable_passes(name: str, value: object) -> None:
    """Only allow-listed names with values of the expected form reach a process, from the bundle or the reviewer."""
    recorded = numerics.environment({"variables": {name: value}}, {})
    own = numerics.environment({}, {name: str(value)} if value != 4 else {})

    assert recorded == {}
    assert own == {}


def test_the_reviewers_own_variables_win() -> None:
    """A variable set by the reviewer replaces the recorded one; others are taken over."""
    recorded = {"variables": {"OMP_NUM_THREADS": "4", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}}

    assert numerics.environment(recorded, {"OMP_NUM_THREADS": "1", "HOME": "/x"}) == {
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "OMP_NUM_THREADS": "1",
    }


@pytest.mark.parametrize("variables", [None, [], "x", {"OMP_NUM_THREADS": None}])
def test_variables_of_another_form_are_ignored(variables: object) -> None:
    """A bundle that lies about the form of its variables sets none."""
    assert numerics.environment({"variables": variables}, {}) == {}


def test_the_page_names_every_fact() -> None:
    """The table for people holds each name of the tables of the code."""
    page = (Path(__file__).parents[3] / "docs" / "environment.md").read_text("utf-8")
    families = ("pillow.", "opencv.", "av.", "torchvision.", "compile.dynamo.", "compile.inductor.")
    names = [*machine.FACTS, *libraries._TABLE, *torch_facts._FACTS, *torch_settings.SETTINGS]

    assert [name for name in names if f"`{name}`" not in page and not name.startswith(families)] == []
    assert [family for family in families if f"`{family}*`" not in page] == []


def test_another_number_of_threads_is_not_outvoted() -> None:
    """Where the reviewer decides on the threads of one library, the recorded number of another is not put back."""
    recorded = {"variables": {"MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_CBWR": "AVX2"}}

    assert numerics.environment(recorded, {"OMP_NUM_THREADS": "4"}) == {"MKL_CBWR": "AVX2", "OMP_NUM_THREADS": "4"}
    assert numerics.environment(recorded, {"OMP_NUM_THREADS": "1"}) == recorded["variables"]
    assert numerics.environment(recorded, {}) == recorded["variables"]


def test_what_numpy_does_with_errors_is_set_again() -> None:
    """A script that sets it has no difference at every replay; a way that needs a function of its own is told."""
    script = f"{FACTS}; import numpy; print(json.dumps([numerics.apply({{'errors.numpy': WANTED}}), numerics.facts()]))"
    wanted = "divide=raise invalid=ignore over=warn under=ignore"
    lines, found = run(script.replace("WANTED", repr(wanted)))
    told, _ = run(script.replace("WANTED", repr("divide=call invalid=warn over=warn under=ignore")))

    assert (lines, found["errors.numpy"]) == ([], wanted)
    assert told == ["errors.numpy could not be set: is divide=warn invalid=warn over=warn under=ignore"]
