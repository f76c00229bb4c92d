"""Equal dtypes are one object, so that ``is`` answers and no call meets a dtype that it has to look at anew."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg

OTHER = np.dtype(np.float32).newbyteorder("=")

MAKERS = {
    "tensor": lambda: mg.tensor([1.0]),
    "tensor of an array": lambda: mg.tensor(np.ones(1, OTHER)),
    "tensor of a big-endian array": lambda: mg.tensor(np.ones(1, ">f4")),
    "zeros by name": lambda: mg.zeros(1, dtype="float32"),
    "zeros by class": lambda: mg.zeros(1, dtype=np.float32),
    "rand": lambda: mg.rand(1),
    "randn": lambda: mg.randn(1),
    "linspace": lambda: mg.linspace(0, 1, 3),
    "cast": lambda: mg.ones(1, dtype=mg.float64).float(),
    "sum of a product": lambda: (mg.ones(2) * 2.5).sum(),
    "weight": lambda: mg.nn.Linear(2, 2).weight,
    "converted weight": lambda: mg.nn.Linear(2, 2).to(mg.float64).to(OTHER).weight,
    "unpickled": lambda: pickle.loads(pickle.dumps(mg.ones(1))),
    "deepcopy": lambda: copy.deepcopy(mg.ones(1)),
}


def test_numpy_makes_equal_dtypes_that_are_other_objects():
    assert mg.float32 == OTHER
    assert OTHER is not mg.float32


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_dtype_of_a_float32_tensor_is_the_one_object(make):
    assert make().dtype is mg.float32


def test_gradients_have_the_one_object_too():
    model = mg.nn.Linear(3, 2)
    model(mg.randn(4, 3)).sum().backward()
    assert model.weight.grad.dtype is mg.float32
