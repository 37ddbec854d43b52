"""What changes numbers besides code and weights: read as facts, and put back where a setting can be put back.

`facts` reads the process it is called in and imports nothing heavy: torch and numpy are asked only when they are
loaded already. `apply` sets what `settings` picked out of the facts of another process. Standard library only; used by
the program and by the worker alike.
"""

from __future__ import annotations

import math
import os
import platform
import re
import sys
import unicodedata
import warnings
from collections.abc import Mapping
from typing import Any, Callable

VARIABLES = "variables"
SAFE_NUMBER = r"[0-9]{1,4}"
SAFE_SWITCH = r"(?i:0|1|true|false|on|off|yes|no)"
SAFE_WORDS = r"[A-Za-z0-9_]{1,32}(,[A-Za-z0-9_]{1,32}){0,7}"
ALLOWED_VARIABLES = {
    "ATEN_CPU_CAPABILITY": SAFE_WORDS,
    "CUBLAS_WORKSPACE_CONFIG": r"(:[0-9]{1,6}:[0-9]{1,4}){1,8}",
    "CUDA_LAUNCH_BLOCKING": SAFE_SWITCH,
    "DNNL_DEFAULT_FPMATH_MODE": SAFE_WORDS,
    "DNNL_MAX_CPU_ISA": SAFE_WORDS,
    "KMP_DETERMINISTIC_REDUCTION": SAFE_SWITCH,
    "MIOPEN_DEBUG_CONVOLUTION_ATTRIB_FP16_ALT_IMPL": SAFE_SWITCH,
    "MKL_CBWR": SAFE_WORDS,
    "MKL_DYNAMIC": SAFE_SWITCH,
    "MKL_ENABLE_INSTRUCTIONS": SAFE_WORDS,
    "MKL_NUM_THREADS": SAFE_NUMBER,
    "NCCL_ALGO": SAFE_WORDS,
    "NCCL_PROTO": SAFE_WORDS,
    "NUMEXPR_NUM_THREADS": SAFE_NUMBER,
    "NVIDIA_TF32_OVERRIDE": SAFE_SWITCH,
    "OMP_DYNAMIC": SAFE_SWITCH,
    "OMP_NUM_THREADS": r"[0-9]{1,4}(,[0-9]{1,4}){0,7}",
    "ONEDNN_DEFAULT_FPMATH_MODE": SAFE_WORDS,
    "ONEDNN_MAX_CPU_ISA": SAFE_WORDS,
    "OPENBLAS_CORETYPE": SAFE_WORDS,
    "OPENBLAS_NUM_THREADS": SAFE_NUMBER,
    "PYTHONHASHSEED": r"random|[0-9]{1,10}",
    "ROCBLAS_INTERNAL_FP16_ALT_IMPL": SAFE_SWITCH,
    "TF_ENABLE_ONEDNN_OPTS": SAFE_SWITCH,
    "TOKENIZERS_PARALLELISM": SAFE_SWITCH,
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": SAFE_SWITCH,
    "TORCH_BLAS_PREFER_CUBLASLT": SAFE_SWITCH,
    "VECLIB_MAXIMUM_THREADS": SAFE_NUMBER,
}
ABSENT = (AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError, AssertionError, OSError)
CPU_INFO = "/proc/cpuinfo"
DRIVER_VERSION = "/proc/driver/nvidia/version"

Read = Callable[[Any], Any]
Write = Callable[[Any, Any], Any]


def facts() -> dict[str, Any]:
    """Every fact of this process that changes numbers, by dotted name, as plain JSON with finite numbers.

    What cannot be read is absent. ``variables`` holds the allow-listed environment variables by name.
    """
    found = _readings(_PYTHON_FACTS, None)
    found[VARIABLES] = {name: os.environ[name] for name in sorted(ALLOWED_VARIABLES) if _is_safe(name, os.environ)}
    if "numpy" in sys.modules:
        found.update(_readings(_NUMPY_FACTS, sys.modules["numpy"]))
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        found.update(_readings(_TORCH_FACTS, torch))
        found.update(_readings({name: read for name, (read, _) in _SETTINGS.items()}, torch))
        found.update(_gpu_facts(torch))
    return dict(sorted(found.items()))


def settings(found: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the facts that `apply` can set."""
    return {name: found[name] for name in _SETTINGS if name in found}


def apply(wanted: Mapping[str, Any]) -> list[str]:
    """Set this process's torch the way it was recorded, before the model runs.

    Args:
        wanted: What `settings` gave, read back from a document.

    Returns:
        One line for each setting that could not be set, with what was wanted and what is now.
    """
    names = [name for name in _SETTINGS if name in wanted]
    if "torch" not in sys.modules:
        return ["numeric settings were not applied: torch is not loaded"] if names else []
    torch = sys.modules["torch"]
    lines = [_set(torch, name, wanted[name]) for name in names]
    return [line for line in lines if line]


def environment(found: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, str]:
    """Environment variables to start a process with, so that it computes as the recorded one did.

    Args:
        found: The recorded facts.
        own: The reviewer's environment, whose values win; only allow-listed names are taken from it.
    """
    recorded = found.get(VARIABLES)
    both = {**(recorded if isinstance(recorded, Mapping) else {}), **own_variables(own)}
    return {name: both[name] for name in sorted(ALLOWED_VARIABLES) if _is_safe(name, both)}


def own_variables(own: Mapping[str, str]) -> dict[str, str]:
    """The allow-listed variables with safe values in an environment."""
    return {name: own[name] for name in sorted(ALLOWED_VARIABLES) if _is_safe(name, own)}


def _is_safe(name: str, variables: Mapping[str, Any]) -> bool:
    value = variables.get(name)
    return isinstance(value, str) and re.fullmatch(ALLOWED_VARIABLES[name], value, re.ASCII) is not None


def _readings(table: Mapping[str, Read], subject: Any) -> dict[str, Any]:
    """Each read under its own guard: a library that lacks one fact still tells the others."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some getters announce that they will be renamed
        for name, read in table.items():
            try:
                value = _plain(read(subject))
            except ABSENT:
                continue
            if value is not None:
                found[name] = value
    return found


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)


def _set(torch: Any, name: str, wanted: Any) -> str:
    read, write = _SETTINGS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem = ""
        try:
            if _plain(read(torch)) == wanted:
                return ""
            write(torch, wanted)
        except ABSENT as error:
            problem = ": " + (str(error).splitlines() or [type(error).__name__])[0][:200]
        now = _readings({name: read}, torch).get(name)
    return "" if now == wanted else f"{name} could not be set: wanted {wanted!r}, is {now!r}{problem}"


def _libc() -> str | None:
    name, version = platform.libc_ver()
    return (name + " " + version).strip() or None


def _cpu_model() -> str | None:
    with open(CPU_INFO, encoding="utf-8", errors="replace") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), None)


def _driver() -> str | None:
    with open(DRIVER_VERSION, encoding="utf-8", errors="replace") as file:
        matched = re.search(r"Kernel Module\D*([0-9]+(\.[0-9]+)+)", file.read(4096))
    return matched.group(1) if matched else None


def _numpy_build(library: str) -> Read:
    def read(numpy: Any) -> str | None:
        found = numpy.show_config(mode="dicts")["Build Dependencies"][library]
        return (str(found.get("name", "")) + " " + str(found.get("version", ""))).strip()

    return read


def _built_with(word: str) -> Read:
    """The line of torch's own description of its build that names a library; paths and flags stand elsewhere in it."""

    def read(torch: Any) -> str | None:
        lines = [line.strip(" -") for line in torch.__config__.show().splitlines() if "Build settings" not in line]
        return next((line[:200] for line in lines if word in line), None)

    return read


def _blas(torch: Any) -> str | None:
    matched = re.search(r"BLAS_INFO=([A-Za-z0-9_]+)", torch.__config__.show())
    return matched.group(1) if matched else None


def _parallel_backend(torch: Any) -> str | None:
    matched = re.search(r"ATen parallel backend: ([^\n]{1,100})", torch.__config__.parallel_info())
    return matched.group(1) if matched else None


def _flushes_denormals(torch: Any) -> bool:
    """There is no getter, so a product that is a denormal number is made."""
    return bool((torch.tensor([1e-300], dtype=torch.float64) * 1e-10).item() == 0.0)


def _gpu_facts(torch: Any) -> dict[str, Any]:
    """Devices are described only where this process uses them already: asking would start the driver."""
    try:
        if not torch.cuda.is_initialized():
            return {}
        count = torch.cuda.device_count()
    except ABSENT:
        return {}
    found: dict[str, Any] = {}
    for index in range(count):
        try:
            device = torch.cuda.get_device_properties(index)
        except ABSENT:
            continue
        table = {
            f"gpu.{index}.name": lambda it: it.name,
            f"gpu.{index}.capability": lambda it: f"{it.major}.{it.minor}",
            f"gpu.{index}.multiprocessors": lambda it: it.multi_processor_count,
            f"gpu.{index}.memory": lambda it: it.total_memory,
            f"gpu.{index}.architecture": lambda it: it.gcnArchName,
        }
        found.update(_readings(table, device))
    return found


def _getter(path: str) -> Read:
    def read(torch: Any) -> Any:
        value = torch
        for step in path.split("."):
            value = getattr(value, step)
        return value

    return read


def _attribute(path: str) -> tuple[Read, Write]:
    owner, _, last = path.rpartition(".")
    return _getter(path), lambda torch, value: setattr(_getter(owner)(torch), last, value)


def _calls(getter: str, setter: str) -> tuple[Read, Write]:
    return lambda torch: _getter(getter)(torch)(), lambda torch, value: _getter(setter)(torch)(value)


def _autocast(device: str) -> tuple[Read, Write]:
    return (
        lambda torch: torch.is_autocast_enabled(device),
        lambda torch, value: torch.set_autocast_enabled(device, value),
    )


def _autocast_dtype(device: str) -> tuple[Read, Write]:
    return (
        lambda torch: torch.get_autocast_dtype(device),
        lambda torch, value: torch.set_autocast_dtype(device, _dtype(torch, value)),
    )


def _dtype(torch: Any, name: Any) -> Any:
    """The dtype called ``torch.float32`` and the like; a name that is none is refused."""
    value = getattr(torch, str(name).partition(".")[2] or "-")
    if not isinstance(value, torch.dtype):
        raise TypeError(f"{name!r} is no dtype")
    return value


def _set_deterministic(torch: Any, value: Any) -> None:
    torch.use_deterministic_algorithms(value, warn_only=torch.is_deterministic_algorithms_warn_only_enabled())


def _set_warn_only(torch: Any, value: Any) -> None:
    torch.use_deterministic_algorithms(torch.are_deterministic_algorithms_enabled(), warn_only=value)


_PYTHON_FACTS: dict[str, Read] = {
    "python.implementation": lambda _: sys.implementation.name,
    "python.version": lambda _: platform.python_version(),
    "python.unicode": lambda _: unicodedata.unidata_version,
    "python.float": lambda _: sys.float_repr_style,
    "system.name": lambda _: platform.system(),
    "system.machine": lambda _: platform.machine(),
    "system.byteorder": lambda _: sys.byteorder,
    "system.libc": lambda _: _libc(),
    "cpu.model": lambda _: _cpu_model(),
    "cpu.count": lambda _: os.cpu_count(),
    "gpu.driver": lambda _: _driver(),
}

_NUMPY_FACTS: dict[str, Read] = {
    "numpy.version": lambda numpy: numpy.__version__,
    "numpy.blas": _numpy_build("blas"),
    "numpy.lapack": _numpy_build("lapack"),
}

_TORCH_FACTS: dict[str, Read] = {
    "torch.version": _getter("version.__version__"),
    "torch.commit": _getter("version.git_version"),
    "torch.debug": _getter("version.debug"),
    "torch.cuda": _getter("version.cuda"),
    "torch.hip": _getter("version.hip"),
    "torch.blas": _blas,
    "torch.mkl": _built_with("Math Kernel Library"),
    "torch.onednn": _built_with("DNN v"),
    "torch.openmp": _built_with("OpenMP"),
    "torch.parallel_backend": _parallel_backend,
    "torch.cpu_capability": lambda torch: torch.backends.cpu.get_cpu_capability(),
    "torch.quantized_engine": _getter("backends.quantized.engine"),
    "cuda.available": lambda torch: torch.cuda.is_available(),
    "cuda.devices": lambda torch: torch.cuda.device_count(),
    "cuda.linalg_library": lambda torch: torch.backends.cuda.preferred_linalg_library(),
    "cuda.blas_library": lambda torch: torch.backends.cuda.preferred_blas_library(),
    "cudnn.version": lambda torch: torch.backends.cudnn.version(),
    "mps.available": lambda torch: torch.backends.mps.is_available(),
    "xpu.available": lambda torch: torch.xpu.is_available(),
}

# in the order they are applied: the coarse precision setting first, because the finer ones stand on it
_SETTINGS: dict[str, tuple[Read, Write]] = {
    "torch.threads": _calls("get_num_threads", "set_num_threads"),
    "torch.interop_threads": _calls("get_num_interop_threads", "set_num_interop_threads"),
    "torch.default_dtype": (
        lambda torch: torch.get_default_dtype(),
        lambda torch, value: torch.set_default_dtype(_dtype(torch, value)),
    ),
    "torch.deterministic": (lambda torch: torch.are_deterministic_algorithms_enabled(), _set_deterministic),
    "torch.deterministic_warn_only": (
        lambda torch: torch.is_deterministic_algorithms_warn_only_enabled(),
        _set_warn_only,
    ),
    "torch.fill_uninitialized_memory": _attribute("utils.deterministic.fill_uninitialized_memory"),
    "torch.flush_denormal": (_flushes_denormals, lambda torch, value: torch.set_flush_denormal(value)),
    "torch.float32_matmul_precision": _calls("get_float32_matmul_precision", "set_float32_matmul_precision"),
    "cuda.matmul.allow_tf32": _attribute("backends.cuda.matmul.allow_tf32"),
    "cudnn.allow_tf32": _attribute("backends.cudnn.allow_tf32"),
    "torch.fp32_precision": _attribute("backends.fp32_precision"),
    "cuda.matmul.fp32_precision": _attribute("backends.cuda.matmul.fp32_precision"),
    "cuda.matmul.allow_fp16_reduced_precision_reduction": _attribute(
        "backends.cuda.matmul.allow_fp16_reduced_precision_reduction"
    ),
    "cuda.matmul.allow_bf16_reduced_precision_reduction": _attribute(
        "backends.cuda.matmul.allow_bf16_reduced_precision_reduction"
    ),
    "cuda.matmul.allow_fp16_accumulation": _attribute("backends.cuda.matmul.allow_fp16_accumulation"),
    "cuda.sdp.flash": _calls("backends.cuda.flash_sdp_enabled", "backends.cuda.enable_flash_sdp"),
    "cuda.sdp.mem_efficient": _calls(
        "backends.cuda.mem_efficient_sdp_enabled", "backends.cuda.enable_mem_efficient_sdp"
    ),
    "cuda.sdp.math": _calls("backends.cuda.math_sdp_enabled", "backends.cuda.enable_math_sdp"),
    "cuda.sdp.cudnn": _calls("backends.cuda.cudnn_sdp_enabled", "backends.cuda.enable_cudnn_sdp"),
    "cuda.sdp.reduced_precision": _calls(
        "backends.cuda.fp16_bf16_reduction_math_sdp_allowed", "backends.cuda.allow_fp16_bf16_reduction_math_sdp"
    ),
    "cudnn.enabled": _attribute("backends.cudnn.enabled"),
    "cudnn.deterministic": _attribute("backends.cudnn.deterministic"),
    "cudnn.benchmark": _attribute("backends.cudnn.benchmark"),
    "cudnn.conv.fp32_precision": _attribute("backends.cudnn.conv.fp32_precision"),
    "cudnn.rnn.fp32_precision": _attribute("backends.cudnn.rnn.fp32_precision"),
    "mkldnn.enabled": _attribute("backends.mkldnn.enabled"),
    "mkldnn.deterministic": _attribute("backends.mkldnn.deterministic"),
    "mkldnn.matmul.fp32_precision": _attribute("backends.mkldnn.matmul.fp32_precision"),
    "mkldnn.conv.fp32_precision": _attribute("backends.mkldnn.conv.fp32_precision"),
    "mkldnn.rnn.fp32_precision": _attribute("backends.mkldnn.rnn.fp32_precision"),
    "opt_einsum.enabled": _attribute("backends.opt_einsum.enabled"),
    "autocast.cpu": _autocast("cpu"),
    "autocast.cpu.dtype": _autocast_dtype("cpu"),
    "autocast.cuda": _autocast("cuda"),
    "autocast.cuda.dtype": _autocast_dtype("cuda"),
}
