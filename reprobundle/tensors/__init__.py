"""safetensors files: read as hostile bytes, and written in one pass.

The header is checked here in full, before any library sees the file: lengths, overlaps, holes, duplicates, dtypes.
"""

from reprobundle.tensors.dtypes import DtypeName, array_of, bytes_of, dtype_name, numpy_dtype, size_of
from reprobundle.tensors.places import TensorPlace, read_places
from reprobundle.tensors.reading import arrays_of, read_arrays, read_some
from reprobundle.tensors.unread import UnreadArrays, forms_of
from reprobundle.tensors.writing import Digesting, TensorBytes, WrittenTensors, file_size, of_array, of_torch, write

__all__ = [
    "Digesting",
    "DtypeName",
    "TensorBytes",
    "TensorPlace",
    "UnreadArrays",
    "WrittenTensors",
    "array_of",
    "arrays_of",
    "bytes_of",
    "dtype_name",
    "file_size",
    "forms_of",
    "numpy_dtype",
    "of_array",
    "of_torch",
    "read_arrays",
    "read_places",
    "read_some",
    "size_of",
    "write",
]
