"""Facts that change numbers: read, put back in another process, and safe to pass on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reprobundle.worker import numerics

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


OLD_NAMES = """
torch.set_num_threads(1); torch.set_num_interop_threads(3)
torch.use_deterministic_algorithms(True, warn_only=True)
torch.set_flush_denormal(True); torch.set_float32_matmul_precision('medium'); torch.set_default_dtype(torch.float64)
torch.backends.cudnn.benchmark = True; torch.backends.cudnn.allow_tf32 = False; torch.backends.mkldnn.enabled = False
torch.backends.cuda.enable_flash_sdp(False); torch.set_autocast_enabled('cpu', True)
"""
NEW_NAMES = """
torch.backends.cuda.matmul.fp32_precision = 'tf32'; torch.backends.cudnn.conv.fp32_precision = 'ieee'
torch.backends.mkldnn.matmul.fp32_precision = 'bf16'
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
