"""Draws are pure functions of seed and counter, follow Philox4x32-10, and never overlap."""

import math

import numpy as np
import pytest

from minigrad_kernels import (
    fill_integers,
    fill_normal,
    fill_permutation,
    fill_uniform,
    fill_words,
    python_kernels,
)
from minigrad_kernels.philox import high_product, philox_words

ONES = 0xFFFFFFFF


def fill_dice(seed, counter, out):
    """fill_integers with the signature of the others."""
    return fill_integers(seed, counter, -3, 10, out)


FILLS = [
    (fill_uniform, np.float32, 4),
    (fill_uniform, np.float64, 2),
    (fill_normal, np.float32, 2),
    (fill_normal, np.float64, 2),
    (fill_words, np.uint64, 2),
    (fill_dice, np.int64, 2),
]


def naive_philox(counter, key):
    """Philox4x32-10 on Python's integers, as the paper draws it: a round on (R0, L0, R1, L1), then the keys grow."""
    for number in range(10):
        left = 0xD2511F53 * counter[0]
        right = 0xCD9E8D57 * counter[2]
        key_0 = (key[0] + number * 0x9E3779B9) % 2**32
        key_1 = (key[1] + number * 0xBB67AE85) % 2**32
        counter = (right // 2**32 ^ counter[1] ^ key_0, right % 2**32, left // 2**32 ^ counter[3] ^ key_1, left % 2**32)
    return counter


def naive_words(seed, counter, n):
    """The 64-bit words of a draw."""
    words = []
    for index in range(n):
        block = (counter + index // 2) % 2**64
        x = naive_philox((block % 2**32, block // 2**32, 0, 0), (seed % 2**32, seed // 2**32))
        words.append(x[0] * 2**32 + x[1] if index % 2 == 0 else x[2] * 2**32 + x[3])
    return words


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0, 0, 0, 0], [0, 0], [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([ONES] * 4, [ONES] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_known_answers_of_random123(counter, key, expected):
    assert list(philox_words(*map(np.uint64, counter + key))) == expected
    assert list(naive_philox(counter, key)) == expected


@pytest.mark.parametrize(("seed", "counter"), [(0, 0), (2**64 - 1, 2**64 - 2), (123456789012345, 2**32 - 1)])
def test_words_are_those_of_the_naive_twin(seed, counter):
    for n in (0, 1, 2, 3, 10):
        out = np.empty(n, np.uint64)
        assert fill_words(seed, counter, out) == math.ceil(n / 2)
        assert out.tolist() == naive_words(seed, counter, n)


def test_uniform_numbers_are_the_upper_bits_of_the_words():
    words = naive_words(7, 100, 8)
    out = np.empty(8)
    fill_uniform(7, 100, out)
    assert out.tolist() == [(word >> 11) / 2**53 for word in words]
    narrow = np.empty(15, np.float32)
    fill_uniform(7, 100, narrow)
    halves = []
    for word in words:
        halves += [word >> 32, word % 2**32]
    assert narrow.tolist() == [(half >> 8) / 2**24 for half in halves[:15]]


def test_normal_numbers_are_box_and_mullers_up_to_rounding():
    words = naive_words(7, 100, 8)
    expected = []
    for first, second in zip(words[::2], words[1::2]):
        radius = math.sqrt(-2 * math.log(1 - (first >> 11) / 2**53))
        angle = 2 * math.pi * (second >> 11) / 2**53
        expected += [radius * math.cos(angle), radius * math.sin(angle)]
    out = np.empty(7)
    fill_normal(7, 100, out)
    # A few ulp of log, sqrt, sin and cos, on values below 9; the angle's rounding, 2π·eps, is absolute.
    assert np.allclose(out, expected[:7], rtol=0, atol=100 * np.finfo(np.float64).eps)
    narrow = np.empty(7, np.float32)
    fill_normal(7, 100, narrow)
    assert np.array_equal(narrow, out.astype(np.float32))


def test_integers_are_the_high_products_of_the_words():
    for low, high in [(-3, 10), (0, 1), (-(2**62), 2**62 - 1), (2**63 - 5, 2**63)]:
        out = np.empty(9, np.int64)
        fill_integers(11, 5, low, high, out)
        assert out.tolist() == [low + word * (high - low) // 2**64 for word in naive_words(11, 5, 9)]


@pytest.mark.parametrize("x", [0, 1, 2**32 - 1, 2**32, 2**64 - 1, 0x0123456789ABCDEF])
@pytest.mark.parametrize("y", [0, 1, 2**32 + 1, 2**63, 2**64 - 1])
def test_the_high_product_is_exact(x, y):
    assert int(high_product(np.uint64(x), np.uint64(y))) == x * y // 2**64


@pytest.mark.parametrize(("fill", "dtype", "per_block"), FILLS)
def test_consecutive_draws_continue_one_sequence_and_never_overlap(fill, dtype, per_block):
    for n in (0, 1, 2, 3, 4, 5, 9, 16):
        out = np.empty(n, dtype)
        assert fill(3, 2**64 - 2, out) == math.ceil(n / per_block)
    whole, first, second = np.empty(12, dtype), np.empty(4, dtype), np.empty(8, dtype)
    counter = 2**64 - 1
    fill(3, counter, whole)
    counter += fill(3, counter, first)
    fill(3, counter, second)
    assert np.array_equal(whole, np.concatenate([first, second]))


@pytest.mark.parametrize(("fill", "dtype", "per_block"), FILLS)
def test_a_draw_is_a_function_of_seed_and_counter(fill, dtype, per_block):
    def draw(seed, counter):
        out = np.empty(16, dtype)
        fill(seed, counter, out)
        return out

    assert np.array_equal(draw(1, 2), draw(1, 2))
    assert np.array_equal(draw(-1, -2), draw(2**64 - 1, 2**64 - 2))
    assert np.array_equal(draw(np.int64(1), np.uint64(2)), draw(1, 2))
    assert not np.array_equal(draw(1, 2), draw(2, 2))
    assert not np.array_equal(draw(1, 2), draw(1, 2 + 16 // per_block))
    assert not np.array_equal(draw(1, 2), draw(1 + 2**32, 2))
    assert not np.array_equal(draw(1, 2), draw(1, 2 + 2**32))


@pytest.mark.parametrize(("fill", "dtype", "per_block"), [*FILLS, (fill_permutation, np.int64, 2)])
def test_plain_python_gives_the_same_bits(fill, dtype, per_block):
    for n in (0, 1, 7, 32):
        out, twin = np.empty(n, dtype), np.empty(n, dtype)
        used = fill(2**64 - 3, 2**64 - 4, out)
        with python_kernels():
            assert fill(2**64 - 3, 2**64 - 4, twin) == used
        # Normal numbers go through sine, cosine and logarithm, whose last bits differ between libraries.
        tolerance = 10 * np.finfo(dtype).eps if fill is fill_normal else 0
        assert np.allclose(out, twin, rtol=tolerance, atol=tolerance)
        assert fill is fill_normal or np.array_equal(out, twin)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_uniform_numbers_are_uniform_in_the_half_open_interval(many, dtype):
    out = np.empty(many, dtype)
    fill_uniform(0, 0, out)
    assert out.min() >= 0
    assert out.max() < 1
    counts = np.histogram(out, bins=20, range=(0, 1))[0]
    # Chi-square with 19 degrees of freedom exceeds 43.8 once in 1000 seeds; this seed is fixed.
    assert ((counts - many / 20) ** 2 / (many / 20)).sum() < 43.8


def test_normal_numbers_have_the_normal_distribution(many):
    out = np.empty(many)
    fill_normal(0, 0, out)
    # Four standard errors of the sample moments: 1, √2, √15 and √96 over √n.
    for power, moment, spread in [(1, 0, 1), (2, 1, math.sqrt(2)), (3, 0, math.sqrt(15)), (4, 3, math.sqrt(96))]:
        assert abs((out**power).mean() - moment) < 4 * spread / math.sqrt(many)
    # The two numbers of a block are uncorrelated.
    assert abs((out[::2] * out[1::2]).mean()) < 4 / math.sqrt(many / 2)


def test_every_integer_is_drawn_equally_often(many):
    out = np.empty(many, np.int64)
    fill_integers(0, 0, -3, 10, out)
    counts = np.bincount(out + 3, minlength=13)
    assert len(counts) == 13
    # Chi-square with 12 degrees of freedom exceeds 32.9 once in 1000 seeds.
    assert ((counts - many / 13) ** 2 / (many / 13)).sum() < 32.9


def test_a_permutation_holds_every_index_once_and_uses_a_word_an_element():
    for n in (0, 1, 2, 3, 10, 100):
        out = np.empty(n, np.int64)
        assert fill_permutation(5, 6, out) == math.ceil(n / 2)
        assert sorted(out.tolist()) == list(range(n))


def test_every_order_comes_up_equally_often(many):
    rounds = many // 10
    counter, counts, out = 0, {}, np.empty(3, np.int64)
    for _ in range(rounds):
        counter += fill_permutation(0, counter, out)
        order = tuple(out.tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6
    # Chi-square with 5 degrees of freedom exceeds 20.5 once in 1000 seeds.
    assert sum((count - rounds / 6) ** 2 / (rounds / 6) for count in counts.values()) < 20.5


@pytest.mark.parametrize(
    ("fill", "arguments", "error", "parts"),
    [
        (fill_uniform, [np.empty(3, int)], TypeError, ["fill_uniform", "float32 or float64", "int64"]),
        (fill_normal, [[0.0]], TypeError, ["fill_normal", "list"]),
        (fill_words, [np.empty(3, np.int64)], TypeError, ["fill_words", "uint64", "int64"]),
        (fill_permutation, [np.empty(3, np.int32)], TypeError, ["fill_permutation", "int64", "int32"]),
        (fill_uniform, [np.empty((2, 3))], ValueError, ["fill_uniform", "1-d", "(2, 3)", "reshape(-1)"]),
        (fill_uniform, [np.empty(6)[::2]], ValueError, ["fill_uniform", "contiguous", "(16,)"]),
        (fill_integers, [5, 5, np.empty(3, np.int64)], ValueError, ["fill_integers", "low=5", "high=5"]),
        (fill_integers, [-(2**63), 2**63, np.empty(3, np.int64)], ValueError, ["fill_integers", "2**63 apart"]),
    ],
)
def test_what_cannot_be_filled_raises_and_says_why(fill, arguments, error, parts):
    with pytest.raises(error, match="needed") as caught:
        fill(0, 0, *arguments)
    for part in parts:
        assert part in str(caught.value)
