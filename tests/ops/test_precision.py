"""A Python float keeps all its digits where the other operand is of float64."""

import numpy as np
import pytest

import minigrad as mg

# 0.1 is no binary fraction, and 1e300 no float32: a detour through float32 would show.
NUMBER = 0.1


def test_a_number_written_into_a_float64_tensor_is_not_rounded():
    x = mg.zeros(5, dtype=mg.float64)
    x[0] = NUMBER
    x[mg.tensor([False, True, False, False, False])] = NUMBER
    x[[2]] = NUMBER
    x[3:4].copy_(NUMBER)
    x[4] = 1e300
    assert x.tolist() == [NUMBER] * 4 + [1e300]
    assert x.fill_(NUMBER).tolist() == [NUMBER] * 5


def test_numbers_beside_numpy_scalars_and_0d_tensors_are_not_rounded():
    assert mg.tensor(0.35, dtype=mg.float64).clamp(NUMBER, 0.2).item() == 0.2
    assert mg.mul(np.float64(0.35), NUMBER) == 0.35 * NUMBER
    assert (mg.tensor(0.35, dtype=mg.float64) * NUMBER).item() == 0.35 * NUMBER


@pytest.mark.parametrize("dtype", [mg.int32, mg.int8, mg.uint8], ids=str)
def test_a_sum_is_of_the_dtype_asked_for(dtype):
    total = mg.tensor([1, 2, 3]).sum(dtype=dtype)
    assert total.dtype == dtype
    assert total.item() == 6


def test_a_draw_of_integers_that_the_dtype_cannot_hold_is_refused():
    state = mg.manual_seed(0).get_state()
    with pytest.raises(ValueError, match=r"randint: uint8 holds 0 to 255, not 0 to 299"):
        mg.randint(0, 300, (2,), dtype=mg.uint8)
    assert mg.manual_seed(0).get_state() == state


TOO_LARGE = {
    "zeros": lambda: mg.zeros(10**20),
    "expand": lambda: mg.ones(1).expand(10**19),
    "arange": lambda: mg.arange(1e18),
    "an integer operand": lambda: mg.ones(2) * 10**400,
}


@pytest.mark.parametrize("call", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_is_told_in_our_words(call):
    with pytest.raises((ValueError, TypeError), match=r"more elements than|does not fit int64"):
        call()


def test_the_gradient_of_a_norm_at_zero_is_zero_under_an_infinite_slope():
    for p in (1, 2, 3, np.inf):
        x = mg.zeros(2, requires_grad=True)
        (x.norm(p) ** 0.5).backward()
        assert x.grad.tolist() == [0.0, 0.0], p
