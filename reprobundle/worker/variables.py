"""Environment variables that change numbers: which, and what a value may look like.

The two tables are all that is ever read of an environment. No pattern lets a path, an address or a line break through.
"""

from __future__ import annotations

import os
import re
from typing import Any, Dict, Mapping

NUMBER = r"[0-9]{1,4}"
LARGE_NUMBER = r"[0-9]{1,12}"
SWITCH = r"(?i:0|1|true|false|on|off|yes|no)"
WORDS = r"[A-Za-z0-9_]{1,32}(,[A-Za-z0-9_]{1,32}){0,7}"
NUMBERS = r"[0-9]{1,4}(,[0-9]{1,4}){0,7}"
PLACES = r"[0-9]{1,4}(-[0-9]{1,4})?(:[0-9]{1,4})?([ ,][0-9]{1,4}(-[0-9]{1,4})?(:[0-9]{1,4})?){0,63}"
OPTIONS = r"[a-z_]{1,40}:[A-Za-z0-9_.]{1,32}(,[a-z_]{1,40}:[A-Za-z0-9_.]{1,32}){0,15}"
LIBRARIES = r"[\^=]?[A-Za-z0-9_]{1,32}([,;][\^=]?[A-Za-z0-9_]{1,32}){0,7}"

ALLOWED_VARIABLES = {
    "ATEN_CPU_CAPABILITY": WORDS,
    "BLIS_ARCH_TYPE": WORDS,
    "BLIS_NUM_THREADS": NUMBER,
    "CUBLASLT_WORKSPACE_SIZE": LARGE_NUMBER,
    "CUBLAS_EMULATE_DOUBLE_PRECISION": SWITCH,
    "CUBLAS_EMULATE_SINGLE_PRECISION": SWITCH,
    "CUBLAS_EMULATION_STRATEGY": WORDS,
    "CUBLAS_WORKSPACE_CONFIG": r"(:[0-9]{1,6}:[0-9]{1,4}){1,8}",
    "CUDA_LAUNCH_BLOCKING": SWITCH,
    "DISABLE_ADDMM_CUDA_LT": SWITCH,
    "DNNL_DEFAULT_FPMATH_MODE": WORDS,
    "DNNL_MAX_CPU_ISA": WORDS,
    "FLASH_ATTENTION_DETERMINISTIC": SWITCH,
    "GOTO_NUM_THREADS": NUMBER,
    "HIPBLASLT_ALLOW_TF32": SWITCH,
    "HIPBLAS_WORKSPACE_CONFIG": r"(:[0-9]{1,6}:[0-9]{1,4}){1,8}",
    "JAX_DEFAULT_MATMUL_PRECISION": WORDS,
    "JAX_ENABLE_X64": SWITCH,
    "KMP_DETERMINISTIC_REDUCTION": SWITCH,
    "KMP_FORCE_REDUCTION": WORDS,
    "MIOPEN_CONVOLUTION_MAX_WORKSPACE": LARGE_NUMBER,
    "MIOPEN_DEBUG_CONVOLUTION_ATTRIB_FP16_ALT_IMPL": SWITCH,
    "MIOPEN_DEBUG_CONV_DIRECT": SWITCH,
    "MIOPEN_DEBUG_CONV_FFT": SWITCH,
    "MIOPEN_DEBUG_CONV_GEMM": SWITCH,
    "MIOPEN_DEBUG_CONV_IMPLICIT_GEMM": SWITCH,
    "MIOPEN_DEBUG_CONV_WINOGRAD": SWITCH,
    "MIOPEN_FIND_ENFORCE": WORDS,
    "MIOPEN_FIND_MODE": WORDS,
    "MKL_CBWR": WORDS,
    "MKL_DEBUG_CPU_TYPE": NUMBER,
    "MKL_DOMAIN_NUM_THREADS": r"[A-Z_]{1,24}=[0-9]{1,4}([ ,;][A-Z_]{1,24}=[0-9]{1,4}){0,7}",
    "MKL_DYNAMIC": SWITCH,
    "MKL_ENABLE_INSTRUCTIONS": WORDS,
    "MKL_INTERFACE_LAYER": WORDS,
    "MKL_NUM_THREADS": NUMBER,
    "MKL_THREADING_LAYER": WORDS,
    "NCCL_ALGO": LIBRARIES,
    "NCCL_MAX_NCHANNELS": NUMBER,
    "NCCL_MIN_NCHANNELS": NUMBER,
    "NCCL_NTHREADS": NUMBER,
    "NCCL_NVLS_ENABLE": NUMBER,
    "NCCL_PROTO": LIBRARIES,
    "NPY_DISABLE_CPU_FEATURES": r"[A-Z0-9_]{1,24}([ ,][A-Z0-9_]{1,24}){0,15}",
    "NUMBA_CPU_NAME": WORDS,
    "NUMBA_DISABLE_JIT": SWITCH,
    "NUMBA_NUM_THREADS": NUMBER,
    "NUMEXPR_NUM_THREADS": NUMBER,
    "NVIDIA_TF32_OVERRIDE": SWITCH,
    "NVTE_ALLOW_NONDETERMINISTIC_ALGO": SWITCH,
    "NVTE_FLASH_ATTN": SWITCH,
    "NVTE_FUSED_ATTN": SWITCH,
    "OMP_DYNAMIC": SWITCH,
    "OMP_MAX_ACTIVE_LEVELS": NUMBER,
    "OMP_NESTED": SWITCH,
    "OMP_NUM_THREADS": NUMBERS,
    "OMP_SCHEDULE": r"[a-z:]{1,24}(,[0-9]{1,9})?",
    "OMP_THREAD_LIMIT": NUMBER,
    "ONEDNN_DEFAULT_FPMATH_MODE": WORDS,
    "ONEDNN_MAX_CPU_ISA": WORDS,
    "OPENBLAS_CORETYPE": WORDS,
    "OPENBLAS_NUM_THREADS": NUMBER,
    "PYTHONHASHSEED": r"random|[0-9]{1,10}",
    "PYTORCH_ENABLE_MPS_FALLBACK": SWITCH,
    "PYTORCH_JIT": SWITCH,
    "PYTORCH_MPS_FAST_MATH": SWITCH,
    "PYTORCH_MPS_PREFER_METAL": SWITCH,
    "PYTORCH_TUNABLEOP_ENABLED": SWITCH,
    "PYTORCH_TUNABLEOP_TUNING": SWITCH,
    "ROCBLAS_DEFAULT_ATOMICS_MODE": SWITCH,
    "ROCBLAS_INTERNAL_FP16_ALT_IMPL": SWITCH,
    "ROCBLAS_USE_HIPBLASLT": SWITCH,
    "TF_CUDNN_DETERMINISTIC": SWITCH,
    "TF_DETERMINISTIC_OPS": SWITCH,
    "TF_ENABLE_ONEDNN_OPTS": SWITCH,
    "TOKENIZERS_PARALLELISM": SWITCH,
    "TORCHDYNAMO_DISABLE": SWITCH,
    "TORCHDYNAMO_SUPPRESS_ERRORS": SWITCH,
    "TORCHINDUCTOR_EMULATE_PRECISION_CASTS": SWITCH,
    "TORCHINDUCTOR_FREEZING": SWITCH,
    "TORCHINDUCTOR_MAX_AUTOTUNE": SWITCH,
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": SWITCH,
    "TORCH_BLAS_PREFER_CUBLASLT": SWITCH,
    "TORCH_BLAS_PREFER_HIPBLASLT": SWITCH,
    "TORCH_COMPILE_DISABLE": SWITCH,
    "TORCH_CUDNN_V8_API_DISABLED": SWITCH,
    "TORCH_LINALG_PREFER_CUSOLVER": SWITCH,
    "TORCH_LINALG_PREFER_MAGMA": SWITCH,
    "TORCH_ROCM_AOTRITON_ENABLE_EXPERIMENTAL": SWITCH,
    "TORCH_ROCM_FA_PREFER_CK": SWITCH,
    "TRITON_F32_DEFAULT": WORDS,
    "TRITON_INTERPRET": SWITCH,
    "VECLIB_MAXIMUM_THREADS": NUMBER,
}
"""May be set again at a replay."""

RECORDED_VARIABLES = {
    "CUDA_DEVICE_MAX_CONNECTIONS": NUMBER,
    "CUDA_DEVICE_ORDER": WORDS,
    "CUDA_MODULE_LOADING": WORDS,
    "GLIBC_TUNABLES": r"glibc\.cpu\.hwcaps=[-A-Za-z0-9_,]{1,200}",
    "GOMP_CPU_AFFINITY": PLACES,
    "GPU_MAX_HW_QUEUES": NUMBER,
    "HSA_ENABLE_SDMA": SWITCH,
    "HSA_OVERRIDE_GFX_VERSION": r"[0-9]{1,2}(\.[0-9]{1,2}){2}",
    "HSA_XNACK": SWITCH,
    "JAX_PLATFORMS": WORDS,
    "KMP_AFFINITY": r"[a-z0-9]{1,16}([,=][a-z0-9]{1,16}){0,7}",
    "KMP_BLOCKTIME": r"[0-9]{1,9}|infinite",
    "LOCAL_WORLD_SIZE": NUMBER,
    "NCCL_COLLNET_ENABLE": SWITCH,
    "NCCL_CUMEM_ENABLE": SWITCH,
    "NCCL_IB_DISABLE": SWITCH,
    "NCCL_P2P_DISABLE": SWITCH,
    "NCCL_P2P_LEVEL": WORDS,
    "NCCL_SHM_DISABLE": SWITCH,
    "NPY_ENABLE_CPU_FEATURES": r"[A-Z0-9_]{1,24}([ ,][A-Z0-9_]{1,24}){0,15}",
    "OMP_PLACES": r"(threads|cores|sockets|ll_caches|numa_domains)(\([0-9]{1,4}\))?",
    "OMP_PROC_BIND": WORDS,
    "PYTORCH_ALLOC_CONF": OPTIONS,
    "PYTORCH_CUDA_ALLOC_CONF": OPTIONS,
    "PYTORCH_HIP_ALLOC_CONF": OPTIONS,
    "PYTORCH_NO_CUDA_MEMORY_CACHING": SWITCH,
    "TORCH_CUDA_ARCH_LIST": r"[0-9]{1,2}\.[0-9]a?(\+PTX)?([ ;,][0-9]{1,2}\.[0-9]a?(\+PTX)?){0,15}",
    "TORCH_NCCL_BLOCKING_WAIT": SWITCH,
    "WORLD_SIZE": NUMBER,
    "XLA_PYTHON_CLIENT_MEM_FRACTION": r"[0-9]?\.[0-9]{1,4}",
}
"""Told, but of the machine or job it ran on: never set again at a replay."""

DEVICE_LISTS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK")
"""Name devices of the machine; only how many they name is recorded."""


THREAD_COUNTS = (
    "BLIS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_DOMAIN_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
"""Each decides on the threads of one library, and some of them outvote others."""


def settable(variables: Mapping[str, Any]) -> Dict[str, str]:
    """The variables that a replay may set, those whose values have the expected form, sorted by name."""
    return _safe(ALLOWED_VARIABLES, variables)


def of_the_job() -> Dict[str, Any]:
    """Facts from this process's variables that are only recorded: ``process.NAME``, lists of devices as their length."""
    found: Dict[str, Any] = {"process." + name: value for name, value in _safe(RECORDED_VARIABLES, os.environ).items()}
    for name in DEVICE_LISTS:
        if name in os.environ:
            found["process." + name] = len([part for part in os.environ[name].split(",") if part.strip()])
    return found


def _safe(patterns: Mapping[str, str], variables: Mapping[str, Any]) -> Dict[str, str]:
    found = {}
    for name in sorted(patterns):
        value = variables.get(name)
        if isinstance(value, str) and re.fullmatch(patterns[name], value, re.ASCII):
            found[name] = value
    return found
