"""Facts of the libraries this process has loaded: their versions, and which arithmetic code they chose.

A worker loads less than a process that trained, so these facts are compared only where both sides tell them.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from typing import Any, Callable, Dict, List, Mapping

SITE_FOLDERS = ("site-packages", "dist-packages")
NAMES = {  # where the name they are imported by is not the one they are known by
    **{name: name for name in (
        "accelerate", "apex", "av", "bitsandbytes", "cupy", "deepspeed", "flash_attn", "jax", "jaxlib", "kernels",
        "librosa", "numba", "numexpr", "onnxruntime", "pandas", "peft", "scipy", "sentencepiece", "skimage", "sklearn",
        "soundfile", "tensorflow", "timm", "tokenizers", "torchao", "torchaudio", "torchcodec", "torchvision",
        "transformer_engine", "transformers", "triton", "xformers", "xgboost",
    )},
    "PIL": "pillow",
    "cv2": "opencv",
}  # fmt: skip
NUMPY_ERRORS = "errors.numpy"
SETTINGS = (NUMPY_ERRORS,)
ERRORS = ("divide", "invalid", "over", "under")
WAYS = ("ignore", "print", "raise", "warn")  # the other two call a function that no bundle brings
DUPLICATES = "KMP_DUPLICATE_LIB_OK"
POOL_FIELDS = {
    "version": "version",
    "architecture": "architecture",
    "threading_layer": "threading_layer",
    "num_threads": "threads",
}

# alone as the worker it has no package, and its modules one beginning of their names
_readings: Any = importlib.import_module(__name__.replace("libraries", "readings"))


def facts() -> Dict[str, Any]:
    """What the loaded libraries tell, by dotted name; nothing is imported to ask it, but `threadpoolctl`."""
    found = {known + ".version": version for name, known in NAMES.items() for version in [_version(name)] if version}
    found.update(_readings.readings(_TABLE, None))
    found.update(_thread_pools())
    return found


def settings() -> Dict[str, Any]:
    """How that is set now which `apply` can set, of the libraries that are loaded."""
    found: Dict[str, Any] = _readings.readings({name: _TABLE[name] for name in SETTINGS}, None)
    return found


def apply(wanted: Mapping[str, Any]) -> List[str]:
    """Set what is wanted of the libraries that are loaded; one line for what could not be set."""
    if NUMPY_ERRORS not in wanted:
        return []
    if "numpy" not in sys.modules:
        return [NUMPY_ERRORS + " could not be set: numpy is not loaded"]
    numpy = sys.modules["numpy"]
    pairs = [word.partition("=")[::2] for word in str(wanted[NUMPY_ERRORS]).split()]
    numpy.seterr(**{name: way for name, way in pairs if name in ERRORS and way in WAYS})
    now = _joined(numpy.geterr())
    return [] if now == wanted[NUMPY_ERRORS] else [NUMPY_ERRORS + " could not be set: is " + now]


def _version(name: str) -> str:
    """Asked of the module's dictionary: a lazy module would import more to answer."""
    version = getattr(sys.modules.get(name), "__dict__", {}).get("__version__")
    return version[:100] if isinstance(version, str) else ""


def _loaded(name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda _: read(_readings.loaded(name))


def _build(numpy: Any, library: str) -> str:
    found = numpy.show_config(mode="dicts")["Build Dependencies"][library]
    return (str(found.get("name", "")) + " " + str(found.get("version", ""))).strip()


def _simd(numpy: Any) -> str:
    found = numpy.show_config(mode="dicts")["SIMD Extensions"]
    return " ".join([*found["baseline"], *found.get("found", [])])


def _joined(pairs: Mapping[str, Any]) -> str:
    return " ".join(name + "=" + str(pairs[name]) for name in sorted(pairs))


def _ffmpeg(av: Any) -> str:
    return ".".join(str(part) for part in av.library_versions["libavcodec"])


def _built(opencv: Any, library: str) -> str:
    matched = re.search(r"\n\s*" + library + r":\s*([^\n]{1,100})", opencv.getBuildInformation())
    return re.sub(r"\S*[/\\]\S*", "", matched.group(1)).strip() if matched else ""


_TABLE = {
    "numpy.version": _loaded("numpy", lambda numpy: numpy.__version__),
    "numpy.blas": _loaded("numpy", lambda numpy: _build(numpy, "blas")),
    "numpy.lapack": _loaded("numpy", lambda numpy: _build(numpy, "lapack")),
    "numpy.simd": _loaded("numpy", _simd),
    NUMPY_ERRORS: _loaded("numpy", lambda numpy: _joined(numpy.geterr())),
    "pillow.libjpeg_turbo": _loaded("PIL._imaging", lambda pillow: pillow.libjpeg_turbo_version),
    "pillow.openjpeg": _loaded("PIL._imaging", lambda pillow: pillow.jp2klib_version),
    "pillow.libtiff": _loaded("PIL._imaging", lambda pillow: pillow.libtiff_version.splitlines()[0]),
    "pillow.webp": _loaded("PIL._webp", lambda webp: webp.webpdecoder_version),
    "opencv.threads": _loaded("cv2", lambda opencv: opencv.getNumThreads()),
    "opencv.optimized": _loaded("cv2", lambda opencv: opencv.useOptimized()),
    "opencv.ipp": _loaded("cv2", lambda opencv: opencv.ipp.useIPP()),
    "opencv.jpeg": _loaded("cv2", lambda opencv: _built(opencv, "JPEG")),
    "av.libavcodec": _loaded("av", _ffmpeg),
    "torchvision.images": _loaded("torchvision", lambda vision: vision.get_image_backend()),
    "jax.x64": _loaded("jax", lambda jax: jax.config.jax_enable_x64),
    "jax.matmul_precision": _loaded("jax", lambda jax: jax.config.jax_default_matmul_precision),
}


def _thread_pools() -> Dict[str, Any]:
    """Arithmetic libraries with threads of their own, named by who brought them: ``threadpool.numpy.openblas.version``."""
    before = os.environ.get(DUPLICATES)
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {}
    if before is None:
        os.environ.pop(DUPLICATES, None)  # it sets it for Intel's OpenMP, and the process is the person's own
    found: Dict[str, Any] = {}
    for name, pool in _named(threadpool_info()):
        told = {field: pool.get(key) for key, field in POOL_FIELDS.items()}
        found.update({name + "." + field: value for field, value in told.items() if value is not None})
    return found


def _named(pools: List[Dict[str, Any]]) -> List[Any]:
    """Each with its name; the second of one name has a number, in an order that no address decides."""
    named = sorted(
        ("threadpool." + _owner(str(pool.get("filepath", ""))) + "." + str(pool.get("internal_api")), str(pool), pool)
        for pool in [{key: pool[key] for key in sorted(pool)} for pool in pools]
    )
    seen: Dict[str, int] = {}
    result = []
    for name, _, pool in named:
        seen[name] = seen.get(name, 0) + 1
        result.append((name if seen[name] == 1 else name + "." + str(seen[name]), pool))
    return result


def _owner(path: str) -> str:
    """The package whose folder a library lies in; ``environment`` below this Python's own, ``system`` elsewhere."""
    parts = re.split(r"[/\\]", path)
    places = [place for place, part in enumerate(parts) if part in SITE_FOLDERS]
    if places and places[-1] + 2 < len(parts):
        return re.sub(r"\W", "_", parts[places[-1] + 1].partition(".")[0])[:64]
    prefixes = {os.path.realpath(folder) + os.sep for folder in (sys.prefix, sys.base_prefix)}
    mine = not any(folder in {"/", "/usr/"} for folder in prefixes) and os.path.realpath(path).startswith(
        tuple(prefixes)
    )
    return "environment" if mine else "system"
