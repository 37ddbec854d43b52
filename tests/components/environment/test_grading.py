"""What a difference weighs: the tables, and that they know every fact this program records."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.grading import is_same_release, of_distribution, of_extra, of_fact
from reprobundle.report import Grade
from reprobundle.worker import numerics, variables

ON_CPU = frozenset({"cpu"})
ON_GPU = frozenset({"cuda"})
KNOWN_TO_DO_NOTHING = {"variables.TOKENIZERS_PARALLELISM"}


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("torch", Grade.HIGH),
        ("transformers", Grade.HIGH),
        ("tokenizers", Grade.MEDIUM),
        ("accelerate", Grade.MEDIUM),
        ("bitsandbytes", Grade.MEDIUM),
        ("triton", Grade.MEDIUM),
        ("numpy", Grade.MEDIUM),
        ("pillow", Grade.MEDIUM),
        ("nvidia-cublas-cu12", Grade.MEDIUM),
        ("opencv-python-headless", Grade.MEDIUM),
        ("requests", Grade.LOW),
        ("torchmetrics", Grade.LOW),
    ],
)
def test_distributions_weigh_by_what_they_compute(name: str, grade: Grade) -> None:
    """What computes the model is high, what feeds it or its libraries is medium, the rest is low."""
    assert of_distribution(name).grade is grade


def test_what_was_not_imported_weighs_little_unless_others_load_it() -> None:
    """An idle module had no say; the libraries of an accelerator are loaded without ever being imported."""
    assert of_distribution("transformers", imported=False) == grading.NOT_IMPORTED
    assert of_distribution("nvidia-cudnn-cu12", imported=False).grade is Grade.MEDIUM


def test_only_what_libraries_find_by_themselves_counts_as_more() -> None:
    """A distribution beside the record changes nothing unless something takes it unasked."""
    extra = of_extra("flash-attn")

    assert extra is not None
    assert extra.grade is Grade.MEDIUM
    assert of_extra("torchmetrics") is None


@pytest.mark.parametrize(
    ("name", "on_cpu", "on_gpu"),
    [
        ("torch.version", Grade.HIGH, Grade.HIGH),
        ("torch.threads", Grade.HIGH, Grade.LOW),
        ("torch.cpu_capability", Grade.HIGH, Grade.MEDIUM),
        ("torch.default_dtype", Grade.HIGH, Grade.HIGH),
        ("torch.deterministic", Grade.HIGH, Grade.HIGH),
        ("cudnn.allow_tf32", Grade.LOW, Grade.HIGH),
        ("cuda.sdp.flash", Grade.HIGH, Grade.HIGH),
        ("autocast.cpu", Grade.HIGH, Grade.HIGH),
        ("cudnn.version", Grade.LOW, Grade.MEDIUM),
        ("gpu.0.name", Grade.LOW, Grade.MEDIUM),
        ("gpu.0.memory", Grade.LOW, Grade.LOW),
        ("numpy.blas", Grade.MEDIUM, Grade.MEDIUM),
        ("library.PIL.libjpeg_turbo", Grade.MEDIUM, Grade.MEDIUM),
        ("threadpool.numpy.openblas.threads", Grade.HIGH, Grade.LOW),
        ("cpu.flags", Grade.MEDIUM, Grade.MEDIUM),
        ("cpu.model", Grade.LOW, Grade.LOW),
        ("python.version", Grade.LOW, Grade.LOW),
        ("system.name", Grade.LOW, Grade.LOW),
        ("variables.ATEN_CPU_CAPABILITY", Grade.HIGH, Grade.MEDIUM),
        ("variables.OMP_NUM_THREADS", Grade.HIGH, Grade.LOW),
        ("variables.NVIDIA_TF32_OVERRIDE", Grade.LOW, Grade.HIGH),
        ("process.CUDA_VISIBLE_DEVICES", Grade.LOW, Grade.LOW),
        ("cudnn.something_new", Grade.LOW, Grade.MEDIUM),
        ("torch.something_new", Grade.MEDIUM, Grade.MEDIUM),
        ("something.new", Grade.LOW, Grade.LOW),
    ],
)
def test_facts_weigh_by_where_the_model_ran(name: str, on_cpu: Grade, on_gpu: Grade) -> None:
    """A fact of a device that did not run the model changes nothing; a name nobody knows goes by its first word."""
    assert of_fact(name, devices=ON_CPU).grade is on_cpu
    assert of_fact(name, devices=ON_GPU).grade is on_gpu
    assert of_fact(name, devices=ON_CPU | ON_GPU).grade in {on_cpu, on_gpu}


def test_every_variable_has_a_rule() -> None:
    """No variable is recorded whose effect nobody thought about."""
    names = [f"variables.{name}" for name in variables.ALLOWED_VARIABLES]
    names += [f"process.{name}" for name in (*variables.RECORDED_VARIABLES, *variables.DEVICE_LISTS)]
    unknown = {name for name in names if of_fact(name, devices=ON_CPU | ON_GPU) == grading.NOT_KNOWN}

    assert unknown == KNOWN_TO_DO_NOTHING


@pytest.mark.slow
def test_every_fact_of_a_process_with_torch_has_a_rule() -> None:
    """No fact is recorded whose effect nobody thought about."""
    pytest.importorskip("torch")
    program = f"import torch; from {numerics.__name__} import facts; print(*facts(), sep=chr(10))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    names = [name for name in told.stdout.split() if name != numerics.VARIABLES]
    unknown = [name for name in names if of_fact(name, devices=ON_CPU | ON_GPU) == grading.NOT_KNOWN]

    assert len(names) > 50
    assert unknown == []


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2.13.0+cpu", "2.13.0+cu128", True),
        ("2.13.0", "2.13.0+cpu", True),
        ("2.13.0+cpu", "2.12.0+cpu", False),
        ("no version", "no version", False),
    ],
)
def test_a_local_label_is_no_release(first: str, second: str, same: bool) -> None:
    """Builds of one release are told apart from releases."""
    assert is_same_release(first, second) is same


def test_each_reason_is_a_line_of_its_own() -> None:
    """Reasons are short, start small and have no full stop: they stand in a table."""
    from reprobundle.components.environment.differing import grades

    rules = (*grades.DISTRIBUTIONS, *grades.FACTS, *grades.VARIABLES)

    assert [rule.why for rule in rules if len(rule.why) > 80 or rule.why.endswith(".") or rule.why[0] == " "] == []
