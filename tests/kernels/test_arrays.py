"""Compiled code finds the fields of NumPy's arrays where NumPy's headers say that they are."""

import ctypes

import numpy as np
import pytest

from minigrad_kernels.array_objects import ArrayFields


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_fields_of_an_array_are_where_the_kernels_read_them(dtype):
    x = np.ones((5, 4, 6), dtype)[::2, ::-1, 1:3]
    x.flags.writeable = False
    fields = ArrayFields.from_address(id(x))
    assert fields.type == id(np.ndarray)
    assert fields.data == x.ctypes.data
    assert fields.ndim == 3
    assert list((ctypes.c_ssize_t * 3).from_address(fields.shape)) == [3, 4, 2]
    assert list((ctypes.c_ssize_t * 3).from_address(fields.strides)) == list(x.strides)
    assert fields.dtype == id(x.dtype)
    assert fields.flags & 0x0400 == 0
    assert ArrayFields.from_address(id(np.ones(2))).flags & 0x0400 != 0
