"""Finite differences of functions of float64 arrays, and what the tests of minigrad.func share."""

import numpy as np

import minigrad as mg

EPSILON = float(np.finfo(np.float64).eps)
# Central differences: with h = eps^(1/3) the truncation, h²/6 |f'''|, and the rounding, eps |f| / h, are both about
# eps^(2/3) = 3.7e-11 times |f'''| and |f|, which stay below 100 in these tests.
STEP = EPSILON ** (1 / 3)
TOLERANCE = {"rtol": 0, "atol": 100 * EPSILON ** (2 / 3)}
# Fewer than 100 operations of float64 on numbers around 1, some of them in another order.
ROUNDING = {"rtol": 1e-12, "atol": 1e-13}


def numbers(seed, *shape):
    """Return normal random numbers as a float64 tensor."""
    return mg.tensor(np.random.Generator(np.random.PCG64(seed)).standard_normal(shape))


def value_of(tensor):
    return tensor.detach().numpy()


def differences(function, x):
    """Return the derivatives of a function of one tensor by central differences, of shape output + x."""
    array = value_of(x).copy()
    columns = []
    for place in np.ndindex(array.shape):
        old = array[place]
        array[place] = old + STEP
        above = value_of(function(mg.tensor(array)))
        array[place] = old - STEP
        below = value_of(function(mg.tensor(array)))
        array[place] = old
        columns.append((above - below) / (2 * STEP))
    return np.moveaxis(np.array(columns), 0, -1).reshape(np.shape(columns[0]) + array.shape)
