"""Tensors that are described as a whole, each by a few numbers: images by their channels, others by their norm."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reprobundle.components.data.statistics.numbers import Series

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

CHANNELS = frozenset({1, 3, 4})
VALUES_AT_ONCE = 2**17
EXACT_PIXELS = 2**16  # of 255 squared, still within 32 bits


def channels_of(shape: tuple[int, ...]) -> int | None:
    """Number of channels of an image of shape (height, width), (channels, height, width) or (height, width, channels).

    Where both would do, the channels come first, as torch has them. None: it is no image, or has no pixel.
    """
    if math.prod(shape) == 0 or len(shape) not in {2, 3}:
        return None
    if len(shape) == 2:
        return 1
    return next((size for size in (shape[0], shape[2]) if size in CHANNELS), None)


def size_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """Width and height, in pixels, of an image of that shape."""
    height, width = shape[-2:] if len(shape) == 2 or shape[0] in CHANNELS else shape[:2]
    return width, height


def series_of_channels(channels: int) -> tuple[Series, ...]:
    """Names of the numbers that `describe_channels` gives."""
    suffixes = [""] if channels == 1 else [f"[{index}]" for index in range(channels)]
    return tuple(
        series for suffix in suffixes for series in (Series(suffix, "channel mean"), Series(suffix, "channel std"))
    )


def describe_channels(images: Array) -> Array:
    """Mean and standard deviation over the pixels of each channel of each image.

    Args:
        images: Shape (samples, height, width), (samples, channels, height, width) or (samples, height, width, channels).

    Returns:
        float64 of shape (samples, 2 * channels).
    """
    import numpy as np

    planes = _planes(images)
    found = np.empty((len(images), 2 * planes.shape[1]))
    step = max(1, VALUES_AT_ONCE // math.prod(images.shape[1:]))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(images), step):
            part = slice(start, start + step)
            found[part, 0::2], found[part, 1::2] = _mean_and_std(planes[part])
    return found


def _planes(images: Array) -> Array:
    """Images as (samples, channels, pixels)."""
    count, shape = len(images), images.shape[1:]
    last = len(shape) == 3 and shape[0] not in CHANNELS
    flat: Array = images.reshape(count, -1, shape[2]) if last else images.reshape(count, math.prod(shape[:-2]), -1)
    return flat.transpose(0, 2, 1) if last else flat


def _mean_and_std(planes: Array) -> tuple[Array, Array]:
    """Over the last axis; the mean first, so that nothing is lost where pixels are far from zero and close together."""
    import numpy as np

    if planes.dtype == np.uint8 and planes.shape[-1] <= EXACT_PIXELS:
        return _of_bytes(planes)
    pixels = np.array(planes, dtype=np.float64, order="C")
    means = pixels.mean(axis=-1)
    pixels -= means[..., None]
    pixels *= pixels
    return means, np.sqrt(pixels.mean(axis=-1))


def _of_bytes(planes: Array) -> tuple[Array, Array]:
    """The same of bytes, in exact integers, which is four times as fast."""
    import numpy as np

    count = planes.shape[-1]
    pixels = np.array(planes, dtype=np.uint32, order="C")
    sums = pixels.sum(axis=-1, dtype=np.uint32).astype(np.int64)
    pixels *= pixels
    squares = pixels.sum(axis=-1, dtype=np.uint32).astype(np.int64)
    return sums / count, np.sqrt(count * squares - sums * sums) / count


def norms(values: Array) -> Array:
    """Root of the mean square of each sample's elements, 0 where there is none.

    Args:
        values: Shape (samples, …), complex ones too.

    Returns:
        float64 of shape (samples, 1).
    """
    import numpy as np

    rows = values.reshape(len(values), math.prod(values.shape[1:]))
    found = np.zeros((len(rows), 1))
    step = max(1, VALUES_AT_ONCE // max(1, rows.shape[1]))
    if not rows.shape[1]:
        return found
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            sizes = np.abs(part).astype(np.float64) if part.dtype.kind == "c" else np.array(part, np.float64, order="C")
            sizes *= sizes
            found[start : start + step, 0] = np.sqrt(sizes.mean(axis=1))
    return found
