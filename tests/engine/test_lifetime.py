"""A graph lives as long as its loss, is freed by reference counting alone, and may be a million operations long."""

import gc
import time
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, record


@pytest.fixture
def without_collector():
    """What is freed in these tests is freed by reference counting: the cycle collector is off."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def nodes_of(loss):
    """Return weak references to all nodes below a loss."""
    found, stack = {}, [loss.grad_fn]
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = weakref.ref(node)
            stack += [each for each in node.next_functions if hasattr(each, "next_functions")]
    return list(found.values())


def network(w, x):
    h = mg.tanh(x @ w)
    first, second = h.split(1, 1)
    h = mg.cat([first, second * 2.0], 1)[:, [0, 1]]
    h += 1.0
    h[0] = h[1] * 2.0
    return (h.reshape(-1) ** 2).sum()


def make():
    w, x = leaf(np.full((3, 2), 0.1)), mg.tensor(np.ones((4, 3)))
    return w, network(w, x)


def alive(references):
    return [each().name for each in references if each() is not None]


@pytest.mark.usefixtures("without_collector")
def test_a_graph_that_was_never_passed_goes_with_its_loss():
    _w, loss = make()
    nodes = nodes_of(loss)
    assert len(nodes) > 10
    del loss
    assert alive(nodes) == []


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("retain", [False, True])
def test_a_graph_that_was_passed_goes_with_its_loss(retain):
    w, loss = make()
    nodes = nodes_of(loss)
    loss.backward(retain_graph=retain)
    assert w.grad is not None
    del loss
    assert alive(nodes) == []


@pytest.mark.usefixtures("without_collector")
def test_saved_arrays_go_as_soon_as_they_have_been_used():
    w = leaf(np.ones(1000))
    h = w * 1.0
    data = weakref.ref(h.data)
    loss = (h * h).sum()
    del h
    assert data() is not None
    loss.backward()
    assert data() is None


@pytest.mark.usefixtures("without_collector")
def test_grad_with_create_graph_leaves_no_cycle():
    w, loss = make()
    (first,) = grad(loss, w, create_graph=True)
    (second,) = grad((first**2).sum(), w)
    nodes = nodes_of(loss) + nodes_of(first)
    del loss, first
    assert alive(nodes) == []
    assert not second.requires_grad


@pytest.mark.usefixtures("without_collector")
def test_a_graph_goes_after_a_failed_pass():
    def failing(x):
        return record(failing, failing_vjp, x.data * 1.0, (x,), (x.data,))

    def failing_vjp(grad_output, x):
        raise ValueError

    w = leaf(np.full((3, 2), 0.1))
    loss = network(failing(w), mg.tensor(np.ones((4, 3))))
    nodes = nodes_of(loss)
    try:
        loss.backward()
    except ValueError:
        del loss
    assert alive(nodes) == []


@pytest.mark.usefixtures("without_collector")
def test_a_graph_goes_after_a_refused_pass():
    w, loss = make()
    nodes = nodes_of(loss)
    loss.backward()
    try:
        loss.backward()
    except RuntimeError:
        del loss
    assert alive(nodes) == []
    assert w.grad is not None


@pytest.mark.usefixtures("without_collector")
def test_hooks_and_retained_gradients_go_with_the_graph():
    w, x = leaf([1.0, 2.0]), mg.tensor([1.0, 1.0], dtype=mg.float64)
    h = w * x
    h.retain_grad()
    h.register_hook(lambda gradient: gradient * 2)
    h.grad_fn.register_hook(lambda grad_inputs, grad_outputs: None)
    loss = h.sum()
    nodes, tensor = nodes_of(loss), weakref.ref(h)
    loss.backward()
    del loss, h
    assert tensor() is None
    assert alive(nodes) == []


@pytest.mark.usefixtures("without_collector")
def test_the_stages_of_an_in_place_chain_go_with_it():
    w = leaf([1.0, 2.0])
    a = w * 1.0
    for _ in range(5):
        a *= 2.0
        a[0] = a[1]
    nodes = nodes_of(a)
    assert len(nodes) > 10
    del a
    assert alive(nodes) == []


def test_a_million_operations_are_passed_and_freed():
    """The whole takes 15 seconds of this thread's own time at most; 15 µs for making, passing and freeing a node."""
    began = time.thread_time()
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = -y
    first = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.item() == 1.0
    del y
    assert first() is None
    assert time.thread_time() - began < 15.0


def test_a_deep_graph_is_freed_without_having_been_passed():
    x = leaf(1.0)
    y = x
    for _ in range(200_000):
        y = y * 1.0
    first = weakref.ref(y.grad_fn)
    del y
    assert first() is None


def test_ten_thousand_training_steps_do_not_grow_memory():
    """Tracemalloc counts every block that Python and NumPy hold, so the result does not depend on the allocator.

    A leak of one number a step would be 240 kB; of one node a step, above 3 MB.
    """
    generator = np.random.default_rng(0)
    x = mg.tensor(generator.standard_normal((4, 3)))
    y = mg.tensor(generator.standard_normal((4, 1)))
    weights = [leaf(generator.standard_normal((3, 5)) * 0.1), leaf(generator.standard_normal((5, 1)) * 0.1)]

    def step():
        h = mg.tanh(x @ weights[0])
        loss = ((h @ weights[1] - y) ** 2).mean()
        loss.backward()
        with mg.no_grad():
            for weight in weights:
                weight -= 0.01 * weight.grad
                weight.grad = None
        return loss.item()

    for _ in range(100):
        step()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10_000):
            last = step()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert last < 10.0
    assert grown < 2**20
