"""Draws: where they come from, how they are distributed, and that the same seed gives the same bits."""

import copy
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import minigrad as mg

NUMBERS = 20_000
# A mean of n independent numbers is off by more than 5 standard deviations with probability 6e-7; the seed is fixed, so
# the tests pass always or never.
SIGMAS = 5


def off(drawn, mean, variance):
    """Return by how many standard deviations the mean of some numbers is off."""
    return abs(float(np.mean(drawn)) - mean) / np.sqrt(variance / drawn.size)


@pytest.fixture
def generator():
    return mg.Generator(20)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_rand_is_uniform_from_0_to_1(generator, dtype):
    x = mg.rand(NUMBERS, dtype=dtype, generator=generator).numpy()
    assert x.dtype == dtype
    assert x.min() >= 0
    assert x.max() < 1
    # The moments of the uniform distribution: 1/2 with variance 1/12, and of the square 1/3 with 4/45.
    assert off(x, 1 / 2, 1 / 12) < SIGMAS
    assert off(x.astype(np.float64) ** 2, 1 / 3, 4 / 45) < SIGMAS


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_randn_is_normal(generator, dtype):
    x = mg.randn(NUMBERS, dtype=dtype, generator=generator).numpy().astype(np.float64)
    # The moments of the normal distribution: E x = 0, E x² = 1, E x³ = 0, E x⁴ = 3; variances 1, 2, 15, 96.
    assert off(x, 0, 1) < SIGMAS
    assert off(x**2, 1, 2) < SIGMAS
    assert off(x**3, 0, 15) < SIGMAS
    assert off(x**4, 3, 96) < SIGMAS


def test_randint_draws_each_integer_equally_often(generator):
    x = mg.randint(-2, 3, (NUMBERS,), generator=generator)
    assert x.dtype == mg.int64
    values, counts = np.unique(x.numpy(), return_counts=True)
    assert values.tolist() == [-2, -1, 0, 1, 2]
    # A count is binomial with p = 1/5.
    assert np.all(np.abs(counts - NUMBERS / 5) < SIGMAS * np.sqrt(NUMBERS * 0.2 * 0.8))


def test_randint_takes_its_bounds_as_pytorch_does():
    for made in (
        mg.randint(5, (2, 3)),
        mg.randint(5, size=(2, 3)),
        mg.randint(high=5, size=(2, 3)),
        mg.randint(0, 5, (2, 3)),
        mg.randint(low=0, high=5, size=[2, 3]),
    ):
        assert made.shape == (2, 3)
        assert ((made >= 0) & (made < 5)).all()
    assert mg.randint(5, (2,), dtype=mg.uint8).dtype == mg.uint8
    assert mg.randint(2**62, 2**63, (4,)).numpy().min() >= 2**62


def test_randperm_holds_every_number_once(generator):
    x = mg.randperm(100, generator=generator)
    assert x.dtype == mg.int64
    assert sorted(x.tolist()) == list(range(100))
    assert x.tolist() != list(range(100))
    assert mg.randperm(0).shape == (0,)


def test_bernoulli_is_1_as_often_as_the_probability_says(generator):
    p = mg.full((NUMBERS,), 0.3, dtype=mg.float64)
    x = p.bernoulli(generator=generator)
    assert set(x.tolist()) == {0.0, 1.0}
    assert off(x.numpy(), 0.3, 0.21) < SIGMAS


def test_uniform_and_normal_in_place_have_their_parameters(generator):
    x = mg.empty(NUMBERS, dtype=mg.float64)
    assert x.uniform_(-1, 3, generator=generator) is x
    assert x.numpy().min() >= -1
    assert x.numpy().max() < 3
    assert off(x.numpy(), 1, 16 / 12) < SIGMAS
    x.normal_(2, 3, generator=generator)
    assert off(x.numpy(), 2, 9) < SIGMAS
    assert off((x.numpy() - 2) ** 2, 9, 2 * 81) < SIGMAS


def test_draws_in_place_under_no_grad_reach_a_parameter():
    w = mg.zeros(4, requires_grad=True)
    with mg.no_grad():
        w.uniform_(1, 2)
    assert (w >= 1).all()
    assert w.is_leaf


def test_likenesses_have_the_shape_and_dtype_of_their_model():
    model = mg.zeros(2, 3, dtype=mg.float64)
    for draw in (mg.rand_like, mg.randn_like):
        assert draw(model).shape == (2, 3)
        assert draw(model).dtype == mg.float64
        assert draw(mg.zeros(2, dtype=mg.int64), dtype=mg.float32).dtype == mg.float32
        assert draw(model, requires_grad=True).requires_grad
    assert mg.rand(2, requires_grad=True).is_leaf


DRAWS = {
    "rand": lambda g: mg.rand(5, generator=g),
    "rand of float64": lambda g: mg.rand(5, dtype=mg.float64, generator=g),
    "randn": lambda g: mg.randn(5, generator=g),
    "randint": lambda g: mg.randint(1000, (5,), generator=g),
    "randperm": lambda g: mg.randperm(50, generator=g),
    "bernoulli": lambda g: mg.bernoulli(mg.full((64,), 0.5), generator=g),
    "uniform_": lambda g: mg.empty(5).uniform_(generator=g),
    "normal_": lambda g: mg.empty(5).normal_(generator=g),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_gives_the_same_bits_and_the_next_draw_others(name):
    one, other = mg.Generator(3), mg.Generator(3)
    first = DRAWS[name](one)
    assert mg.equal(first, DRAWS[name](other))
    assert not mg.equal(first, DRAWS[name](one))
    assert not mg.equal(first, DRAWS[name](mg.Generator(4)))


@pytest.mark.parametrize("name", DRAWS)
def test_a_stored_generator_goes_on_where_it_was(name):
    generator = mg.Generator(3)
    DRAWS[name](generator)
    state = generator.get_state()
    twins = [pickle.loads(pickle.dumps(generator)), copy.deepcopy(generator), mg.Generator()]
    twins[2].set_state(state)
    expected = DRAWS[name](generator)
    for twin in twins:
        assert twin.get_state() == state
        assert mg.equal(DRAWS[name](twin), expected)
    generator.set_state(state)
    assert mg.equal(DRAWS[name](generator), expected)


def test_seeding_starts_the_stream_again():
    generator = mg.Generator(3)
    first = mg.rand(4, generator=generator)
    assert generator.manual_seed(3) is generator
    assert mg.equal(mg.rand(4, generator=generator), first)
    assert generator.manual_seed(-1).initial_seed() == 2**64 - 1
    assert repr(generator) == f"Generator(seed={2**64 - 1}, counter=0)"


def test_manual_seed_seeds_the_draws_without_a_generator():
    generator = mg.manual_seed(7)
    first = mg.randn(4)
    assert generator.get_state() == (7, 2)
    mg.manual_seed(7)
    assert mg.equal(mg.randn(4), first)
    assert mg.equal(mg.randn(4, generator=mg.Generator(7)), first)


def test_an_empty_draw_moves_nothing():
    generator = mg.Generator(3)
    assert mg.rand(0, 3, generator=generator).shape == (0, 3)
    assert generator.get_state() == (3, 0)


def test_a_thread_that_seeds_gets_a_generator_of_its_own():
    mg.manual_seed(1)
    drawn = {}
    started = threading.Barrier(2)

    def work(seed):
        mg.manual_seed(seed)
        started.wait()
        drawn[seed] = [mg.rand(3) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (5, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, draws in drawn.items():
        generator = mg.Generator(seed)
        for draw in draws:
            assert mg.equal(draw, mg.rand(3, generator=generator))
    assert mg.equal(mg.rand(3), mg.rand(3, generator=mg.Generator(1)))


def test_threads_that_share_a_generator_never_read_the_same_numbers():
    generator = mg.Generator(9)
    drawn = []

    def work():
        for _ in range(50):
            drawn.append(mg.rand(2, dtype=mg.float64, generator=generator).tolist())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = mg.Generator(9)
    serial = [mg.rand(2, dtype=mg.float64, generator=expected).tolist() for _ in range(200)]
    assert sorted(drawn) == sorted(serial)


PROGRAM = """
import minigrad as mg
mg.manual_seed(11)
print([mg.randn(3).tolist(), mg.rand(3).tolist(), mg.randint(100, (3,)).tolist(), mg.randperm(9).tolist()])
"""


def test_two_processes_draw_the_same_bits():
    mg.manual_seed(11)
    here = [mg.randn(3).tolist(), mg.rand(3).tolist(), mg.randint(100, (3,)).tolist(), mg.randperm(9).tolist()]
    there = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert there.strip() == repr(here)


def test_the_gradient_of_a_draw_is_zero():
    p = mg.full((3,), 0.5, requires_grad=True)
    p.bernoulli().sum().backward()
    assert p.grad.tolist() == [0, 0, 0]
