"""On programs drawn at random, stepping is what backward does, to the bit, and shows what the engine holds."""

import pytest

from minigrad import debug
from minigrad.debug.stepping import begun, walk
from tests.debug.drawn_programs import leaves, loss_of, run

PROGRAMS = 200
BLOCKS = [range(start, start + 50) for start in range(0, PROGRAMS, 50)]


def by_backward(loss):
    loss.backward()


def by_steps(loss):
    for _ in debug.steps(loss):
        pass


def by_stepper(loss):
    """Forward and back, looking at some of it on the way."""
    stepper = debug.Stepper(loss)
    while stepper.position < stepper.total:
        step = stepper.next()
        if step.index % 8 == 0:
            assert str(step)
            assert step.flags is not None
            stepper.back(2)
            stepper.next(2)
    stepper.finish()


def by_trace(loss):
    debug.trace(loss, write=True)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.start}-{block.stop - 1}")
def test_stepping_to_the_end_gives_the_bits_of_backward(block):
    passed = 0
    for seed in block:
        refused, expected = run(seed, by_backward)
        passed += refused is None
        for way in (by_steps, by_stepper, by_trace):
            told, grads = run(seed, way)
            assert grads == expected, f"program {seed} {way.__name__}"
            assert (told is None) == (refused is None), f"program {seed}: {refused} against {told}"
    # Else the property would be empty: what writes in place forbids is refused by both.
    assert passed > len(block) * 3 // 4


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.start}-{block.stop - 1}")
def test_an_abandoned_stepping_changes_nothing(block):
    for seed in block:

        def abandoned(loss, seed=seed):
            stepper = debug.Stepper(loss)
            stepper.next(1 + seed % stepper.total)
            stepper.close()

        def abandoned_first(loss, abandoned=abandoned):
            abandoned(loss)
            loss.backward()

        refused, expected = run(seed, by_backward)
        if refused is None and seed % 2:
            assert run(seed, abandoned) == (None, [None] * len(expected)), f"program {seed}"
            assert run(seed, abandoned_first) == (None, expected), f"program {seed}"


def same(one, other):
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("block", BLOCKS[:2], ids=lambda block: f"{block.start}-{block.stop - 1}")
def test_what_a_step_shows_is_what_the_engine_holds(block):
    for seed in block:
        if run(seed, by_backward)[0] is not None:
            continue
        sweep = begun("steps", loss_of(seed, leaves(seed)), None, False)
        held = {}
        for step in walk(sweep, write=False):
            for each, edge in zip(step.contributions, step.recorded.edges):
                if each.source is not None:
                    assert same(each.before, held.get(edge)), f"program {seed} {step!r}"
                    assert same(each.after, sweep.pending.get(edge)), f"program {seed} {step!r}"
            held = dict(sweep.pending)


@pytest.mark.parametrize("block", BLOCKS[:1], ids=lambda block: f"{block.start}-{block.stop - 1}")
def test_a_recorded_backward_has_the_bits_of_one_that_is_not_and_the_steps_of_a_stepping(block):
    for seed in block:
        refused, expected = run(seed, by_backward)
        if refused is not None:
            continue
        tensors = leaves(seed)
        with debug.recording() as r:
            loss_of(seed, tensors).backward()
        grads = [None if each.grad is None else (each.grad.dtype, each.grad.data.tobytes()) for each in tensors]
        assert grads == expected, f"program {seed}"
        assert debug.compare(r, loss_of(seed, leaves(seed))).step is None, f"program {seed}"
