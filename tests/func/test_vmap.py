"""``vmap`` does to each example what the function does to one, derivatives included."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import func, nn
from tests.func.numerics import ROUNDING, TOLERANCE, differences, numbers, value_of

ROWS = numbers(0, 4, 3)
MATRIX = numbers(1, 3, 3)


def wave(x):
    return (MATRIX @ x).tanh() * x.exp()


def energy(x, w):
    return ((w @ x).tanh() * x).sum()


def close(found, expected, **tolerance):
    np.testing.assert_allclose(value_of(found), expected, **(tolerance or ROUNDING))


def looped(function, *args):
    """Return what a function returns for each row of the arguments, stacked."""
    return np.stack([value_of(function(*[arg[number] for arg in args])) for number in range(len(args[0]))])


def test_the_function_is_called_once_with_one_example():
    shapes = []

    def watched(x):
        shapes.append(x.shape)
        return x * 2

    assert mg.equal(func.vmap(watched)(ROWS), ROWS * 2)
    assert shapes == [(3,)]


def test_each_example_has_its_own_result():
    close(func.vmap(wave)(ROWS), looped(wave, ROWS))


def test_axes_in_and_out():
    turned = ROWS.T.clone()
    close(func.vmap(wave, in_dims=1)(turned), looped(wave, ROWS))
    close(func.vmap(wave, in_dims=-1, out_dims=-1)(turned), looped(wave, ROWS).T)
    first, second = func.vmap(lambda x, w: (w @ x, x), in_dims=(0, None), out_dims=(1, 0))(ROWS, MATRIX)
    close(first, looped(lambda x: MATRIX @ x, ROWS).T)
    close(second, value_of(ROWS))


def test_containers_in_and_out():
    tree = {"x": ROWS, "shared": [MATRIX, MATRIX[0]]}

    def several(tree, y):
        matrix, vector = tree["shared"]
        return {"product": matrix @ tree["x"], "sums": [(vector * y).sum()]}

    found = func.vmap(several, in_dims=({"x": 0, "shared": None}, 0))(tree, ROWS)
    close(found["product"], looped(lambda x: MATRIX @ x, ROWS))
    close(found["sums"][0], looped(lambda y: (MATRIX[0] * y).sum(), ROWS))


def test_what_is_the_same_for_all_is_repeated_or_returned_as_it_is():
    constant = mg.ones(2)
    assert func.vmap(lambda x: constant)(ROWS).shape == (4, 2)
    assert func.vmap(lambda x: constant, out_dims=None)(ROWS) is constant
    assert func.vmap(lambda x, y: y, in_dims=(0, None))(ROWS, mg.tensor(2.0)).tolist() == [2] * 4


def test_arguments_by_keyword_are_shared():
    close(func.vmap(lambda x, w: x @ w)(ROWS, w=MATRIX), value_of(ROWS @ MATRIX))


def test_arrays_are_mapped_too():
    close(func.vmap(wave)(value_of(ROWS)), looped(wave, ROWS))


def test_a_0d_operand_does_not_raise_the_dtype():
    doubles, singles = mg.tensor([1.0, 2.0], dtype=mg.float64), mg.ones(2, 3)
    assert func.vmap(lambda x, y: x * y)(doubles, singles).dtype == mg.float32


def test_a_constant_array_in_the_function_takes_part():
    constant = np.arange(3.0)
    close(func.vmap(lambda x: constant * x)(ROWS), constant * value_of(ROWS))


def test_detach_keeps_the_batch():
    close(func.vmap(lambda x: x.detach() * x)(ROWS), value_of(ROWS) ** 2)
    close(func.vmap(func.grad(lambda x: (x.detach() * x).sum()))(ROWS), value_of(ROWS))


@pytest.mark.parametrize("dims", [(0, None), (None, 0), (0, 0)])
def test_products_of_every_rank_with_either_side_mapped(dims):
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((5, 2, 3), (3,)), ((3,), (5, 3, 2))]
    for seed, (left, right) in enumerate([*shapes, ((5, 2, 3), (3, 2)), ((2, 3), (5, 3, 2)), ((5, 2, 3), (5, 3, 2))]):
        args = []
        for number, (shape, dim) in enumerate(zip((left, right), dims, strict=True)):
            args.append(numbers(10 * seed + number, *([4] if dim == 0 else []), *shape))
        found = func.vmap(mg.matmul, in_dims=dims)(*args)
        rows = [[arg if dim is None else arg[place] for arg, dim in zip(args, dims, strict=True)] for place in range(4)]
        close(found, np.stack([value_of(mg.matmul(*row)) for row in rows]))


def test_each_example_has_its_own_index():
    places = mg.tensor([0, 2, 1, 1])
    close(func.vmap(lambda x, k: x[k])(ROWS, places), value_of(ROWS)[np.arange(4), places.numpy()])
    close(func.vmap(lambda k: MATRIX[k])(places), value_of(MATRIX)[places.numpy()])
    pairs = mg.tensor([[0, 1], [2, 2], [1, 0], [0, 0]])
    close(func.vmap(lambda x, k: x[k])(ROWS, pairs), np.take_along_axis(value_of(ROWS), pairs.numpy(), 1))


def test_maps_inside_of_maps():
    def product(x, y):
        return (x * y).exp().sum()

    table = func.vmap(func.vmap(product, in_dims=(None, 0)), in_dims=(0, None))
    expected = np.exp(value_of(ROWS)[:, None] * value_of(ROWS)[None]).sum(-1)
    close(table(ROWS, ROWS), expected)
    slopes = func.vmap(func.vmap(func.grad(product, argnums=(0, 1)), in_dims=(None, 0)), in_dims=(0, None))
    first, second = slopes(ROWS, ROWS)
    for row in range(4):
        for column in range(4):
            expected = func.grad(product, argnums=(0, 1))(ROWS[row], ROWS[column])
            close(first[row, column], value_of(expected[0]))
            close(second[row, column], value_of(expected[1]))


def test_derivatives_of_each_example():
    slopes = func.vmap(func.grad(energy, argnums=(0, 1)), in_dims=(0, None))(ROWS, MATRIX)
    close(slopes[0], looped(lambda x: func.grad(energy)(x, MATRIX), ROWS))
    # The shared matrix has a gradient in each example.
    close(slopes[1], looped(lambda x: func.grad(energy, argnums=1)(x, MATRIX), ROWS))
    close(func.vmap(func.jacobian(wave))(ROWS), looped(func.jacobian(wave), ROWS))
    curvature = func.vmap(func.hessian(energy), in_dims=(0, None))(ROWS, MATRIX)
    close(curvature, looped(lambda x: func.hessian(energy)(x, MATRIX), ROWS))
    tangents = func.vmap(lambda x, v: func.jvp(wave, (x,), (v,))[1])(ROWS, ROWS * 2)
    close(tangents, looped(lambda x: func.jvp(wave, (x,), (x * 2,))[1], ROWS))
    gradients = func.vmap(lambda x: func.vjp(wave, x)[1](MATRIX[0])[0])(ROWS)
    close(gradients, looped(lambda x: func.vjp(wave, x)[1](MATRIX[0])[0], ROWS))


def test_derivatives_through_the_map():
    def total(w):
        return func.vmap(energy, in_dims=(0, None))(ROWS, w).square().sum()

    close(func.grad(total)(MATRIX), differences(total, MATRIX), **TOLERANCE)
    leaf = MATRIX.clone().requires_grad_()
    total(leaf).backward()
    close(leaf.grad, differences(total, MATRIX), **TOLERANCE)


def test_second_derivatives_through_the_map_of_a_derivative():
    def total(w):
        return func.vmap(func.grad(energy), in_dims=(0, None))(ROWS, w).square().sum()

    close(func.grad(total)(MATRIX), differences(total, MATRIX), **TOLERANCE)


def test_derivatives_of_each_example_are_in_no_graph_where_nothing_else_requires_grad():
    assert not func.vmap(func.grad(energy), in_dims=(0, None))(ROWS, MATRIX).requires_grad
    leaf = MATRIX.clone().requires_grad_()
    assert func.vmap(func.grad(energy), in_dims=(0, None))(ROWS, leaf).requires_grad


def test_a_tensor_of_the_users_that_is_returned_stays_one():
    leaf = MATRIX.clone().requires_grad_()
    slopes, aux = func.vmap(func.grad(lambda x: (energy(x, leaf), leaf), has_aux=True), out_dims=(0, None))(ROWS)
    assert slopes.shape == (4, 3)
    assert aux is leaf
    assert type(leaf) is mg.Tensor


def test_rows_of_the_identity_through_a_pullback_are_the_jacobian():
    _, pullback = func.vjp(wave, ROWS[0])
    (rows,) = func.vmap(pullback)(mg.eye(3, dtype=mg.float64))
    close(rows, value_of(func.jacobian(wave)(ROWS[0])))


def test_gradients_of_each_example_of_a_classifier():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    weights = {name: each.detach() for name, each in model.named_parameters()}
    labels = mg.tensor([0, 2, 1, 1])

    def loss(weights, x, label):
        return nn.functional.cross_entropy(func.functional_call(model, weights, x), label)

    found = func.vmap(func.grad(loss), in_dims=(None, 0, 0))(weights, ROWS, labels)
    for number in range(4):
        expected = func.grad(loss)(weights, ROWS[number], labels[number])
        for name in weights:
            close(found[name][number], value_of(expected[name]))


def test_an_ensemble_of_layers():
    mg.manual_seed(0)
    layers = [nn.Linear(3, 2).double() for _ in range(4)]
    weights = {name: mg.stack([getattr(each, name).detach() for each in layers]) for name in ("weight", "bias")}
    found = func.vmap(lambda weights, x: func.functional_call(layers[0], weights, x), in_dims=(0, None))
    close(found(weights, ROWS), np.stack([value_of(each(ROWS)) for each in layers]))


def test_the_arguments_stay_as_they_are():
    before = value_of(ROWS).copy()
    func.vmap(func.grad(energy), in_dims=(0, None))(ROWS, MATRIX)
    with pytest.raises(TypeError):
        func.vmap(lambda x: x.add_(1))(ROWS)
    assert type(ROWS) is mg.Tensor
    np.testing.assert_array_equal(value_of(ROWS), before)


READS = {
    "bool": lambda x: x if x.sum() > 0 else -x,
    "float": lambda x: x * float(x.sum()),
    "int": lambda x: x * int(x.sum()),
    "item": lambda x: x * x.sum().item(),
    "tolist": lambda x: mg.tensor(x.tolist()),
    "numpy": lambda x: mg.tensor(x.numpy()),
    "np.asarray": lambda x: mg.tensor(np.asarray(x)),
    "data": lambda x: mg.tensor(x.data),
    "tensor": lambda x: mg.tensor(x),
    "in": lambda x: x * (1 in x),
    "equal": lambda x: x * mg.equal(x, x),
    "backward": lambda x: x.sum().backward(),
    "autograd.grad": lambda x: mg.autograd.grad((x * WEIGHTS).sum(), WEIGHTS)[0],
}
WEIGHTS = mg.ones(3, dtype=mg.float64, requires_grad=True)


@pytest.mark.parametrize("who", READS)
def test_the_numbers_of_one_example_cannot_be_read(who):
    with pytest.raises(RuntimeError, match=rf"^{who}: under vmap one run of the function serves the whole batch"):
        func.vmap(READS[who])(ROWS)


NOT_MAPPED = {
    "copy_ .of add_.": lambda x: x.add_(1),
    "set_item": lambda x: put(x.clone()),
    "copy_ .of mul_.": lambda x: mg.ones(3, dtype=mg.float64).mul_(x),
}


def put(x):
    x[0] = 1
    return x


@pytest.mark.parametrize("name", NOT_MAPPED)
def test_an_operation_that_cannot_be_mapped_is_named(name):
    with pytest.raises(TypeError, match=rf"^vmap: the .*operation {name} cannot be mapped"):
        func.vmap(NOT_MAPPED[name])(ROWS)


def test_what_has_as_many_elements_as_the_numbers_say_is_refused_by_name():
    calls = {
        "get_item": lambda x: x[x > 0],
        "masked_select": lambda x: x.masked_select(x > 0),
        "unique": mg.unique,
        "repeat_interleave": lambda x: MATRIX.repeat_interleave(x.long(), 0),
    }
    for name, call in calls.items():
        with pytest.raises(TypeError, match=rf"^vmap: {name} cannot be mapped: the shape of its result depends"):
            func.vmap(call)(ROWS)


def test_a_share_that_differs_between_the_examples_is_not_read_from_the_first():
    shares = mg.tensor([0.1, 0.5, 0.9, 1.0], dtype=mg.float64)
    for interpolation in ("linear", "nearest"):
        with pytest.raises(RuntimeError, match=r"^quantile: under vmap one run"):
            func.vmap(lambda x, q, how=interpolation: mg.quantile(x, q, interpolation=how))(ROWS, shares)


RANDOM = {
    "rand": lambda x: x * mg.rand(3, dtype=mg.float64),
    "randn_like": lambda x: x + mg.randn_like(x),
    "randint": lambda x: x * mg.randint(0, 100, (3,)),
    "randperm": lambda x: x[mg.randperm(3)],
    "bernoulli": lambda x: mg.bernoulli(x.sigmoid()) * x,
    "dropout": lambda x: nn.functional.dropout(x.exp(), 0.5),
    "dropout2d": lambda x: nn.functional.dropout2d(x.exp().expand(1, 5, 3), 0.5),
    "rrelu": lambda x: nn.functional.rrelu(-x.exp(), training=True),
    "attention": lambda x: nn.functional.scaled_dot_product_attention(
        *[x.expand(1, 2, 3) for _ in range(3)], dropout_p=0.5
    ),
}


@pytest.mark.parametrize("name", RANDOM)
def test_examples_draw_the_same_numbers_or_each_its_own(name):
    draws = RANDOM[name]
    same, different = [], []
    for row in ROWS:
        mg.manual_seed(3)
        same.append(value_of(draws(row)))
    mg.manual_seed(3)
    for row in ROWS:
        different.append(value_of(draws(row)))
    for randomness, expected in (("same", same), ("different", different)):
        mg.manual_seed(3)
        close(func.vmap(draws, randomness=randomness)(ROWS), np.stack(expected))
    assert not np.allclose(np.stack(same), np.stack(different))


def test_the_generator_goes_on_behind_what_all_examples_have_drawn():
    generator = mg.Generator(0)
    drawn = func.vmap(lambda x: x + mg.rand(3, dtype=mg.float64, generator=generator), randomness="different")(ROWS * 0)
    following = mg.rand(3, dtype=mg.float64, generator=generator)
    generator = mg.Generator(0)
    one_by_one = [value_of(mg.rand(3, dtype=mg.float64, generator=generator)) for _ in range(5)]
    close(mg.cat([drawn, following[None]]), np.stack(one_by_one))


def test_gradients_of_each_example_under_dropout_have_its_mask():
    slopes = func.vmap(func.grad(lambda x: nn.functional.dropout(x, 0.5).sum()), randomness="different")
    mg.manual_seed(1)
    found = value_of(slopes(mg.ones(50, 3, dtype=mg.float64)))
    assert set(np.unique(found)) == {0.0, 2.0}
    assert len(np.unique(found, axis=0)) > 1


def test_an_operation_of_the_users_is_refused():
    def relu(x):
        return mg.autograd.record(relu, None, np.maximum(x.detach()._data, 0), (x,))

    with pytest.raises(TypeError, match="the operation relu cannot be mapped"):
        func.vmap(relu)(ROWS)


def test_nodes_know_the_users_line():
    leaf = MATRIX.clone().requires_grad_()
    found = func.vmap(lambda x: leaf @ x)(ROWS)
    node = found.grad_fn
    while node.name != "matmul":
        node = node.edges[0]
    assert "at test_vmap.py:" in repr(node)
