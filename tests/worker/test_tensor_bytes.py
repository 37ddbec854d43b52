"""A tensor's bytes come piece by piece, in the order of its elements, whatever its layout."""

from __future__ import annotations

import sys

import pytest
import xxhash

from reprobundle.worker import tensor_bytes

torch = pytest.importorskip("torch")

MATRIX = torch.arange(24.0).reshape(4, 6)
COMPLEX = torch.complex(MATRIX, MATRIX + 0.5)
PACKED = torch.frombuffer(bytearray(range(24)), dtype=torch.uint8).reshape(4, 6)
LAYOUTS = {
    "0-d": torch.tensor(3.5),
    "empty": torch.empty(2, 0, 3),
    "plain": MATRIX,
    "transposed": MATRIX.t(),
    "permuted": torch.arange(120).reshape(2, 3, 4, 5).permute(3, 1, 0, 2),
    "sliced": MATRIX[1:, ::2],
    "one column": MATRIX[:, 3],
    "expanded": torch.tensor([[1.5], [2.5]]).expand(2, 7),
    "expanded from nothing": torch.tensor(1.5).expand(3, 4),
    "channels last": torch.arange(120.0).reshape(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
    "conjugated": COMPLEX.conj(),
    "conjugated and transposed": COMPLEX.conj().t(),
    "negated": COMPLEX.conj().imag,
    "negated as it lies": torch._neg_view(MATRIX),
    "parameter": torch.nn.Parameter(MATRIX.clone()),
    "float8 transposed": MATRIX.to(torch.float8_e5m2).t(),
    "float4 transposed": PACKED.view(torch.float4_e2m1fn_x2).t(),
    "bfloat16 sliced": MATRIX.to(torch.bfloat16)[:, 1::2],
    "Boolean": (MATRIX > 5)[:, ::3],
}


def plainly(tensor) -> bytes:
    """The bytes of a tensor by the plainest way there is."""
    if tensor.element_size() == 1:
        tensor = tensor.view(torch.uint8)
    return tensor.detach().clone(memory_format=torch.contiguous_format).resolve_conj().resolve_neg().reshape(-1).view(
        torch.uint8
    ).numpy().tobytes()  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("piece", [8, 40, 2**23])
def test_pieces_are_the_elements_in_order(monkeypatch, layout, piece):
    """However it is cut, the pieces together are the tensor in C order, and none is larger than a piece."""
    monkeypatch.setattr(tensor_bytes, "PIECE_BYTES", piece)
    tensor = LAYOUTS[layout]
    cut = [bytes(part) for part in tensor_bytes.pieces(tensor)]

    assert b"".join(cut) == plainly(tensor)
    assert bytes(tensor_bytes.content(tensor)) == plainly(tensor)
    assert all(0 < len(part) <= piece for part in cut)


def test_plain_memory_is_viewed(monkeypatch):
    """What lies in memory as it is written is not copied."""
    monkeypatch.setattr(tensor_bytes, "PIECE_BYTES", 16)
    tensor = torch.zeros(8)
    cut = list(tensor_bytes.pieces(tensor))
    tensor += 1

    assert b"".join(cut) == torch.ones(8).numpy().tobytes()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_digest_is_over_the_pieces(monkeypatch, layout):
    """A digest is the same however the tensor is cut, and its definition."""
    tensor = LAYOUTS[layout]
    head = f'["a.ß","{tensor_bytes.dtype_name(tensor)}",[{",".join(map(str, tensor_bytes.shape_of(tensor)))}]]\n'
    whole = tensor_bytes.digest("a.ß", tensor)
    monkeypatch.setattr(tensor_bytes, "PIECE_BYTES", 8)

    assert tensor_bytes.digest("a.ß", tensor) == whole == xxhash.xxh3_128_hexdigest(head.encode() + plainly(tensor))


def test_pairs_of_four_bit_floats_are_counted_one_by_one():
    """torch counts bytes, safetensors the two elements in each; a single pair without a dimension has no form."""
    pairs = PACKED.view(torch.float4_e2m1fn_x2)

    assert tensor_bytes.shape_of(pairs) == (4, 12)
    with pytest.raises(TypeError, match="a 0-d tensor of dtype float4_e2m1fn_x2 cannot be stored in safetensors"):
        tensor_bytes.shape_of(pairs[0, 0])


def test_a_big_endian_machine_is_refused(monkeypatch):
    """Bytes are never stored the wrong way round."""
    monkeypatch.setattr(sys, "byteorder", "big")
    with pytest.raises(TypeError, match="weights are stored little-endian, and this machine is not"):
        tensor_bytes.content(torch.zeros(2))
