"""Every operation on every sample of the table: values, gradients, second gradients, layouts, dtypes, forms."""

import importlib
import json
import pkgutil
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops
from minigrad.graph import Node
from tests.samples import SAMPLES, Operand, outputs_of, weights

REFERENCE = Path(__file__).parents[1] / "reference" / "ops.npz"
# Operation by operation the last bit may differ, and sums of up to 24 terms are taken in another order.
ROUNDING = {"rtol": 1e-12, "atol": 1e-13}
EPSILON = float(np.finfo(np.float64).eps)
# Central differences: with h = eps^(1/3) the truncation, h²/6 |f'''|, and the rounding, eps |f| / h, are both about
# eps^(2/3) = 3.7e-11 times |f'''| and |f|, which stay below 1000 on the samples.
STEP = EPSILON ** (1 / 3)
TOLERANCE = 1000 * EPSILON ** (2 / 3)
# Some 100 operations of float32 on numbers around 1; the second power where a difference cancels.
ROUNDING32 = {"rtol": 1e-4, "atol": 1e-5}

SMOOTH = [sample for sample in SAMPLES if sample.grad and sample.smooth]
DIFFERENTIABLE = [sample for sample in SAMPLES if sample.grad]
IN_PYTORCH = [sample for sample in SAMPLES if sample.torch != ""]
# It does not differentiate floor_divide, only div with rounding_mode="floor".
DERIVED_IN_PYTORCH = [each for each in IN_PYTORCH if each.grad and each.op.strip("._") != "floor_divide"]


def name_of(sample):
    return sample.id


every_differentiable_sample = pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=name_of)
every_smooth_sample = pytest.mark.parametrize("sample", SMOOTH, ids=name_of)


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as stored:
        return json.loads(stored["index"].tobytes()), stored["numbers"]


def referred(reference, key):
    """Return an array of the reference file."""
    index, numbers = reference
    start, shape, dtype = index["arrays"][key]
    return numbers[start : start + int(np.prod(shape))].reshape(shape).astype(dtype)


def tensors_of(sample, arrays, requires_grad=True):
    """Return a leaf for each array; gradients wanted where the sample says so."""
    made = []
    for operand, array in zip(sample.operands(), arrays, strict=True):
        wanted = requires_grad and sample.grad and operand.grad
        made.append(mg.from_numpy(np.asarray(array)).requires_grad_(wanted))
    return made


def floats_of(result):
    return [output for output in outputs_of(result) if mg.is_tensor(output) and output.dtype.kind == "f"]


def differentiable(result):
    return [output for output in floats_of(result) if output.requires_grad]


def seeds_of(outputs, requires_grad=False):
    """Return the gradient that each output is given."""
    made = []
    for output in outputs:
        array = weights(output.numel()).reshape(output.shape).astype(output.dtype)
        made.append(mg.tensor(array, requires_grad=requires_grad))
    return made


def gradients(sample, arrays, create_graph=False):
    """Return the gradient of each operand that wants one, as Tensors."""
    leaves = tensors_of(sample, arrays)
    outputs = differentiable(sample.call(mg, leaves))
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    return mg.autograd.grad(outputs, wanted, seeds_of(outputs), create_graph=create_graph, materialize_grads=True)


def projection(grads):
    """Return one number made of all elements of some gradients, a Tensor."""
    total = mg.tensor(0.0, dtype=mg.float64)
    for number, grad in enumerate(grads):
        # Not the same weights for each: the two gradients of x - y would cancel, and their slopes with them.
        factors = (1 + number / 3) * weights(grad.numel())[::-1].reshape(grad.shape)
        total = total + (grad * mg.tensor(factors)).sum()
    return total


def value_of(tensor):
    return tensor.detach().numpy() if mg.is_tensor(tensor) else np.asarray(tensor)


def differences(function, arrays):
    """Return the central differences of a function of float64 arrays with respect to each element."""
    found = []
    for array in arrays:
        slopes = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            old = array[place]
            array[place] = old + STEP
            above = function()
            array[place] = old - STEP
            below = function()
            array[place] = old
            slopes[place] = (above - below) / (2 * STEP)
        found.append(slopes)
    return found


def wanted_arrays(sample, arrays):
    return [array for operand, array in zip(sample.operands(), arrays, strict=True) if operand.grad]


@pytest.mark.parametrize("sample", IN_PYTORCH, ids=name_of)
def test_the_value_and_its_dtype_are_pytorchs(sample, reference):
    outputs = outputs_of(sample.call(mg, tensors_of(sample, sample.arrays())))
    for number, output in enumerate(outputs):
        expected = referred(reference, f"{sample.id}/value{number}")
        value = value_of(output)
        assert value.shape == expected.shape
        assert value.dtype == expected.dtype
        # Where the default dtype decides, the value is of float32.
        rounding = ROUNDING if value.dtype != np.float32 else ROUNDING32
        np.testing.assert_allclose(value, expected, **rounding)
    assert f"{sample.id}/value{len(outputs)}" not in reference[0]["arrays"]


@pytest.mark.parametrize("sample", DERIVED_IN_PYTORCH, ids=name_of)
def test_the_gradient_is_pytorchs(sample, reference):
    for number, grad in enumerate(gradients(sample, sample.arrays())):
        expected = referred(reference, f"{sample.id}/grad{number}")
        assert grad.shape == expected.shape
        np.testing.assert_allclose(value_of(grad), expected, **ROUNDING)


@every_smooth_sample
def test_the_gradient_is_the_slope_of_the_value(sample):
    arrays = sample.arrays()

    def loss():
        total = 0.0
        for output in differentiable(sample.call(mg, tensors_of(sample, arrays))):
            total += float(np.sum(value_of(output) * weights(output.numel()).reshape(output.shape)))
        return total

    grads = gradients(sample, arrays)
    for grad, slopes in zip(grads, differences(loss, wanted_arrays(sample, arrays)), strict=True):
        assert grad.shape == slopes.shape
        np.testing.assert_allclose(value_of(grad), slopes, rtol=TOLERANCE, atol=TOLERANCE)


@every_smooth_sample
def test_the_second_gradient_is_the_slope_of_the_first(sample):
    """Also with respect to the gradient that arrives, which a rule's own rule hands on."""
    arrays = sample.arrays()
    leaves = tensors_of(sample, arrays)
    outputs = differentiable(sample.call(mg, leaves))
    seeds = seeds_of(outputs, requires_grad=True)
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    grads = mg.autograd.grad(outputs, wanted, seeds, create_graph=True, materialize_grads=True)
    projected = projection(grads)

    def projected_first():
        leaves = tensors_of(sample, arrays)
        outputs = differentiable(sample.call(mg, leaves))
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        return float(projection(mg.autograd.grad(outputs, wanted, seeds, materialize_grads=True)))

    slopes = differences(projected_first, wanted_arrays(sample, arrays) + [seed.data for seed in seeds])
    if not projected.requires_grad:
        assert all(np.all(np.abs(slope) < TOLERANCE) for slope in slopes)
        return
    seconds = mg.autograd.grad(projected, [*wanted, *seeds], materialize_grads=True)
    for second, slope in zip(seconds, slopes, strict=True):
        np.testing.assert_allclose(value_of(second), slope, rtol=TOLERANCE, atol=TOLERANCE)


# Why no sample of these is compared with differences; ``tests/linalg`` does it along symmetric changes.
SYMMETRIC = "the gradient is that of a symmetric matrix, differences are of single elements"
WITHOUT_DIFFERENCES = {
    "cholesky": SYMMETRIC,
    "linalg.cholesky": SYMMETRIC,
    "linalg.cholesky_ex": SYMMETRIC,
    "linalg.eigh": SYMMETRIC,
    "linalg.eigvalsh": SYMMETRIC,
    ".float": "float32 has not the digits for differences",
    "bernoulli": "the gradient is 0 and the function has jumps",
    "normal": "each call draws other numbers",
}


def test_differences_check_all_operations_but_these():
    differentiated = {sample.op for sample in SAMPLES if sample.grad}
    assert differentiated - {sample.op for sample in SMOOTH} == set(WITHOUT_DIFFERENCES)


def saved_arrays(outputs):
    """Return every array that the nodes below some outputs have saved."""
    arrays = []
    stack = [output.grad_fn for output in outputs if output.grad_fn is not None]
    while stack:
        node = stack.pop()
        for value in node.saved or ():
            for element in value if isinstance(value, tuple) else (value,):
                if isinstance(element, np.ndarray):
                    arrays.append(element)
        stack += [each for each in node.next_functions if isinstance(each, Node)]
    return arrays


@every_differentiable_sample
def test_a_gradient_is_memory_of_its_own(sample):
    # The engine gives a leaf the array that a rule of the package returned, and copies only what a user's rule did.
    leaves = tensors_of(sample, sample.arrays())
    outputs = differentiable(sample.call(mg, leaves))
    seeds = seeds_of(outputs)
    for output, seed in zip(outputs, seeds, strict=True):
        output.backward(seed, retain_graph=True)
    others = saved_arrays(outputs) + [seed.data for seed in seeds] + [leaf.data for leaf in leaves]
    grads = [leaf.grad.data for leaf in leaves if leaf.grad is not None]
    for number, grad in enumerate(grads):
        assert grad.flags.writeable
        for other in others + grads[:number]:
            assert not np.shares_memory(grad, other)


@every_differentiable_sample
def test_the_recorded_backward_has_the_bits_of_the_plain_one(sample):
    plain = gradients(sample, sample.arrays())
    recorded = gradients(sample, sample.arrays(), create_graph=True)
    for one, other in zip(plain, recorded, strict=True):
        np.testing.assert_array_equal(value_of(one), value_of(other))


def transposed(array):
    return np.array(array.T, order="C").T


def strided(array):
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def reversed_in_memory(array):
    return np.array(array[::-1])[::-1]


# view refuses what it would have to copy.
ANY_LAYOUT = [sample for sample in SAMPLES if sample.op.lstrip(".") not in ("view", "view_as")]


@pytest.mark.parametrize("layout", [transposed, strided, reversed_in_memory])
@pytest.mark.parametrize("sample", ANY_LAYOUT, ids=name_of)
def test_the_layout_in_memory_does_not_matter(sample, layout):
    arrays = sample.arrays()
    twins = [layout(array) if array.ndim else array for array in arrays]
    for one, other in zip(
        outputs_of(sample.call(mg, tensors_of(sample, arrays))),
        outputs_of(sample.call(mg, tensors_of(sample, twins))),
        strict=True,
    ):
        np.testing.assert_allclose(value_of(one), value_of(other), **ROUNDING)
    if sample.grad:
        for one, other in zip(gradients(sample, arrays), gradients(sample, twins), strict=True):
            np.testing.assert_allclose(value_of(one), value_of(other), **ROUNDING)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if not each.alone], ids=name_of)
def test_float32_stays_float32(sample):
    arrays = sample.arrays()
    halves = [array.astype(np.float32) if array.dtype == np.float64 else array for array in arrays]
    wide = outputs_of(sample.call(mg, tensors_of(sample, arrays)))
    narrow = outputs_of(sample.call(mg, tensors_of(sample, halves)))
    for one, other in zip(wide, narrow, strict=True):
        expected = np.float32 if value_of(one).dtype == np.float64 else value_of(one).dtype
        assert value_of(other).dtype == expected
        np.testing.assert_allclose(value_of(other), value_of(one), **ROUNDING32)
    if sample.grad:
        for one, other in zip(gradients(sample, arrays), gradients(sample, halves), strict=True):
            assert other.dtype == np.float32
            np.testing.assert_allclose(value_of(other), value_of(one), **ROUNDING32)


# A draw is a Tensor also where its probabilities are an array.
ON_ARRAYS = [each for each in SAMPLES if hasattr(ops, each.op) and each.op not in ("bernoulli", "normal")]


@pytest.mark.parametrize("sample", ON_ARRAYS, ids=name_of)
def test_on_arrays_an_operation_computes_the_same_array(sample):
    on_tensors = outputs_of(sample.call(mg, tensors_of(sample, sample.arrays(), requires_grad=False)))
    on_arrays = outputs_of(sample.call(mg, sample.arrays()))
    for one, other in zip(on_tensors, on_arrays, strict=True):
        assert isinstance(other, (np.ndarray, np.generic, bool))
        assert np.asarray(other).dtype == value_of(one).dtype
        np.testing.assert_array_equal(value_of(one), other)


def has_method(sample):
    return hasattr(mg.Tensor, sample.op) and sample.op != "where" and isinstance(sample.args[0], Operand)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if has_method(each)], ids=name_of)
def test_the_method_is_the_function(sample):
    leaves = tensors_of(sample, sample.arrays())
    one = outputs_of(sample.call(mg, leaves))
    other = outputs_of(sample.call(mg, leaves, method=True))
    for output, twin in zip(one, other, strict=True):
        np.testing.assert_array_equal(value_of(output), value_of(twin))


# Completeness ---------------------------------------------------------------------------------------------------------

#: Public functions that no sample calls, and where they are tested.
EXCEPTIONS = {
    "Generator": "test_randomness.py",
    "arange": "test_creation.py",
    "as_tensor": "test_creation.py",
    "detach": "the sample of the method",
    "empty": "test_creation.py",
    "empty_like": "test_creation.py",
    "eye": "test_creation.py",
    "from_dlpack": "test_numpy_protocol.py",
    "from_numpy": "test_creation.py",
    "full": "test_creation.py",
    "full_like": "test_creation.py",
    "linspace": "test_creation.py",
    "logspace": "test_places.py",
    "manual_seed": "test_randomness.py",
    "multinomial": "test_distributions.py",
    "normal_": "test_randomness.py",
    "numel": "test_places.py",
    "ones": "test_creation.py",
    "ones_like": "test_creation.py",
    "rand": "test_randomness.py",
    "rand_like": "test_randomness.py",
    "randint": "test_randomness.py",
    "randn": "test_randomness.py",
    "randn_like": "test_randomness.py",
    "randperm": "test_randomness.py",
    "tensor": "test_creation.py",
    "tril_indices": "test_places.py",
    "triu_indices": "test_places.py",
    "uniform_": "test_randomness.py",
    "zeros": "test_creation.py",
    "zeros_like": "test_creation.py",
}


def test_the_samples_have_names_of_their_own():
    names = [sample.id for sample in SAMPLES]
    assert len(set(names)) == len(names)


def test_every_public_operation_has_a_sample():
    called = {getattr(ops, sample.op.rpartition(".")[2], None) for sample in SAMPLES}
    missing = []
    for name in ops.__all__:
        if getattr(ops, name) not in called and name not in EXCEPTIONS:
            missing.append(name)
    assert missing == []


def rules_below(tensors):
    """Return the rules of all nodes that some tensors were computed by."""
    found, seen = set(), set()
    stack = [tensor.grad_fn for tensor in tensors if mg.is_tensor(tensor)]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            node = node[0]
        if isinstance(node, Node) and node not in seen:
            seen.add(node)
            found.add(node.vjp)
            stack += node.edges
    return found


def test_every_rule_is_reached_by_a_sample():
    """In the first gradient, the second or the third, which the rule of ``cofactor_backward`` belongs to."""
    reached = set()
    for sample in DIFFERENTIABLE:
        leaves = tensors_of(sample, sample.arrays())
        outputs = differentiable(sample.call(mg, leaves))
        reached |= rules_below(outputs)
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        seeds = seeds_of(outputs, requires_grad=True)
        grads = mg.autograd.grad(outputs, wanted, seeds, create_graph=True, materialize_grads=True)
        reached |= rules_below(grads)
        total = projection([grad.double() for grad in grads])
        if total.requires_grad:
            reached |= rules_below(mg.autograd.grad(total, wanted, create_graph=True, materialize_grads=True))
    missed = []
    for module in pkgutil.iter_modules(ops.__path__):
        for name, value in vars(importlib.import_module(f"minigrad.ops.{module.name}")).items():
            if name.endswith("_vjp") and value not in reached:
                missed.append(f"{module.name}.{name}")
    assert sorted(set(missed)) == []


def promoted(op, x, y):
    """Return the name of the dtype that an operation gives, or the exception."""
    if op == "where":
        return mg.where(mg.tensor([True]), x, y).dtype.name
    if op in ("cat", "stack"):
        return getattr(mg, op)([x, y]).dtype.name
    return getattr(mg, op)(x, y).dtype.name


NUMBERS = {"2": 2, "2.0": 2.0, "True": True}
# PyTorch refuses powers of bools but for this one, which it does not compute.
UNLIKE_PYTORCH = ("pow bool[1] True", "pow bool True")


PROMOTING = ["add", "mul", "div", "floor_divide", "remainder", "pow", "maximum", "eq", "where", "cat", "stack"]
PROMOTING += ["atan2", "copysign", "float_power", "fmax", "fmod", "hypot", "ldexp", "logaddexp", "xlogy", "clamp_min"]
PROMOTING += ["bitwise_and", "rsub"]


@pytest.mark.parametrize("op", PROMOTING)
def test_dtypes_are_promoted_as_in_pytorch(op, reference):
    differing = []
    for key, expected in reference[0]["promotions"].items():
        name, *operands = key.split(" ")
        # An empty entry is what PyTorch refuses.
        if name == op and expected != "" and key not in UNLIKE_PYTORCH:
            x, y = [
                NUMBERS[each]
                if each in NUMBERS
                else mg.ones((1,) if "[" in each else (), dtype=each.removesuffix("[1]"))
                for each in operands
            ]
            got = promoted(op, x, y)
            if got != expected:
                differing.append(f"{key}: {got}, not {expected}")
    assert differing == []
