"""Facts of a loaded torch that cannot be set: its build, its libraries, its devices, its compiler, its group."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any, Dict, List, Optional

MAPS = "/proc/self/maps"

# alone as the worker it has no package, and its modules one beginning of their names
_readings: Any = importlib.import_module(__name__.replace("torch_facts", "readings"))


def facts(torch: Any) -> Dict[str, Any]:
    """Everything of this kind, by dotted name."""
    found: Dict[str, Any] = _readings.readings(_FACTS, torch)
    for module, table in _COMPILERS.items():
        if module in sys.modules:
            found.update(_readings.readings(table, sys.modules[module]))
    found.update(_group_facts(torch))
    found.update(_gpu_facts(torch))
    return found


def _built_with(word: str) -> Any:
    """The line of torch's own description of its build that names a library; paths and flags stand elsewhere in it."""

    def read(torch: Any) -> Optional[str]:
        lines = [line.strip(" -") for line in torch.__config__.show().splitlines() if "Build settings" not in line]
        return next((line[:200] for line in lines if word in line), None)

    return read


def _blas(torch: Any) -> Optional[str]:
    matched = re.search(r"BLAS_INFO=([A-Za-z0-9_]+)", torch.__config__.show())
    return matched.group(1) if matched else None


def _parallel_backend(torch: Any) -> Optional[str]:
    matched = re.search(r"ATen parallel backend: ([^\n]{1,100})", torch.__config__.parallel_info())
    return matched.group(1) if matched else None


def _cuda_runtime(torch: Any) -> Optional[str]:
    """The runtime library that is loaded, which need not be the one torch was built with."""
    if torch.version.cuda is None:
        return None
    with open(MAPS, encoding="utf-8", errors="replace") as file:
        path = next((line.split(None, 5)[5].strip() for line in file if "libcudart" in line), None)
    return None if path is None else _runtime_version(path)


def _runtime_version(path: str) -> str:
    import ctypes

    version = ctypes.c_int(0)
    status = ctypes.CDLL(path).cudaRuntimeGetVersion(ctypes.byref(version))
    if status != 0:
        raise RuntimeError("cudaRuntimeGetVersion: status " + str(status))
    return str(version.value // 1000) + "." + str(version.value % 1000 // 10)


def _rocm_attention(torch: Any) -> Any:
    return torch.backends.cuda.preferred_rocm_fa_library() if torch.version.hip else None


def _nccl(torch: Any) -> str:
    return ".".join(str(part) for part in torch.cuda.nccl.version())


def _group_facts(torch: Any) -> Dict[str, Any]:
    """How many processes train together, and over what."""
    try:
        group = torch.distributed
        if not (group.is_available() and group.is_initialized()):
            return {}
    except _readings.ABSENT:
        return {}
    table = {
        "distributed.world_size": lambda it: it.get_world_size(),
        "distributed.backend": lambda it: it.get_backend(),
    }
    found: Dict[str, Any] = _readings.readings(table, group)
    return found


def _gpu_facts(torch: Any) -> Dict[str, Any]:
    """Devices are described only where this process uses them already: asking would start the driver."""
    try:
        if not torch.cuda.is_initialized():
            return {}
        count = torch.cuda.device_count()
    except _readings.ABSENT:
        return {}
    found: Dict[str, Any] = {}
    for index in range(count):
        try:
            device = torch.cuda.get_device_properties(index)
        except _readings.ABSENT:
            continue
        table = {
            f"gpu.{index}.name": lambda it: it.name,
            f"gpu.{index}.capability": lambda it: f"{it.major}.{it.minor}",
            f"gpu.{index}.multiprocessors": lambda it: it.multi_processor_count,
            f"gpu.{index}.memory": lambda it: it.total_memory,
            f"gpu.{index}.architecture": lambda it: it.gcnArchName,
        }
        found.update(_readings.readings(table, device))
    return found


def _called(path: str) -> Any:
    return lambda torch: _readings.getter(path)(torch)()


def _attributes(prefix: str, names: List[str]) -> Dict[str, Any]:
    return {prefix + name: _readings.getter(name) for name in names}


_get = _readings.getter
_FACTS = {
    "torch.version": _get("version.__version__"),
    "torch.commit": _get("version.git_version"),
    "torch.debug": _get("version.debug"),
    "torch.cuda": _get("version.cuda"),
    "torch.hip": _get("version.hip"),
    "torch.xpu": _get("version.xpu"),
    "torch.blas": _blas,
    "torch.mkl": _built_with("Math Kernel Library"),
    "torch.onednn": _built_with("DNN v"),
    "torch.openmp": _built_with("OpenMP"),
    "torch.parallel_backend": _parallel_backend,
    "torch.cpu_capability": _called("backends.cpu.get_cpu_capability"),
    "torch.quantized_engine": _get("backends.quantized.engine"),
    "torch.default_device": _called("get_default_device"),
    "torch.jit.fuser": _called("_C._jit_texpr_fuser_enabled"),
    "mkl.available": _called("backends.mkl.is_available"),
    "mkldnn.available": _called("backends.mkldnn.is_available"),
    "kleidiai.available": _called("backends.kleidiai.is_available"),
    "opt_einsum.available": _called("backends.opt_einsum.is_available"),
    "cuda.available": _called("cuda.is_available"),
    "cuda.devices": _called("cuda.device_count"),
    "cuda.runtime": _cuda_runtime,
    "cuda.nccl": _nccl,
    "cuda.linalg_library": _called("backends.cuda.preferred_linalg_library"),
    "cuda.blas_library": _called("backends.cuda.preferred_blas_library"),
    "cuda.rocm_fa_library": _rocm_attention,
    "cuda.sdp.flash_built": _called("backends.cuda.is_flash_attention_available"),
    "cuda.sdp.priority": _called("_C._get_sdp_priority_order"),
    "cudnn.version": _called("backends.cudnn.version"),
    "cusparselt.version": _called("backends.cusparselt.version"),
    "mps.available": _called("backends.mps.is_available"),
    "xpu.available": _called("xpu.is_available"),
}

_COMPILERS = {  # any optimizer loads torch._dynamo, so that these are told more often than models are compiled
    "torch._dynamo.config": _attributes(
        "compile.dynamo.", ["suppress_errors", "disable", "dynamic_shapes", "assume_static_by_default"]
    ),
    "torch._inductor.config": _attributes(
        "compile.inductor.",
        ["cpp.enable_floating_point_contract_flag", "cpp.enable_unsafe_math_opt_flag", "cpp.simdlen",
         "emulate_precision_casts", "fallback_random", "freezing", "max_autotune", "max_autotune_gemm_backends"],
    ),
}  # fmt: skip
