"""Counter-based random numbers: Philox4x32-10, and the kernels that fill arrays with draws.

A block is four 32-bit words, a pure function of a 64-bit seed and a 64-bit counter: the seed is the generator's key,
the counter the low half of its 128-bit counter. Element i of a draw reads block `counter + i // (elements a block)`,
so a draw can be repeated, skipped or split among threads with two integers. `draws.py` has the public wrappers.

All integer arithmetic is uint64 on values below 2³², whose products fit: nothing overflows, so NumPy's scalars and
Numba agree to the bit, without warnings. Constants are np.uint64 because Numba turns uint64 with int64 into float64.

Source: Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC'11.
"""

import numpy as np

from minigrad_kernels.jit import kernel, ordered_helper
from minigrad_kernels.scalar_functions import log_float64
from minigrad_kernels.turns import sine_and_cosine

# Multipliers, key increments and rounds of Philox4x32-10, from the paper and its library Random123. The increments are
# the first 32 fractional bits of the golden ratio and of √3.
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
KEY_STEP_0 = np.uint64(0x9E3779B9)
KEY_STEP_1 = np.uint64(0xBB67AE85)
ROUNDS = 10

LOW_32 = np.uint64(0xFFFFFFFF)
BITS_32 = np.uint64(32)
ZERO, ONE = np.uint64(0), np.uint64(1)

# A float32 in [0, 1) is one of 2^24 equidistant numbers, a float64 one of 2^53: as many as its significand holds, so
# that none rounds up to 1.
DROPPED_32 = np.uint64(8)
DROPPED_64 = np.uint64(11)
SCALE_24 = np.float32(2.0**-24)
SCALE_53 = 2.0**-53

# Blocks whose exchanges a permutation plans at a time: their 1024 targets lie in the L1 cache.
PLANNED_BLOCKS = 512

Words = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@ordered_helper
def philox_words(
    x0: np.uint64, x1: np.uint64, x2: np.uint64, x3: np.uint64, key_0: np.uint64, key_1: np.uint64
) -> Words:
    """Encrypt the 128-bit counter x0…x3 with the 64-bit key: four random words, each below 2³²."""
    for _ in range(ROUNDS):
        product_0 = MULTIPLIER_0 * x0
        product_1 = MULTIPLIER_1 * x2
        x0, x1, x2, x3 = (
            (product_1 >> BITS_32) ^ x1 ^ key_0,
            product_1 & LOW_32,
            (product_0 >> BITS_32) ^ x3 ^ key_1,
            product_0 & LOW_32,
        )
        key_0 = (key_0 + KEY_STEP_0) & LOW_32
        key_1 = (key_1 + KEY_STEP_1) & LOW_32
    return x0, x1, x2, x3


@ordered_helper
def random_block(seed: np.uint64, counter: np.uint64, index: int) -> Words:
    """The four words of block `counter + index`, which wraps around at 2⁶⁴."""
    offset = np.uint64(index)
    # Added in halves: NumPy warns when a uint64 sum wraps around.
    low = (counter & LOW_32) + (offset & LOW_32)
    high = (counter >> BITS_32) + (offset >> BITS_32) + (low >> BITS_32)
    return philox_words(low & LOW_32, high & LOW_32, ZERO, ZERO, seed & LOW_32, seed >> BITS_32)


@ordered_helper
def unit_float64(high: np.uint64, low: np.uint64) -> float:
    """A float64 in [0, 1) from the upper 53 of 64 random bits."""
    # As a signed number: older processors convert no other ones in vectors.
    return np.float64(np.int64(((high << BITS_32) | low) >> DROPPED_64)) * SCALE_53


@ordered_helper
def normal_pair(x0: np.uint64, x1: np.uint64, x2: np.uint64, x3: np.uint64) -> tuple[float, float]:
    """Two independent standard normal float64 from four words. Source: Box and Muller 1958."""
    # 1 − u is in (0, 1], so the logarithm is finite; the largest radius is √(−2 ln 2⁻⁵³) = 8.57.
    radius = np.sqrt(-2.0 * log_float64(1.0 - unit_float64(x0, x1)))
    sine, cosine = sine_and_cosine(unit_float64(x2, x3))
    return radius * cosine, radius * sine


@ordered_helper
def high_product(x: np.uint64, y: np.uint64) -> np.uint64:
    """The upper 64 bits of the 128-bit product x·y: schoolbook multiplication of 32-bit digits."""
    x_low, x_high = x & LOW_32, x >> BITS_32
    y_low, y_high = y & LOW_32, y >> BITS_32
    # Neither sum overflows: (2³² − 1)² + 2·(2³² − 1) = 2⁶⁴ − 1.
    middle = x_high * y_low + ((x_low * y_low) >> BITS_32)
    other = x_low * y_high + (middle & LOW_32)
    return x_high * y_high + (middle >> BITS_32) + (other >> BITS_32)


@kernel
def uniform_float32(seed: np.uint64, counter: np.uint64, out: np.ndarray) -> None:
    """Fill float32 `out`, shape (n,), with uniform numbers in [0, 1): four a block, 24 bits each."""
    full = out.size // 4
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        out[4 * block] = np.float32(np.int32(x0 >> DROPPED_32)) * SCALE_24
        out[4 * block + 1] = np.float32(np.int32(x1 >> DROPPED_32)) * SCALE_24
        out[4 * block + 2] = np.float32(np.int32(x2 >> DROPPED_32)) * SCALE_24
        out[4 * block + 3] = np.float32(np.int32(x3 >> DROPPED_32)) * SCALE_24
    words = random_block(seed, counter, full)
    for i in range(4 * full, out.size):
        out[i] = np.float32(np.int32(words[i - 4 * full] >> DROPPED_32)) * SCALE_24


@kernel
def uniform_float64(seed: np.uint64, counter: np.uint64, out: np.ndarray) -> None:
    """Fill float64 `out`, shape (n,), with uniform numbers in [0, 1): two a block, 53 bits each."""
    full = out.size // 2
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        out[2 * block] = unit_float64(x0, x1)
        out[2 * block + 1] = unit_float64(x2, x3)
    if out.size % 2 == 1:
        x0, x1, x2, x3 = random_block(seed, counter, full)
        out[2 * full] = unit_float64(x0, x1)


@kernel
def standard_normal(seed: np.uint64, counter: np.uint64, out: np.ndarray) -> None:
    """Fill `out`, shape (n,), with standard normal numbers: two a block; float32 are the rounded float64."""
    full = out.size // 2
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        out[2 * block], out[2 * block + 1] = normal_pair(x0, x1, x2, x3)
    if out.size % 2 == 1:
        x0, x1, x2, x3 = random_block(seed, counter, full)
        out[2 * full] = normal_pair(x0, x1, x2, x3)[0]


@kernel
def random_words(seed: np.uint64, counter: np.uint64, out: np.ndarray) -> None:
    """Fill uint64 `out`, shape (n,), with 64 random bits each: two a block."""
    full = out.size // 2
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        out[2 * block] = (x0 << BITS_32) | x1
        out[2 * block + 1] = (x2 << BITS_32) | x3
    if out.size % 2 == 1:
        x0, x1, x2, x3 = random_block(seed, counter, full)
        out[2 * full] = (x0 << BITS_32) | x1


@kernel
def random_integers(seed: np.uint64, counter: np.uint64, low: np.int64, span: np.uint64, out: np.ndarray) -> None:
    """Fill int64 `out`, shape (n,), with uniform integers in [low, low + span): two a block.

    The word w becomes ⌊w·span/2⁶⁴⌋. Of the 2⁶⁴ words each integer gets ⌊2⁶⁴/span⌋ or one more, so its probability is
    off by less than 2⁻⁶⁴: relatively by less than span/2⁶⁴, which is 10⁻¹⁰ for a span of 10⁹.

    Source: Lemire 2019, Fast random integer generation in an interval, without its rejection step.
    """
    full = out.size // 2
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        out[2 * block] = low + np.int64(high_product((x0 << BITS_32) | x1, span))
        out[2 * block + 1] = low + np.int64(high_product((x2 << BITS_32) | x3, span))
    if out.size % 2 == 1:
        x0, x1, x2, x3 = random_block(seed, counter, full)
        out[2 * full] = low + np.int64(high_product((x0 << BITS_32) | x1, span))


@kernel
def random_permutation(seed: np.uint64, counter: np.uint64, out: np.ndarray) -> None:
    """Fill int64 `out`, shape (n,), with a random order of 0 … n − 1: one word an element, two a block.

    Source: Fisher-Yates shuffle as in Durstenfeld 1964; Knuth, The Art of Computer Programming 2, algorithm 3.4.2 P.
    """
    for i in range(out.size):
        out[i] = i
    # Where each element goes is worked out for many at a time: in vectors, and so that the processor can wait for
    # several exchanges in a large array at once.
    others = np.empty((PLANNED_BLOCKS, 2), np.int64)
    blocks = (out.size + 1) // 2
    for first in range((blocks - 1) // PLANNED_BLOCKS * PLANNED_BLOCKS, -1, -PLANNED_BLOCKS):
        for block in range(PLANNED_BLOCKS):
            x0, x1, x2, x3 = random_block(seed, counter, first + block)
            count = np.uint64(2 * (first + block) + 1)
            others[block, 0] = np.int64(high_product((x0 << BITS_32) | x1, count))
            others[block, 1] = np.int64(high_product((x2 << BITS_32) | x3, count + ONE))
        for i in range(min(out.size, 2 * (first + PLANNED_BLOCKS)) - 1, max(2 * first, 1) - 1, -1):
            other = others[(i - 2 * first) // 2, i % 2]
            kept = out[i]
            out[i] = out[other]
            out[other] = kept
