"""Threads train at once without noticing each other, and a seed gives the same bits in every thread and process."""

import subprocess
import sys
import threading

import pytest

import minigrad as mg


def train(seed, steps=60):
    """Return the bytes of all that 60 steps of plain gradient descent on random data have made."""
    mg.manual_seed(seed)
    x, y = mg.randn(16, 4), mg.randn(16, 2)
    weights = [mg.randn(4, 8, requires_grad=True), mg.randn(8, 2, requires_grad=True)]
    made = []
    for _ in range(steps):
        h = mg.tanh(x @ weights[0]) * (mg.rand(16, 8) < 0.9).float()
        loss = ((h @ weights[1] - y) ** 2).mean()
        loss.backward()
        with mg.no_grad():
            for weight in weights:
                assert not (weight * 1.0).requires_grad
                weight -= 0.05 * weight.grad
                weight.grad = None
        assert (weights[0] * 1.0).requires_grad
        made.append(loss.data.tobytes())
    return made + [weight.data.tobytes() for weight in weights]


def in_threads(*tasks):
    """Return what each task returns, all of them started together."""
    results, failures = [None] * len(tasks), []
    together = threading.Barrier(len(tasks))

    def work(place, task):
        try:
            together.wait(30)
            results[place] = task()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if failures:
        raise failures[0]
    return results


@pytest.fixture
def quick_switches():
    """Let the interpreter change threads every 10 µs: between almost any two operations."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("quick_switches")
def test_two_threads_training_give_the_bits_of_two_serial_runs():
    serial = [train(1), train(2)]
    assert serial[0] != serial[1]
    assert in_threads(lambda: train(1), lambda: train(2)) == serial


@pytest.mark.usefixtures("quick_switches")
def test_a_seed_gives_the_same_bits_in_every_thread():
    expected = train(3)
    assert in_threads(*[lambda: train(3)] * 4) == [expected] * 4


def test_a_seed_set_in_a_thread_leaves_the_draws_of_the_main_thread_alone():
    mg.manual_seed(5)
    expected = [mg.rand(3).tolist(), mg.rand(3).tolist()]
    mg.manual_seed(5)
    first = mg.rand(3).tolist()
    in_threads(lambda: (mg.manual_seed(99), mg.rand(10)))
    assert [first, mg.rand(3).tolist()] == expected


@pytest.mark.usefixtures("quick_switches")
def test_draws_of_threads_without_a_seed_of_their_own_share_one_stream_without_repeats():
    mg.manual_seed(8)
    drawn = in_threads(*[lambda: [mg.rand(()).item() for _ in range(200)]] * 3)
    values = [value for each in drawn for value in each]
    # In which thread a number fell is chance; which 600 numbers they are is not.
    mg.manual_seed(8)
    assert sorted(values) == sorted(mg.rand(()).item() for _ in range(600))


@pytest.mark.usefixtures("quick_switches")
def test_threads_may_read_shared_weights():
    shared = mg.tensor([1.0, 2.0], requires_grad=True)

    def gradients():
        return [mg.autograd.grad((shared * shared * number).sum(), shared)[0].tolist() for number in range(1, 100)]

    expected = [[2.0 * number, 4.0 * number] for number in range(1, 100)]
    assert in_threads(gradients, gradients, gradients) == [expected] * 3
    assert shared.grad is None


@pytest.mark.usefixtures("quick_switches")
def test_hooks_and_retained_gradients_of_threads_do_not_mix():
    def run(factor):
        seen = []
        for _ in range(100):
            w = mg.tensor([1.0], requires_grad=True)
            h = w * factor
            h.retain_grad()
            h.register_hook(lambda gradient: seen.append(gradient.item()))
            (h * h).sum().backward()
            seen.append(h.grad.item())
        return set(seen)

    assert in_threads(lambda: run(3.0), lambda: run(5.0)) == [{6.0}, {10.0}]


PROGRAM = """
import minigrad as mg
mg.manual_seed(7)
w = mg.randn(4, 3, requires_grad=True)
for _ in range(5):
    loss = (mg.tanh(mg.randn(8, 4) @ w) ** 2).mean() + mg.rand(()) * w.sum()
    loss.backward()
    with mg.no_grad():
        w -= 0.1 * w.grad
print(w.data.tobytes().hex(), mg.randperm(10).tolist(), mg.randint(0, 1000, (5,)).tolist())
"""


def test_the_same_seed_gives_the_same_bits_in_two_processes():
    outputs = set()
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120
        )
        outputs.add(result.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 4 * 3 * 8
