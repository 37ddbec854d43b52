import numpy as np
import pytest
import torch

from reprobundle import arrays, tensors

DTYPES = ["bool", "uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "float8_e4m3fn"]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_a_tensor_keeps_every_bit(name, shape):
    """A torch tensor of any dtype becomes an array of the same shape, dtype and bytes."""
    tensor = torch.ones(shape).to(getattr(torch, name))
    array = arrays.to_array(tensor)

    assert array.shape == shape
    assert tensors.dtype_name(array.dtype) == arrays_name(tensor)
    assert array.tobytes() == bytes(tensor.reshape(-1).view(torch.uint8).numpy()) if tensor.numel() else True


def test_pairs_of_four_bit_floats_become_single_ones():
    """torch holds two in a byte, the first in the low half; numpy has a byte for each."""
    packed = torch.tensor([[0x21, 0x43]], dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    array = arrays.to_array(packed)

    assert array.astype(float).tolist() == [[0.5, 1.0, 1.5, 2.0]]
    assert tensors.dtype_name(array.dtype) == "F4"


def arrays_name(tensor):
    from reprobundle.worker import tensor_bytes

    return tensor_bytes.dtype_name(tensor)


def test_views_parameters_and_sparse_tensors():
    """Gradients, strides, conjugation and sparsity do not get in the way."""
    base = torch.arange(6.0).reshape(2, 3)
    parameter = torch.nn.Parameter(base)
    conjugate = torch.tensor([1 + 2j]).conj()

    assert arrays.to_array(base.T).tolist() == base.T.tolist()
    assert arrays.to_array(parameter).tolist() == base.tolist()
    assert arrays.to_array(conjugate).tolist() == [1 - 2j]
    assert arrays.to_array(base.to_sparse()).tolist() == base.tolist()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.zeros(2), True),
        (np.float32(1), True),
        (torch.zeros(1), True),
        (np.array(["a"]), False),
        (np.str_("a"), False),
        (np.array([{}]), False),
        (np.datetime64("2020-01-01"), False),
        (1.0, False),
        ([1], False),
        (None, False),
    ],
)
def test_what_counts_as_an_array(value, expected):
    """Only what safetensors can hold is an array."""
    assert arrays.is_array(value) is expected


def test_a_tensor_without_values():
    """A tensor of the meta device has no values to take."""
    with pytest.raises(TypeError, match=r"^a meta tensor holds no plain values$"):
        arrays.to_array(torch.zeros(1, device="meta"))
