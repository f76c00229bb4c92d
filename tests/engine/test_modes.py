"""``no_grad`` and its kin switch recording in a block, function, generator, thread or task, and nowhere else."""

import asyncio
import threading

import pytest

import minigrad as mg

SWITCHES = {
    "no_grad": (mg.no_grad, False),
    "inference_mode": (mg.inference_mode, False),
    "enable_grad": (mg.enable_grad, True),
    "set_grad_enabled(False)": (lambda: mg.set_grad_enabled(False), False),
    "set_grad_enabled(True)": (lambda: mg.set_grad_enabled(True), True),
}


@pytest.fixture(autouse=True)
def gradients_are_on_before_and_after():
    assert mg.is_grad_enabled()
    yield
    left = mg.is_grad_enabled()
    mg.set_grad_enabled(True)
    assert left


def records():
    result = mg.ones(2, requires_grad=True) * 2
    assert result.requires_grad == mg.is_grad_enabled()
    assert (result.grad_fn is not None) == mg.is_grad_enabled()
    return result.requires_grad


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("outside", [True, False])
def test_a_block_switches_and_puts_back(name, outside):
    make, inside = SWITCHES[name]
    with mg.enable_grad() if outside else mg.no_grad():
        with make():
            assert records() == inside
        assert records() == outside


@pytest.mark.parametrize("name", SWITCHES)
@pytest.mark.parametrize("outside", [True, False])
def test_a_decorated_function_runs_in_the_mode(name, outside):
    make, inside = SWITCHES[name]
    with mg.enable_grad() if outside else mg.no_grad():

        @make()
        def function(number, *, factor):
            """What it does."""
            return records(), number * factor

        assert records() == outside
        assert function(2, factor=3) == (inside, 6)
        assert function(2, factor=4) == (inside, 8)
        assert records() == outside
        assert (function.__name__, function.__doc__) == ("function", "What it does.")


@pytest.mark.parametrize("name", ["no_grad", "inference_mode", "enable_grad"])
def test_the_parentheses_of_a_decorator_may_be_left_out(name):
    make, inside = SWITCHES[name]

    @make
    def function():
        return records()

    with mg.no_grad() if inside else mg.enable_grad():
        assert function() == inside


def test_inference_mode_takes_whether_it_is_meant():
    with mg.inference_mode(False):
        assert records()
    with mg.inference_mode(True):
        assert not records()


def test_set_grad_enabled_works_as_a_statement():
    mg.set_grad_enabled(False)
    try:
        assert not records()
    finally:
        mg.set_grad_enabled(True)
    assert records()


@pytest.mark.parametrize("name", SWITCHES)
def test_an_exception_puts_back_what_was_in_force(name):
    make, inside = SWITCHES[name]

    @make()
    def function():
        assert mg.is_grad_enabled() == inside
        raise KeyError

    with mg.no_grad():
        with pytest.raises(KeyError), make():
            raise KeyError
        assert not mg.is_grad_enabled()
        with pytest.raises(KeyError):
            function()
        assert not mg.is_grad_enabled()


def test_blocks_nest_to_any_depth():
    with mg.no_grad():
        with mg.enable_grad():
            with mg.inference_mode():
                assert not records()
                with mg.set_grad_enabled(True):
                    assert records()
                assert not records()
            assert records()
        assert not records()


@pytest.mark.parametrize("name", SWITCHES)
def test_one_object_can_be_used_again(name):
    make, inside = SWITCHES[name]
    mode = make()
    for _ in range(3):
        with mode:
            assert records() == inside
        mg.set_grad_enabled(True)


def test_one_object_can_be_entered_inside_of_itself():
    mode = mg.no_grad()
    with mode, mode:
        assert not records()
    assert records()


def test_a_recursive_decorated_function_keeps_its_mode():
    @mg.no_grad()
    def countdown(number):
        assert not records()
        return number if number == 0 else countdown(number - 1)

    assert countdown(5) == 0


@pytest.mark.parametrize("name", ["no_grad", "enable_grad", "inference_mode"])
def test_a_decorated_generator_runs_in_the_mode_and_its_caller_does_not(name):
    make, inside = SWITCHES[name]

    @make()
    def generator():
        try:
            received = yield records()
            yield received
        finally:
            seen.append(records())

    seen = []
    with mg.no_grad() if inside else mg.enable_grad():
        steps = generator()
        assert next(steps) == inside
        assert records() != inside
        assert steps.send("sent") == "sent"
        assert records() != inside
        steps.close()
        assert records() != inside
    assert seen == [inside]


def test_another_thread_starts_with_gradients_on_and_keeps_its_mode_to_itself():
    seen = []
    entered, left = threading.Event(), threading.Event()

    def work():
        seen.append(records())
        with mg.no_grad():
            entered.set()
            left.wait(10)
            seen.append(records())

    with mg.no_grad():
        thread = threading.Thread(target=work)
        thread.start()
        assert entered.wait(10)
        with mg.enable_grad():
            assert records()
            left.set()
            thread.join()
    assert seen == [True, False]
    assert records()


def test_tasks_of_one_event_loop_keep_their_modes_apart():
    async def with_mode(mode, expected, seen):
        with mode():
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(records() == expected)

    async def main():
        seen = []
        await asyncio.gather(
            with_mode(mg.no_grad, False, seen),
            with_mode(mg.enable_grad, True, seen),
            with_mode(mg.no_grad, False, seen),
        )
        return seen

    assert asyncio.run(main()) == [True] * 9


def test_the_mode_where_backward_is_called_does_not_matter():
    w = mg.ones(2, requires_grad=True)
    loss = (w * w).sum()
    with mg.no_grad():
        loss.backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_what_no_grad_computes_is_a_constant_to_what_follows():
    w = mg.ones(2, requires_grad=True)
    with mg.no_grad():
        scale = w * 3
    (w * scale).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_a_leaf_made_under_no_grad_may_require_grad():
    with mg.no_grad():
        w = mg.ones(2, requires_grad=True)
    assert w.requires_grad
    (w * w).sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]
