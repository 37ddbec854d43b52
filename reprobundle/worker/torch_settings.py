"""Facts of a loaded torch that can be set again, each with its getter and its setter."""

from __future__ import annotations

import importlib
import warnings
from typing import Any, Dict, List, Mapping, Tuple

# alone as the worker it has no package, and its modules one beginning of their names
_readings: Any = importlib.import_module(__name__.replace("torch_settings", "readings"))


def facts(torch: Any) -> Dict[str, Any]:
    """How everything is set now, by dotted name."""
    found: Dict[str, Any] = _readings.readings({name: read for name, (read, _) in SETTINGS.items()}, torch)
    return found


def apply(torch: Any, wanted: Mapping[str, Any]) -> List[str]:
    """Set what is wanted; one line for each setting that could not be set."""
    lines = [_set(torch, name, wanted[name]) for name in SETTINGS if name in wanted]
    return [line for line in lines if line]


def _set(torch: Any, name: str, wanted: Any) -> str:
    read, write = SETTINGS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem = ""
        try:
            if _readings.plain(read(torch)) == wanted:
                return ""
            write(torch, wanted)
        except _readings.ABSENT as error:
            problem = ": " + (str(error).splitlines() or [type(error).__name__])[0][:200]
        now = _readings.readings({name: read}, torch).get(name)
    return "" if now == wanted else f"{name} could not be set: wanted {wanted!r}, is {now!r}{problem}"


def _flushes_denormals(torch: Any) -> bool:
    """There is no getter, so a product that is a denormal number is made."""
    return bool((torch.tensor([1e-300], dtype=torch.float64) * 1e-10).item() == 0.0)


def _attribute(path: str) -> Tuple[Any, Any]:
    owner, _, last = path.rpartition(".")
    get = _readings.getter
    return get(path), lambda torch, value: setattr(get(owner)(torch), last, value)


def _calls(getter: str, setter: str) -> Tuple[Any, Any]:
    get = _readings.getter
    return lambda torch: get(getter)(torch)(), lambda torch, value: get(setter)(torch)(value)


def _autocast(device: str) -> Tuple[Any, Any]:
    return (
        lambda torch: torch.is_autocast_enabled(device),
        lambda torch, value: torch.set_autocast_enabled(device, value),
    )


def _autocast_dtype(device: str) -> Tuple[Any, Any]:
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


# in the order they are applied: the coarse precision setting first, because the finer ones stand on it
SETTINGS: Dict[str, Tuple[Any, Any]] = {
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
    "cudnn.fp32_precision": _attribute("backends.cudnn.fp32_precision"),
    "mkldnn.fp32_precision": _attribute("backends.mkldnn.fp32_precision"),
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
    "cudnn.benchmark_limit": _attribute("backends.cudnn.benchmark_limit"),
    "cudnn.conv.fp32_precision": _attribute("backends.cudnn.conv.fp32_precision"),
    "cudnn.rnn.fp32_precision": _attribute("backends.cudnn.rnn.fp32_precision"),
    "mkldnn.enabled": _attribute("backends.mkldnn.enabled"),
    "mkldnn.deterministic": _attribute("backends.mkldnn.deterministic"),
    "mkldnn.allow_tf32": _attribute("backends.mkldnn.allow_tf32"),
    "mkldnn.matmul.fp32_precision": _attribute("backends.mkldnn.matmul.fp32_precision"),
    "mkldnn.conv.fp32_precision": _attribute("backends.mkldnn.conv.fp32_precision"),
    "mkldnn.rnn.fp32_precision": _attribute("backends.mkldnn.rnn.fp32_precision"),
    "miopen.immediate": _attribute("backends.miopen.immediate"),
    "opt_einsum.enabled": _attribute("backends.opt_einsum.enabled"),
    "opt_einsum.strategy": _attribute("backends.opt_einsum.strategy"),
    "torch.attention_fast_path": _calls("backends.mha.get_fastpath_enabled", "backends.mha.set_fastpath_enabled"),
    "autocast.cpu": _autocast("cpu"),
    "autocast.cpu.dtype": _autocast_dtype("cpu"),
    "autocast.cuda": _autocast("cuda"),
    "autocast.cuda.dtype": _autocast_dtype("cuda"),
}
