"""Pickle, copy and deepcopy carry the numbers, the gradient and the name, and leave the graph where it is."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import minigrad as mg


class Weight(mg.Tensor):
    """A subclass as a user or a library writes one."""

    def __init__(self, data, tag="none"):
        super().__init__(data, requires_grad=True)
        self.tag = tag


def pickled(value):
    return pickle.loads(pickle.dumps(value))


WAYS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickled}
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    WAYS[f"pickle {protocol}"] = lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol))


@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]


def test_a_leaf_keeps_what_it_is(way):
    x = mg.tensor([[1.0, 2.0]], dtype=mg.float64, requires_grad=True, name="W")
    (x * 3.0).sum().backward()
    twin = way(x)
    assert type(twin) is mg.Tensor
    assert twin is not x
    assert (twin.tolist(), twin.dtype, twin.name) == (x.tolist(), mg.float64, "W")
    assert twin.requires_grad
    assert twin.is_leaf
    assert twin.grad.tolist() == [[3.0, 3.0]]


@pytest.mark.parametrize("dtype", [mg.bool_, mg.uint8, mg.int64, mg.float32])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_every_dtype_and_shape_survives(way, dtype, shape):
    x = mg.ones(shape, dtype=dtype)
    twin = way(x)
    assert (twin.shape, twin.dtype, twin.tolist()) == (shape, dtype, x.tolist())


def test_a_non_leaf_becomes_a_leaf(way):
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    h = w * 2.0
    twin = way(h)
    assert twin.is_leaf
    assert twin.grad_fn is None
    assert twin.tolist() == [2.0, 4.0]
    (twin * 1.0).sum().backward() if twin.requires_grad else None
    assert w.grad is None
    assert h.grad_fn is not None


def test_a_deep_graph_is_not_followed(way):
    x = mg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y * 1.0
    assert way(y).item() == 1.0
    assert len(pickle.dumps(y)) < 1000


def test_a_grad_that_has_a_graph_is_copied_without_it(way):
    x = mg.tensor(2.0, requires_grad=True)
    (x**3).backward(create_graph=True)
    twin = way(x)
    assert twin.grad.item() == 12.0
    assert twin.grad.is_leaf
    assert not twin.grad.requires_grad
    x.grad = None


def test_hooks_stay_behind(way):
    x = mg.tensor([1.0], requires_grad=True)
    x.register_hook(lambda gradient: pytest.fail("called"))
    (way(x) * 2.0).sum().backward()


def test_a_subclass_keeps_its_class_and_its_attributes(way):
    weight = Weight([1.0, 2.0], tag="first")
    twin = way(weight)
    assert type(twin) is Weight
    assert twin.tag == "first"
    assert twin.requires_grad
    assert twin.tolist() == [1.0, 2.0]


def test_copy_shares_memory_and_the_record_of_writes():
    x = mg.zeros(2)
    twin = copy.copy(x)
    assert np.shares_memory(twin.data, x.data)
    w = mg.ones(2, requires_grad=True)
    loss = (w * x).sum()
    twin += 1.0
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("name", ["deepcopy", "pickle"])
def test_deepcopy_and_pickle_share_no_memory(name):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    x.sum().backward()
    twin = WAYS[name](x)
    assert not np.shares_memory(twin.data, x.data)
    assert not np.shares_memory(twin.grad.data, x.grad.data)
    w = mg.ones(2, requires_grad=True)
    loss = (w * x.detach()).sum()
    with mg.no_grad():
        twin += 1.0
    loss.backward()


@pytest.mark.parametrize("name", ["deepcopy", "pickle"])
def test_one_tensor_in_two_places_stays_one(name):
    w = mg.ones(2, requires_grad=True)
    first, second = WAYS[name]([w, {"tied": w}])
    assert first is second["tied"]


def test_the_memory_of_a_copy_can_be_written_to():
    x = mg.ones(1).expand(3)
    for twin in (copy.deepcopy(x), pickled(x)):
        twin += 1.0
        assert twin.tolist() == [2.0, 2.0, 2.0]


def test_a_part_of_a_large_array_is_pickled_alone():
    x = mg.zeros(1000, 1000)[0, :10]
    assert len(pickle.dumps(x)) < 1000


def test_a_copy_keeps_no_graph_alive():
    w = mg.ones(2, requires_grad=True)
    h = w * 2.0
    node = weakref.ref(h.grad_fn)
    twins = [way(h) for way in WAYS.values()]
    gc.disable()
    try:
        del h
        assert node() is None
    finally:
        gc.enable()
    assert all(twin.tolist() == [2.0, 2.0] for twin in twins)


def test_generators_go_on_where_they_were(way):
    generator = mg.Generator(5)
    mg.rand(7, generator=generator)
    twin = way(generator)
    assert twin.get_state() == generator.get_state()
    assert mg.rand(3, generator=twin).tolist() == mg.rand(3, generator=generator).tolist()
