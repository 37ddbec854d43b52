"""How much a difference between two environments can change a model's numbers, and why: tables, read from the top.

A name takes the first rule whose pattern it fits (``*`` stands for anything). A name that no rule knows is low. What
decides on a processor may decide nothing where a model runs on an accelerator, so a rule can hold a second grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from reprobundle.report import Grade

CRITICAL, HIGH, MEDIUM, LOW = Grade.CRITICAL, Grade.HIGH, Grade.MEDIUM, Grade.LOW


@dataclass(frozen=True)
class Judgement:
    """What one difference weighs.

    Attributes:
        grade: How much it can change numbers.
        why: The reason, in a few words.
    """

    grade: Grade
    why: str


@dataclass(frozen=True)
class Rule:
    """A grade for every name that fits a pattern.

    Attributes:
        patterns: Names, ``*`` for any part of them.
        grade: The grade.
        why: The reason, in a few words.
        elsewhere: The grade where the model runs on an accelerator, if it is another one.
    """

    patterns: tuple[str, ...]
    grade: Grade
    why: str
    elsewhere: Grade | None = None

    def fits(self, name: str) -> bool:
        """Whether the rule is about this name."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


def _rule(patterns: str, grade: Grade, why: str, *, elsewhere: Grade | None = None) -> Rule:
    return Rule(tuple(patterns.split()), grade, why, elsewhere)


NOT_KNOWN = Judgement(LOW, "not known to change numbers")
NOT_IMPORTED = Judgement(LOW, "it was not imported at capture")
OTHER_CODE = Judgement(CRITICAL, "other code computes something else")
OTHER_MODEL = Judgement(CRITICAL, "another model gives other numbers")
OTHER_DEVICE = Judgement(HIGH, "each kind of device adds up in its own order and precision")
IDLE_HERE = Judgement(LOW, "the model ran on the processor alone")
OTHER_BYTES = "the same version, but other bytes"
OTHER_PYTHON = "the standard library may compute and order things differently"
OTHER_BUILD = "the same release, built for another accelerator or by somebody else"
MORE_HERE = "libraries use it where they find it"

DISTRIBUTIONS = (
    _rule("torch", HIGH, "it computes the model; no two releases promise the same bits"),
    _rule("tensorflow tensorflow-* jax jaxlib jax-* mlx onnxruntime onnxruntime-*", HIGH, "it computes the model"),
    _rule("transformers diffusers timm sentence-transformers fairseq open-clip-torch torch-geometric", HIGH,
          "the model's own code stands in it"),
    _rule("scikit-learn xgboost lightgbm catboost", HIGH, "it computes the model"),
    _rule("nvidia-* cuda-* cupy* pytorch-triton-rocm", MEDIUM, "kernels and algorithms of the accelerator change"),
    _rule("triton triton-* pytorch-triton", MEDIUM, "it compiles the kernels"),
    _rule("flash-attn flash-attn-* xformers apex transformer-engine transformer-engine-* kernels kernels-* "
          "causal-conv1d mamba-ssm liger-kernel deepspeed torchao vllm", MEDIUM, "its kernels take the place of torch's"),
    _rule("bitsandbytes auto-gptq autoawq gptqmodel optimum optimum-*", MEDIUM, "it decides how weights are quantized"),
    _rule("accelerate peft lightning pytorch-lightning", MEDIUM, "it decides where and how precisely the model runs"),
    _rule("tokenizers sentencepiece tiktoken protobuf regex", MEDIUM, "the same text may become other tokens"),
    _rule("numpy scipy numexpr numba llvmlite ml-dtypes pandas", MEDIUM, "its routines add up in another order"),
    _rule("mkl mkl-* intel-openmp openblas* scipy-openblas* blis tbb onednn*", MEDIUM, "it does the linear algebra"),
    _rule("opt-einsum", MEDIUM, "it decides the order of contractions"),
    _rule("pillow pillow-simd opencv-* torchvision imageio imageio-* scikit-image albumentations albucore kornia "
          "rasterio tifffile imagecodecs pyvips turbojpeg pyturbojpeg", MEDIUM,
          "images are decoded and resized in another way"),
    _rule("torchaudio torchcodec librosa soundfile soxr resampy av decord audioread", MEDIUM,
          "sound and video are decoded and resampled in another way"),
    _rule("safetensors datasets torchdata torchtext ftfy jieba nltk spacy", LOW, "it reads and prepares what the model gets"),
)  # fmt: skip
LOADED_UNSEEN = ("nvidia-*", "mkl", "mkl-*", "intel-openmp", "tbb", "openblas*", "scipy-openblas*", "onednn*", "blis")
USED_WHERE_FOUND = (
    "flash-attn", "flash-attn-*", "xformers", "apex", "transformer-engine", "transformer-engine-*", "kernels", "triton",
    "causal-conv1d", "mamba-ssm", "bitsandbytes", "opt-einsum", "accelerate", "numexpr", "pillow-simd", "liger-kernel",
)  # fmt: skip

_PRECISION = "it decides how precisely products and sums are computed"
_DETERMINISM = "it decides whether the same input always takes the same way"
_ATTENTION = "each way to compute attention rounds differently"
_THREADS = "the order of sums changes with the number of threads"
_INSTRUCTIONS = "vectors of another width add up in another order"
_LIBRARIES = "another library or version of it does the linear algebra"
_KERNELS = "kernels and algorithms of the accelerator change"
_IMAGES = "images are decoded and resized in another way"
_TEXT = "the same text may become other tokens"
_ROUNDING = "it decides how the processor rounds"
_RANKS = "sums over several processes add up in another order"

FACTS = (
    _rule("torch.version torch.commit torch.debug", HIGH, "it computes the model; no two releases promise the same bits"),
    _rule("torch.threads", HIGH, _THREADS, elsewhere=LOW),
    _rule("torch.interop_threads", LOW, "it runs whole operations side by side, each as before"),
    _rule("torch.cpu_capability", HIGH, _INSTRUCTIONS, elsewhere=MEDIUM),
    _rule("torch.default_dtype torch.default_device autocast autocast.*", HIGH, "numbers are held in another precision"),
    _rule("torch.cuda torch.hip torch.xpu", HIGH, "torch was built for another accelerator"),
    _rule("*tf32* *fp32_precision* *matmul_precision* *reduced_precision* *fp16_accumulation* *bf16_reduction*"
          " *flush_denormal* *fpmath*", HIGH, _PRECISION),
    _rule("*emulate_precision* *unsafe_math* *floating_point_contract*", HIGH, _PRECISION),
    _rule("*deterministic* *benchmark* *fill_uninitialized*", HIGH, _DETERMINISM),
    _rule("cuda.sdp* sdp* *.sdp* *attention*", HIGH, _ATTENTION),
    _rule("cuda.available mps.available xpu.available rocm.available hip.available device device.*", HIGH,
          OTHER_DEVICE.why),
    _rule("mkldnn.enabled onednn.enabled cudnn.enabled", HIGH, "other kernels compute the model"),
    _rule("gpu.*.memory gpu.count cuda.devices", LOW, "it decides what fits, seldom how it is computed"),
    _rule("gpu gpu.* cuda cuda.* cudnn cudnn.* cusparselt.* nccl.version hip hip.* rocm rocm.* miopen miopen.* xpu xpu.* mps mps.*",
          MEDIUM, _KERNELS),
    _rule("cpu.flags cpu.isa* cpu.features numpy.simd threadpool.*.architecture", MEDIUM,
          "libraries choose their kernels by what the processor can"),
    _rule("cpu.count cpu.usable", LOW, "what counts is the number of threads, a fact of its own"),
    _rule("cpu cpu.*", LOW, "its name alone changes nothing; what it can do is a fact of its own"),
    _rule("*.threads threads threads.*", HIGH, _THREADS, elsewhere=LOW),
    _rule("openmp openmp.* omp omp.*", MEDIUM, _THREADS, elsewhere=LOW),
    _rule("float.*", HIGH, _ROUNDING),
    _rule("numpy.errors errors.*", LOW, "it decides what is reported, not what is computed"),
    _rule("numpy numpy.* scipy scipy.* blas blas.* lapack lapack.* mkl mkl.* openblas openblas.* threadpool threadpool.* "
          "onednn onednn.* mkldnn mkldnn.* kleidiai.*", MEDIUM, _LIBRARIES),
    _rule("torch.blas torch.lapack torch.mkl torch.onednn torch.openmp torch.parallel_backend torch.quantized_engine",
          MEDIUM, _LIBRARIES),
    _rule("opt_einsum opt_einsum.*", MEDIUM, "it decides the order of contractions"),
    _rule("dynamo dynamo.* inductor inductor.* compile compile.* *.jit.* jit.* triton triton.*", MEDIUM,
          "compiled code fuses and orders operations differently"),
    _rule("distributed distributed.* world world.* nccl nccl.* ranks ranks.*", MEDIUM, _RANKS),
    _rule("text text.* python.unicode", MEDIUM, _TEXT),
    _rule("image image.* images images.*", MEDIUM, _IMAGES),
    _rule("audio audio.* video video.*", MEDIUM, "sound and video are decoded and resampled in another way"),
    _rule("torch torch.*", MEDIUM, "a setting or part of what computes the model"),
    _rule("python.implementation", HIGH, "another interpreter computes and orders things in its own way"),
    _rule("python.abi python.gil python.optimize", MEDIUM, OTHER_PYTHON),
    _rule("python python.*", LOW, OTHER_PYTHON),
    _rule("system.machine system.byteorder", HIGH, "another processor architecture adds up in another order",
          elsewhere=MEDIUM),
    _rule("system.name system.libc", LOW, "its mathematical functions may round differently"),
    _rule("system system.* os os.* container* slurm*", LOW, "it decides what runs beside, not how numbers are computed"),
)  # fmt: skip

VARIABLES = (
    _rule("*TF32* *FPMATH* *FP16* *BF16* *EMULAT* *PRECISION* JAX_ENABLE_X64 *_F32_DEFAULT *FAST_MATH*", HIGH, _PRECISION),
    _rule("CUBLAS_WORKSPACE_CONFIG HIPBLAS_WORKSPACE_CONFIG *DETERMINISTIC* *DETERMINISM* *ATOMICS*", HIGH, _DETERMINISM),
    _rule("ATEN_CPU_CAPABILITY MKL_CBWR MKL_ENABLE_INSTRUCTIONS OPENBLAS_CORETYPE *MAX_CPU_ISA *_CPU_ISA*", HIGH,
          _INSTRUCTIONS, elsewhere=MEDIUM),
    _rule("NPY_*_CPU_FEATURES GLIBC_TUNABLES BLIS_ARCH_TYPE MKL_DEBUG_CPU_TYPE NUMBA_CPU_NAME", MEDIUM, _INSTRUCTIONS),
    _rule("OMP_NUM_THREADS MKL_NUM_THREADS MKL_DOMAIN_NUM_THREADS OPENBLAS_NUM_THREADS VECLIB_MAXIMUM_THREADS *_DYNAMIC", HIGH, _THREADS,
          elsewhere=LOW),
    _rule("*_NUM_THREADS *_THREADS *_THREAD_LIMIT KMP_FORCE_REDUCTION", MEDIUM, _THREADS, elsewhere=LOW),
    _rule("TF_ENABLE_ONEDNN_OPTS ONEDNN_* DNNL_* MKL_* OPENBLAS_* BLIS_*", MEDIUM, _LIBRARIES),
    _rule("PYTHONHASHSEED", MEDIUM, "the order of sets of words changes, and what is drawn from them"),
    _rule("CUDA_LAUNCH_BLOCKING *_VISIBLE_DEVICES ZE_AFFINITY_MASK CUDA_DEVICE_* CUDA_MODULE_LOADING GPU_MAX_*", LOW,
          "it decides when or where kernels start, not how they compute"),
    _rule("CUDA_* CUBLAS* CUDNN_* NVIDIA_* HIP_* HSA_* ROCM_* ROCBLAS_* HIPBLAS* MIOPEN_* XPU_* SYCL_* ONEAPI_*", MEDIUM, _KERNELS),
    _rule("NCCL_* RCCL_* CCL_* HOROVOD_* GLOO_* *WORLD_SIZE TORCH_NCCL_*", MEDIUM, _RANKS),
    _rule("FLASH_ATTENTION_* NVTE_* DISABLE_ADDMM_CUDA_LT *_PREFER_*", MEDIUM, _KERNELS),
    _rule("TORCHINDUCTOR_* TORCHDYNAMO_* TORCH_COMPILE* TRITON_* PYTORCH_JIT* NUMBA_*", MEDIUM,
          "compiled code fuses and orders operations differently"),
    _rule("*_ALLOC_CONF *ALLOCATOR*", LOW, "it decides where memory is taken, not how numbers are computed"),
    _rule("TORCH_* PYTORCH_* ATEN_* TF_* XLA_* JAX_*", MEDIUM, "a setting of what computes the model"),
    _rule("OMP_* KMP_* GOMP_*", LOW, "it decides where threads run, not how many"),
)  # fmt: skip
ON_ACCELERATORS = (
    "cuda.[!s]*", "cudnn.*", "gpu.*", "miopen.*", "cusparselt.*", "mps.*", "xpu.*", "autocast.cuda*",
)  # fmt: skip
VARIABLES_ON_ACCELERATORS = (
    "CUDA*", "CUBLAS*", "CUDNN*", "NVIDIA_*", "HIP*", "HSA_*", "ROC*", "MIOPEN_*", "NCCL_*", "GPU_*", "NVTE_*", "*CUBLAS*",
    "TORCH_CUDA*", "TORCH_CUDNN*", "TORCH_ROCM*", "TORCH_NCCL*", "PYTORCH_CUDA*", "PYTORCH_HIP*", "PYTORCH_MPS*",
    "FLASH_ATTENTION_*", "DISABLE_ADDMM_CUDA_LT", "ZE_*", "TF_CUDNN*", "TORCH_LINALG_PREFER_*",
)  # fmt: skip
IMPORTED_AS = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
VARIABLE_KINDS = frozenset({"variables", "process"})
