"""Files of a folder that are pictures or texts, as blocks of one sample, so that they are described like any other."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reprobundle.components.data.blocks import NULL, TEXT, Block, Column

if TYPE_CHECKING:
    from PIL.Image import Image

    from reprobundle.components.data.blocks import Array
    from reprobundle.components.data.statistics.form import Statistics

PICTURES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".pgm", ".tif", ".tiff", ".webp"})
TEXTS = frozenset({".md", ".rst", ".text", ".txt"})
IMAGE, MODE, WORDS = "image", "mode", "text"
MAX_FILE_BYTES = 64 * 2**20
MAX_PIXELS = 2**26

_PLAIN = {"1": "L", "LA": "L", "PA": "RGBA", "P": "RGB", "CMYK": "RGB", "YCbCr": "RGB", "HSV": "RGB", "LAB": "RGB"}
_BROKEN = (  # what Pillow's readers raise at broken files; warnings where these are errors
    OSError, SyntaxError, ValueError, EOFError, OverflowError, IndexError, KeyError, TypeError, MemoryError,
    RuntimeWarning, UserWarning, struct.error, zlib.error,
)  # fmt: skip


def is_described(name: str) -> bool:
    """Whether a file of this name is a picture or a text to `block_of_file`."""
    return PurePosixPath(name).suffix.lower() in PICTURES | TEXTS


def block_of_file(name: str, content: bytes) -> Block | None:
    """A picture or a text as one sample.

    Args:
        name: The file's name; its suffix says what it should be.
        content: Its bytes.

    Returns:
        Of a picture its pixels as ``image``, U8 of shape (height, width) or (channels, height, width), or F32 where a pixel is
        no byte, and Pillow's word for its ``mode``; ``image`` is missing where it cannot be read or has more than 64 Mi pixels.
        Of a text its ``text``, missing where it is not UTF-8. None: it is neither, it is larger than 64 MiB, or it is a picture
        and Pillow is not installed.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if len(content) > MAX_FILE_BYTES:
        return None
    if suffix in TEXTS:
        return (_text_column(WORDS, content),)
    return _picture(content) if suffix in PICTURES else None


def unreadable(statistics: Statistics) -> int:
    """Number of pictures and texts of a folder that could not be read."""
    first = {feature.name: feature.missing for feature in reversed(statistics.features)}
    return first.get(IMAGE, 0) + first.get(WORDS, 0)


def _text_column(name: str, content: bytes) -> Column:
    import numpy as np

    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _missing(name)
    return Column(name=name, dtype=TEXT, values=np.frombuffer(content, np.uint8), offsets=np.array([0, len(content)]))


def _missing(name: str) -> Column:
    import numpy as np

    return Column(name=name, dtype=NULL, values=np.zeros(1, np.uint8), missing=np.ones(1, np.bool_))


def _picture(content: bytes) -> Block | None:
    try:
        from PIL import Image
    except ImportError:
        return None
    try:
        with Image.open(io.BytesIO(content)) as opened:
            mode, size = opened.mode, opened.width * opened.height
            pixels = _pixels(opened) if 0 < size <= MAX_PIXELS else None
    except (*_BROKEN, Image.DecompressionBombError):
        return (_missing(IMAGE),)
    if pixels is None:
        return (_missing(IMAGE),)
    column = Column(name=IMAGE, dtype="U8" if pixels.dtype.kind == "u" else "F32", values=pixels[None])
    return (column, _text_column(MODE, mode.encode()))


def _pixels(opened: Image) -> Array:
    """The pixels of the first picture of a file, channels first, a palette's and other codes of colours as red, green, blue."""
    import numpy as np

    if opened.mode in _PLAIN:
        opened = opened.convert(_PLAIN[opened.mode])
    pixels = np.asarray(opened)
    pixels = pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.float32)
