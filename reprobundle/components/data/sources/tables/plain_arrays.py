"""Arrow's arrays of unusual layouts as those of its plain ones, and what lies in their buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprobundle.components.data.sources.tables.columns import refused

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

REFUSED_EXTENSIONS = ("pandas.period", "pandas.interval")


def plain(name: str, array: Any) -> Any:
    """The same cells without dictionaries, runs and extensions; texts and byte strings of the large kind.

    Raises:
        UsageError: pandas' periods or intervals, which other libraries do not have.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name in REFUSED_EXTENSIONS:
            raise refused(name, f"Arrow's type {kind.extension_name}", hint="turn it into times, or into two columns")
        if kind.extension_name == "arrow.bool8":
            return pc.not_equal(array.storage, 0)
        return plain(name, array.storage)
    if pa.types.is_dictionary(kind):
        return plain(name, array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain(name, pc.run_end_decode(array))
    wanted = _plain_type(kind)
    return array if wanted is None else pc.cast(array, wanted)


def _plain_type(kind: Any) -> Any:
    """The type to cast to; None where a type is plain already."""
    import pyarrow as pa

    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_binary(kind) or pa.types.is_binary_view(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.large_binary()
    return None


def missing_of(array: Any) -> Array | None:
    """Shape (rows,), Boolean: which cells are null; None if none is."""
    import numpy as np

    if not array.null_count:
        return None
    validity = array.buffers()[0]
    if validity is None:  # of the null type: there is nothing else in it
        return np.ones(len(array), bool)
    return ~_bits(validity, array)


def numbers_of(array: Any) -> Array:
    """The numbers of a plain array of Booleans, numbers or times; anything where one is null.

    Returns:
        Shape (rows,), sharing Arrow's memory but for Booleans.
    """
    import numpy as np
    import pyarrow as pa

    buffer = array.buffers()[1]
    if pa.types.is_boolean(array.type):
        return np.zeros(0, bool) if buffer is None else _bits(buffer, array)
    dtype = _numpy_type(array.type)
    if buffer is None:
        return np.zeros(len(array), dtype)
    return np.frombuffer(buffer, dtype, count=array.offset + len(array))[array.offset :]


def _numpy_type(kind: Any) -> str:
    import pyarrow as pa

    width = kind.bit_width // 8
    if pa.types.is_floating(kind):
        return f"<f{width}"
    return f"<u{width}" if pa.types.is_unsigned_integer(kind) else f"<i{width}"


def _bits(buffer: Any, array: Any) -> Array:
    import numpy as np

    first = array.offset // 8
    content = np.frombuffer(buffer, np.uint8)[first : (array.offset + len(array) + 7) // 8]
    start = array.offset - first * 8
    return np.unpackbits(content, bitorder="little")[start : start + len(array)].view(bool)
