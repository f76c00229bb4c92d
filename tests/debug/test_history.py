"""A history keeps what fits into its memory; of the oldest steps beyond it, statistics."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug
from minigrad.debug.history import references


def chain(length, size=1000):
    """Return a leaf and a loss behind ``length`` products, each of which makes gradients of ``4 * size`` bytes."""
    w = mg.tensor(np.linspace(0.9, 1.1, size, dtype=np.float32), requires_grad=True, name="w")
    h = w * 1.0
    for _ in range(length):
        h = h * w
    return w, h.sum()


def test_by_default_the_history_of_a_small_pass_is_kept_whole():
    w, loss = chain(20)
    stepper = debug.Stepper(loss)
    stepper.finish()
    assert stepper.history.memory == 2**30
    assert stepper.history.dropped == 0
    assert all(step.kept for step in stepper.history)
    assert repr(stepper.history).startswith("<History of 22 steps, ")


def test_memory_is_the_sum_of_the_distinct_arrays_that_the_steps_hold():
    w, loss = chain(5)
    stepper = debug.Stepper(loss)
    stepper.finish()
    owners = {}
    for step in stepper.history:
        for array in references(step):
            owner = array if array.base is None else array.base
            owners[id(owner)] = owner.nbytes
    assert stepper.history.used == sum(owners.values())
    # Seven gradients' worth at least, and no array twice.
    assert 7 * 4000 <= stepper.history.used <= 30 * 4000


@pytest.mark.parametrize("kibibytes", [0, 20, 60])
def test_beyond_the_memory_the_oldest_steps_keep_statistics_only(kibibytes):
    whole, capped = chain(30), chain(30)
    reference = list(debug.steps(whole[1]))
    stepper = debug.Stepper(capped[1], memory=kibibytes * 1024)
    stepper.finish()
    history = stepper.history
    assert capped[0].grad.data.tobytes() == whole[0].grad.data.tobytes()
    assert 0 < history.dropped < len(history)
    assert [step.kept for step in history] == [False] * history.dropped + [True] * (len(history) - history.dropped)
    # The last step is kept whatever it takes.
    assert history.used <= max(kibibytes * 1024, 20_000)
    for step, expected in zip(history, reference):
        assert step.flags == expected.flags
        for each, other in zip(step.contributions, expected.contributions):
            assert (each.rule, each.returned, each.accumulated) == (other.rule, other.returned, other.accumulated)
            for one, array in ((each.grad, other.grad), (each.before, other.before), (each.after, other.after)):
                if array is None:
                    assert one is None
                elif not step.kept:
                    assert isinstance(one, debug.Statistics)
                    assert (one.shape, one.norm) == (array.shape, debug.Statistics(array).norm)


def test_a_step_without_its_arrays_says_so_in_their_place():
    w, loss = chain(10)
    stepper = debug.Stepper(loss, memory=0)
    stepper.goto(5)
    step = stepper.goto(2)
    assert repr(step) == "<Step 2/12 mul (1000,)>"
    assert isinstance(step.grad_output, debug.Statistics)
    assert isinstance(step.saved["x"], debug.Statistics)
    assert "[past the history's memory]" in str(step)
    assert step.node.where.expression == "h * w"
    for use in (np.asarray, np.sum):
        with pytest.raises(RuntimeError, match=r"\(1000,\) array is past the memory .* history may take"):
            use(step.grad_output)
    with pytest.raises(RuntimeError, match="past the memory"):
        step.local_jacobian(0)
    with pytest.raises(RuntimeError, match="past the memory"):
        step.check()


def test_breakpoints_still_see_what_was_remarkable():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    h = w * mg.tensor([0.0, np.nan])
    for _ in range(5):
        h = h + 1.0
    stepper = debug.Stepper((h * mg.tensor([5000.0, 1.0])).sum(), memory=0)
    stepper.goto(stepper.total)
    stepper.break_at(large=4000)
    assert [stepper.reverse_cont().index for _ in range(6)] == [7, 6, 5, 4, 3, 2]


def test_a_history_is_a_sequence():
    w, loss = chain(3)
    stepper = debug.Stepper(loss)
    stepper.goto(4)
    assert len(stepper.history) == 4
    assert stepper.history[0].index == 1
    assert stepper.history[-1].index == 4
    assert [step.index for step in stepper.history[1:3]] == [2, 3]


def test_the_figures_of_an_array():
    figures = debug.Statistics(np.array([[3.0, 0.0], [-4.0, np.nan]]))
    assert (figures.shape, figures.size, figures.zeros, figures.nans, figures.infs) == ((2, 2), 4, 1, 1, 0)
    assert np.isnan(figures.norm)
    assert figures.flags() == {"nan"}
    assert debug.Statistics(np.array([np.inf, 1.0])).flags() == {"inf", "large"}
    assert debug.Statistics(np.zeros(3)).flags() == {"zero"}
    assert debug.Statistics(np.array([-2000.0])).flags() == {"large"}
    assert debug.Statistics(np.array([-2000.0])).flags(large=3000) == set()
    assert debug.Statistics(np.zeros((0, 3))).flags() == set()
    assert debug.Statistics(np.float32([3, 4])).norm == 5.0
    assert debug.Statistics(np.array([1, 2])).mean == 1.5
