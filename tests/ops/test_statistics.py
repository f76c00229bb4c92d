"""What the samples of running, ordering and counting operations cannot say: ties, zeros, NaN, and how einsum works."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.func import hessian
from minigrad.graph import Node
from minigrad.ops.contractions import plan_of
from minigrad.ops.quantiles import MANY_RANKS
from minigrad.ops.sorting import FEW, SHORT

NAN, INFINITY = math.nan, math.inf


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def gradient(function, values):
    x = leaf(values)
    function(x).sum().backward()
    return x.grad.tolist()


def generator():
    return np.random.default_rng(20261122)


# Products with zeros --------------------------------------------------------------------------------------------------


def test_the_gradient_of_a_product_with_zeros_is_that_of_the_others():
    assert gradient(mg.prod, [2.0, 3.0, 4.0]) == [12, 8, 6]
    assert gradient(mg.prod, [2.0, 0.0, 4.0]) == [0, 8, 0]
    assert gradient(mg.prod, [2.0, 0.0, 0.0]) == [0, 0, 0]
    assert gradient(lambda x: mg.prod(x, 1), [[0.0, 5.0], [3.0, 0.0], [0.0, 0.0]]) == [[5, 0], [0, 3], [0, 0]]


def test_the_second_derivative_of_a_product_with_zeros_is_exact():
    assert hessian(mg.prod)(leaf([0.0, 0.0, 3.0])).tolist() == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]
    total = hessian(lambda x: mg.cumprod(x, 0).sum())(leaf([0.0, 2.0, 0.0]))
    # x + x*y + x*y*z
    assert total.tolist() == [[0, 1, 2], [1, 0, 0], [2, 0, 0]]


def test_the_gradient_of_a_product_outlives_its_overflow():
    assert gradient(mg.prod, [1e200, 1e200, 1e-200]) == pytest.approx([1, 1, INFINITY], rel=1e-14)
    assert gradient(mg.prod, [1e-200, 1e-200, 1e200]) == pytest.approx([1, 1, 0], rel=1e-14)


def test_a_zero_in_a_running_product_receives_what_comes_behind_it():
    # x, x*y, x*y*z
    assert gradient(lambda x: mg.cumprod(x, 0), [2.0, 0.0, 5.0]) == [1, 12, 0]


def test_a_running_sum_of_exponentials_may_begin_with_nothing():
    x = leaf([-INFINITY, -INFINITY, 0.0, 0.0])
    y = mg.logcumsumexp(x, 0)
    assert y[:3].tolist() == [-INFINITY, -INFINITY, 0]
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 1.5, 0.5]
    assert mg.logcumsumexp(mg.tensor([1.0, INFINITY, 2.0]), 0)[1:].tolist() == [INFINITY, INFINITY]


# Spread ---------------------------------------------------------------------------------------------------------------


def test_a_deviation_of_zero_has_gradient_zero_whatever_arrives():
    assert gradient(mg.std, [2.0, 2.0, 2.0]) == [0, 0, 0]
    assert gradient(lambda x: mg.std(x) ** 0.5, [2.0, 2.0]) == [0, 0]
    assert gradient(lambda x: mg.std(x, 1), [[1.0, 1.0], [0.0, 2.0]])[0] == [0, 0]
    x = leaf([3.0, 3.0])
    (first,) = mg.autograd.grad(mg.std(x), x, create_graph=True)
    assert mg.autograd.grad(first.sum(), x)[0].tolist() == [0, 0]


def test_a_variance_far_from_zero_keeps_its_digits():
    # Squares less the square of the mean would have none left.
    x = mg.tensor([1e8 + 1, 1e8 + 2, 1e8 + 3], dtype=mg.float64)
    assert mg.var(x).item() == 1
    assert [each.item() for each in mg.var_mean(x)] == [1, 1e8 + 2]


def test_a_sum_without_nan_is_not_told_from_one_of_infinities():
    assert math.isnan(mg.nansum(mg.tensor([INFINITY, -INFINITY])).item())
    assert mg.nansum(mg.tensor([INFINITY, NAN])).item() == INFINITY
    assert gradient(mg.nansum, [1.0, NAN]) == [1, 0]
    assert gradient(mg.nanmean, [1.0, NAN, 3.0]) == [0.5, 0, 0.5]


def test_a_variable_that_does_not_vary_has_no_correlation():
    found = mg.corrcoef(mg.tensor([[1.0, 2.0, 4.0], [2.0, 2.0, 2.0]]))
    assert found[0, 0].item() == 1
    assert np.isnan(found.numpy()[1]).all()


# Order ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_integers_at_the_ends_of_their_range_are_sorted(dtype):
    limits = np.iinfo(dtype)
    values = generator().choice(np.array([limits.min, limits.min + 1, 0, limits.max], dtype), 2 * FEW)
    np.testing.assert_array_equal(mg.argsort(mg.tensor(values)).numpy(), np.argsort(values, kind="stable"))


@pytest.mark.parametrize("length", [SHORT, SHORT + 1, 40 * SHORT])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.int8])
def test_equal_elements_keep_their_order_however_many_there_are(length, dtype):
    rows = generator().integers(-5, 5, (3, length)).astype(dtype)
    if rows.dtype.kind == "f":
        rows[:, ::7], rows[:, 1::11], rows[:, 2::11], rows[:, 3::11] = NAN, -NAN, -0.0, -INFINITY
    for lines, dim in ((rows, 1), (np.ascontiguousarray(rows.T), 0)):
        x = mg.tensor(lines)
        rising = np.argsort(lines, axis=dim, kind="stable")
        np.testing.assert_array_equal(mg.argsort(x, dim).numpy(), rising)
        falling = mg.argsort(x, dim, descending=True).numpy()
        mirrored = length - 1 - np.flip(np.argsort(np.flip(lines, dim), axis=dim, kind="stable"), dim)
        np.testing.assert_array_equal(falling, mirrored)
        for k in (1, 5, length // 5, length):
            largest, smallest = mg.topk(x, k, dim), mg.topk(x, k, dim, largest=False)
            np.testing.assert_array_equal(largest.indices.numpy(), falling.take(range(k), dim))
            np.testing.assert_array_equal(smallest.indices.numpy(), rising.take(range(k), dim))
            np.testing.assert_array_equal(smallest.values.numpy(), np.sort(lines, dim).take(range(k), dim))


def test_sorted_values_are_those_of_sort_with_its_gradient():
    rows = [[3.0, 1.0], [2.0, NAN], [3.0, 0.0]]
    np.testing.assert_array_equal(mg.msort(leaf(rows)).detach().numpy(), mg.sort(leaf(rows), 0).values.detach().numpy())
    weights = mg.tensor([[1.0], [2.0], [4.0]])
    assert gradient(lambda x: mg.msort(x) * weights, rows) == [[2, 2], [1, 4], [4, 1]]
    assert mg.msort(mg.tensor(2.0)).item() == 2


def test_of_equal_elements_the_first_has_the_rank():
    x = leaf([2.0, 1.0, 2.0, 3.0, 2.0])
    for found in (mg.kthvalue(x, 3), mg.median(x, 0), mg.nanmedian(x, 0)):
        assert (found.values.item(), found.indices.item()) == (2, 0)
    assert gradient(lambda y: mg.median(y, 0).values, x.tolist()) == [1, 0, 0, 0, 0]


def test_the_median_is_the_lower_of_two_and_nan_wins():
    assert mg.median(mg.tensor([4.0, 1.0, 3.0, 2.0])).item() == 2
    assert math.isnan(mg.median(mg.tensor([4.0, NAN, 3.0])).item())
    assert mg.nanmedian(mg.tensor([4.0, NAN, 3.0])).item() == 3
    assert math.isnan(mg.nanmedian(mg.tensor([NAN, NAN])).item())
    assert math.isnan(mg.median(mg.zeros(0)).item())
    rows = mg.tensor([[4.0, NAN, 3.0], [1.0, 2.0, 3.0]])
    assert mg.median(rows, 1).indices.tolist() == [1, 1]
    assert mg.nanmedian(rows, 1).values.tolist() == [3, 2]


def test_elements_equal_to_the_median_of_all_share_its_gradient():
    assert gradient(mg.median, [[2.0, 3.0], [2.0, 1.0]]) == [[0.5, 0], [0.5, 0]]
    assert gradient(mg.nanmedian, [[2.0, NAN], [2.0, 1.0]]) == [[0.5, 0], [0.5, 0]]
    assert gradient(mg.median, [NAN, 1.0]) == [1, 0]


def test_the_mode_is_the_smallest_of_the_most_frequent_at_its_last_place():
    found = mg.mode(mg.tensor([2.0, 1.0, 1.0, 2.0, 3.0]))
    assert (found.values.item(), found.indices.item()) == (1, 2)
    # Each NaN is another one.
    assert mg.mode(mg.tensor([NAN, 5.0, NAN, 7.0])).values.item() == 5
    assert math.isnan(mg.mode(mg.tensor([NAN, NAN])).values.item())


def test_results_along_an_axis_are_named():
    x = mg.tensor([[1.0, 3.0], [5.0, 2.0]])
    for op in (mg.sort, mg.mode, mg.cummax, mg.median):
        found = op(x, 1)
        assert found.values is found[0]
        assert found.indices is found[1]
    assert mg.aminmax(x).min.item() == 1
    assert mg.aminmax(x, dim=1).max.tolist() == [3, 5]


@pytest.mark.parametrize("count", [3, 2 * MANY_RANKS])
def test_quantiles_are_numpys_however_many(count):
    # NumPy's partition sorts short lines altogether.
    rows = generator().standard_normal((4, 2000))
    shares = generator().random(count)
    expected = np.quantile(rows, shares, axis=1)
    x, q = leaf(rows), mg.tensor(shares)
    # The weights of the two neighbours round once in another order.
    np.testing.assert_allclose(mg.quantile(x, q, 1).detach().numpy(), expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(mg.quantile(x.detach(), q, 1).numpy(), expected, rtol=1e-13, atol=1e-14)


def test_a_share_that_is_a_number_keeps_its_digits():
    assert mg.quantile(mg.tensor([0.0, 1.0], dtype=mg.float64), 0.1).item() == 0.1


def test_a_quantile_says_how_it_grows_with_its_share():
    x, q = leaf([1.0, 2.0, 4.0, 8.0]), leaf(0.5)
    mg.quantile(x, q).backward()
    assert q.grad.item() == pytest.approx(3 * 2)
    assert x.grad.tolist() == [0, 0.5, 0.5, 0]


# Differences and distances --------------------------------------------------------------------------------------------


def test_no_difference_is_a_copy():
    x = mg.tensor([1.0, 2.0])
    y = mg.diff(x, 0)
    y += 1
    assert x.tolist() == [1, 2]
    assert mg.diff(x, 0, prepend=x, append=x).tolist() == [1, 2]


def test_samples_at_one_place_have_an_infinite_slope():
    assert mg.gradient(mg.tensor([1.0, 2.0]), spacing=0)[0].tolist() == [INFINITY, INFINITY]


def test_the_slopes_of_a_parabola_are_exact_at_coordinates_too():
    places = mg.tensor([0.0, 1.0, 3.0, 4.0, 8.0], dtype=mg.float64)
    for spacing in (places, mg.arange(5, dtype=mg.float64)):
        (found,) = mg.gradient(spacing**2, spacing=(spacing,), edge_order=2)
        np.testing.assert_allclose(found.numpy(), 2 * spacing.numpy(), rtol=1e-15)


def test_equal_points_have_no_slope_of_their_distance_nor_of_that():
    for p in (1.0, 2.0, 3.0, 0.5, INFINITY, 0.0):
        x = leaf([[1.0, 2.0], [1.0, 2.0]])
        (first,) = mg.autograd.grad(mg.cdist(x, x, p).sum(), x, create_graph=True)
        assert first.tolist() == [[0, 0], [0, 0]]
        (second,) = mg.autograd.grad((first * first + x * 0).sum(), x)
        assert second.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("coordinates", [2, 40])
def test_distances_of_near_points_far_from_zero_keep_their_digits(coordinates):
    x = mg.full((1, coordinates), 1e6, dtype=mg.float64)
    assert mg.cdist(x, x + 2.0**-10).item() == pytest.approx(2.0**-10 * math.sqrt(coordinates), rel=1e-15)


def test_a_vector_shorter_than_the_largest_norm_stays_as_it_is():
    x = mg.tensor([[3.0, 4.0], [0.3, 0.4]])
    y = mg.renorm(x, 2, 0, 1.0)
    assert mg.equal(y[1], x[1])
    assert mg.norm(y[0]).item() == pytest.approx(1, rel=1e-6)


# Products -------------------------------------------------------------------------------------------------------------


def operations_below(tensor):
    """Return the names of the operations that a tensor was computed by."""
    found, stack = [], [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if isinstance(node, Node):
            found.append(node.name)
            stack += list(node.next_functions)
    return found


@pytest.mark.parametrize(
    ("equation", "shapes", "operations"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)], ["matmul"]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)], ["matmul"]),
        ("ij,kj->ik", [(2, 3), (4, 3)], ["matmul", "permute"]),
        ("ij,j->i", [(2, 3), (3,)], ["matmul"]),
        ("ij,ij->ij", [(2, 3), (2, 3)], ["mul"]),
        ("ii->i", [(3, 3)], ["diagonal"]),
        ("ij->ji", [(2, 3)], ["permute"]),
        ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)], ["matmul", "permute"]),
    ],
)
def test_einsum_is_matrix_products_and_no_more(equation, shapes, operations):
    found = mg.einsum(equation, *[leaf(np.ones(shape)) for shape in shapes])
    assert sorted(operations_below(found)) == operations


def order_of(equation, *shapes):
    """Return the places of the factors of each product, among the operands that remain."""
    terms = equation.partition("->")
    inputs = tuple(tuple(map(ord, term)) for term in terms[0].split(","))
    sizes = {label: size for term, shape in zip(inputs, shapes, strict=True) for label, size in zip(term, shape)}
    plan = plan_of(inputs, tuple(map(ord, terms[2])), tuple(sorted(sizes.items())), shapes)
    return [(step.left, step.right) for step in plan.steps]


def test_einsum_multiplies_in_the_order_that_keeps_the_parts_small():
    assert order_of("ij,jk,k->i", (9, 9), (9, 9), (9,)) == [(1, 2), (0, 1)]
    assert order_of("i,ij,jk->k", (9,), (9, 9), (9, 9)) == [(0, 1), (0, 1)]
    # Two thin matrices make a wide one; the last makes it thin again.
    assert order_of("ia,aj,jb->ib", (50, 2), (2, 50), (50, 2)) == [(1, 2), (0, 1)]


def test_einsum_takes_a_list_of_operands_and_arrays():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(mg.einsum("ij,kj", [x, x]), x @ x.T)
    assert mg.einsum("ij,", mg.tensor(x), 2.0).tolist() == (2 * x).tolist()


def test_einsum_returns_a_tensor_of_its_own():
    x = leaf([[1.0, 2.0]])
    y = mg.einsum("ij->ij", x)
    assert y is not x
    y.backward(mg.ones(1, 2, dtype=mg.float64))
    assert x.grad.tolist() == [[1, 1]]


def test_a_large_sum_of_products_is_that_of_the_small_one():
    x, y = generator().standard_normal((2, 40, 500))
    found = mg.einsum("bi,bi->b", leaf(x), leaf(y))
    assert "matmul" in operations_below(found)
    # 500 products are summed in another order.
    np.testing.assert_allclose(found.detach().numpy(), (x * y).sum(1), rtol=0, atol=500 * 1e-15 * 20)


def test_a_sum_that_is_not_wanted_is_not_read():
    nan = mg.full((2, 2), NAN)
    ones = mg.ones(2, 2)
    for found in (
        mg.addmv(nan[0], ones, ones[0], beta=0),
        mg.addr(nan, ones[0], ones[0], beta=0),
        mg.baddbmm(nan, ones[None], ones[None], beta=0),
        mg.addbmm(nan, ones[None], ones[None], beta=0),
    ):
        assert np.isfinite(found.numpy()).all()
