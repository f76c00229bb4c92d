"""Stepping is the engine itself: the same bits, one operation at a time, and nothing written before the end."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug


def mlp(x, W1, W2):
    return (mg.tanh(x @ W1) @ W2).mean()


def shared_trunk(x, W1, W2):
    h = x @ W1
    return (h * h + h.exp() / (1 + h.abs())).sum()


def in_place(x, W1, W2):
    h = W1 * 2
    h += W1
    h[0] = 1.5
    h *= 0.5
    return (h * W1).sum()


def several_outputs(x, W1, W2):
    first, second = (x @ W1).split([1, 2], dim=1)
    largest, where = (x @ W1).max(1)
    return (first * second).sum() + (largest**2).mean()


def log_likelihood(x, W1, W2):
    scores = x @ W1
    return -scores.log_softmax(1)[[0, 1, 2], [2, 0, 1]].mean()


def standardised(x, W1, W2):
    h = x @ W1
    return (((h - h.mean(0)) / (h.std(0) + 0.1)) * W2.squeeze(1)).sum()


PROGRAMS = {
    "product": lambda x, W1, W2: (x @ W1 @ W2).sum(),
    "mlp": mlp,
    "fan-out": shared_trunk,
    "a tensor times itself": lambda x, W1, W2: (W1 * W1).sum(),
    "a leaf alone": lambda x, W1, W2: W2.reshape(3)[0],
    "in place": in_place,
    "several outputs": several_outputs,
    "log-likelihood": log_likelihood,
    "standardised": standardised,
    "broadcast both ways": lambda x, W1, W2: (W1[:, :1] * W2.T + W2.T - x[0, 0]).mean(),
    "joined": lambda x, W1, W2: mg.cat([W1, 2 * W1, mg.ones(1, 3)]).pow(2).sum(),
    "stacked": lambda x, W1, W2: mg.stack([W2, W2.exp()]).logsumexp(0).sum(),
    "norms": lambda x, W1, W2: W1.norm() + W2.norm(1) + (x @ W1).norm(math.inf),
    "kinks": lambda x, W1, W2: (mg.relu(x @ W1) + mg.clamp(x @ W1, -0.1, 0.1)).sum(),
    "choices": lambda x, W1, W2: mg.where(W1 > 0, W1 * 3, W1.T[0, 0]).sum(),
    "extremes": lambda x, W1, W2: mg.maximum(W1, W2.T).min() + mg.minimum(W1, 0.1).max(),
    "views": lambda x, W1, W2: W1.T.reshape(-1)[::2].expand(2, -1).sum() + W1.permute(1, 0).flatten()[3],
    "mixed dtypes": lambda x, W1, W2: (W1.double() @ W2.double()).sum() + W1.sum(),
    "addmm": lambda x, W1, W2: mg.addmm(W2.T, x, W1, beta=0.5, alpha=2).sigmoid().sum(),
    "chain": lambda x, W1, W2: sum([(W1 * k).tanh().sum() for k in range(9)]),
}


def leaves():
    generator = np.random.default_rng(5)
    x = mg.tensor(generator.normal(size=(3, 2)).astype(np.float32), name="x")
    W1 = mg.tensor(generator.normal(size=(2, 3)).astype(np.float32), requires_grad=True, name="W1")
    W2 = mg.tensor(generator.normal(size=(3, 1)).astype(np.float32), requires_grad=True, name="W2")
    return x, W1, W2


def bits(tensor):
    return None if tensor is None else (tensor.shape, tensor.dtype, tensor.data.tobytes())


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_stepping_to_the_end_gives_the_bits_of_backward(program):
    expected, stepped = leaves(), leaves()
    program(*expected).backward()
    taken = list(debug.steps(program(*stepped)))
    assert [step.index for step in taken] == list(range(1, taken[0].total + 1))
    for want, got in zip(expected, stepped, strict=True):
        assert bits(got.grad) == bits(want.grad)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_leaf_gets_the_sum_of_the_contributions_shown(program):
    tensors = leaves()
    total = {}
    for step in debug.steps(program(*tensors)):
        assert str(step).startswith(f"step {step.index}/{step.total}  {step.node.name} -> ")
        for each in step.contributions:
            if each.grad is not None and isinstance(each.source, mg.Tensor):
                total[each.source.name] = total.get(each.source.name, 0) + each.grad
    for leaf in tensors:
        if leaf.grad is not None:
            assert np.array_equal(total[leaf.name], leaf.grad.data)


def test_stepping_adds_to_what_is_there_and_starts_from_the_given_gradient():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    (w * 3).sum().backward()
    for _ in debug.steps(w * w, gradient=mg.tensor([1.0, 10.0])):
        pass
    assert w.grad.tolist() == [3 + 2, 3 + 40]


def test_nothing_is_written_before_the_last_step_has_been_taken():
    x, W1, W2 = leaves()
    loss = mlp(x, W1, W2)
    for step in debug.steps(loss):
        assert W1.grad is None
        assert W2.grad is None
        if step.index == step.total:
            break
    assert W1.grad is None
    assert W2.grad is None


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_an_abandoned_stepping_leaves_the_graph_usable(taken):
    x, W1, W2 = leaves()
    loss = mlp(x, W1, W2)
    stepping = debug.steps(loss)
    for _ in range(taken):
        next(stepping)
    del stepping
    loss.backward()
    expected = leaves()
    mlp(*expected).backward()
    assert bits(W1.grad) == bits(expected[1].grad)
    assert bits(W2.grad) == bits(expected[2].grad)


def test_the_graph_is_released_at_the_end_unless_it_is_retained():
    w = mg.tensor(2.0, requires_grad=True)
    loss = w * w
    for retain_graph in (True, False):
        for _ in debug.steps(loss, retain_graph=retain_graph):
            pass
    assert w.grad.item() == 8.0
    with pytest.raises(RuntimeError, match=r"steps: the graph through mul .* released"):
        debug.steps(loss)


def test_what_cannot_be_differentiated_is_refused_at_the_call():
    with pytest.raises(RuntimeError, match=r"steps: .* does not require grad"):
        debug.steps(mg.ones(1))
    with pytest.raises(RuntimeError, match="steps: a tensor of one element"):
        debug.steps(mg.ones(2, requires_grad=True) * 2)


def test_the_arrays_of_a_step_cannot_be_written_to_and_share_nothing_with_a_gradient():
    x, W1, W2 = leaves()
    steps = list(debug.steps(mlp(x, W1, W2)))
    for step in steps:
        for array in (step.grad_output, *step.grad_inputs, *step.saved.values()):
            if isinstance(array, np.ndarray):
                assert not array.flags.writeable
                assert not np.shares_memory(array, W1.grad.data)
                assert not np.shares_memory(array, W2.grad.data)


def test_a_value_changed_between_two_steps_is_found():
    x, W1, W2 = leaves()
    stepping = debug.steps(mlp(x, W1, W2))
    next(stepping)
    with mg.no_grad():
        W2 += 1
    with pytest.raises(RuntimeError, match=r"the rule of matmul .* needs the value of y"):
        next(stepping)
    assert W1.grad is None


def test_a_graph_released_between_two_steps_is_found():
    x, W1, W2 = leaves()
    loss = mlp(x, W1, W2)
    stepping = debug.steps(loss)
    next(stepping)
    loss.backward()
    before = bits(W1.grad)
    with pytest.raises(RuntimeError, match="another backward pass has released the graph through matmul"):
        list(stepping)
    assert bits(W1.grad) == before


def test_kernels_can_be_switched_to_python_from_here():
    import minigrad_kernels

    assert debug.python_kernels is minigrad_kernels.python_kernels
    with debug.python_kernels():
        x, W1, W2 = leaves()
        list(debug.steps(mlp(x, W1, W2)))
    assert W1.grad is not None
