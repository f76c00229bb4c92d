"""The Jacobian of one operation, and its rule against finite differences of that operation alone."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.graph import record
from tests.samples import SAMPLES, outputs_of


def test_the_jacobian_of_an_elementwise_operation_is_diagonal():
    w = mg.tensor([0.5, -1.0], requires_grad=True)
    (step,) = debug.steps(w.tanh(), gradient=mg.ones(2))
    jacobian = step.local_jacobian(0)
    assert jacobian.shape == (2, 2)
    # One square of a rounded tanh and one difference in float32.
    np.testing.assert_allclose(jacobian, np.diag(1 - np.tanh([0.5, -1.0]) ** 2), rtol=1e-6)


def test_the_jacobian_of_a_product_has_the_output_s_axes_and_then_the_input_s():
    generator = np.random.default_rng(0)
    A = mg.tensor(generator.normal(size=(2, 3)), requires_grad=True)
    B = mg.tensor(generator.normal(size=(3, 4)), requires_grad=True)
    (step,) = debug.steps(A @ B, gradient=mg.ones(2, 4, dtype=mg.float64))
    for name, expected in (
        ("x", np.einsum("ik,lj->ijkl", np.eye(2), B.data)),
        (1, np.einsum("il,jk->ijlk", A.data, np.eye(4))),
    ):
        assert step.local_jacobian(name).shape == expected.shape
        # Sums of three products in float64, of numbers of size 1.
        np.testing.assert_allclose(step.local_jacobian(name), expected, atol=1e-15)


def test_an_input_has_the_name_that_the_user_gave_it_too_but_for_one_that_the_operation_gives():
    y = mg.tensor([2.0], requires_grad=True)
    W = mg.tensor([3.0], requires_grad=True)
    (step,) = debug.steps(y * W)
    assert step.node.inputs == ("x", "y")
    found = [step.local_jacobian(name).item() for name in ("x", "y", "W")]
    assert found == [3.0, 2.0, 2.0]
    with pytest.raises(ValueError, match=r"'V' is no input of mul .*\n.*\n  Those are x \(y\), y \(W\)"):
        step.local_jacobian("V")


def test_the_jacobian_of_a_broadcast_input_is_of_the_input_s_shape():
    b = mg.tensor([1.0, 2.0], requires_grad=True)
    (step,) = debug.steps(mg.ones(3, 2) + b, gradient=mg.ones(3, 2))
    assert np.array_equal(step.local_jacobian("y"), np.broadcast_to(np.eye(2), (3, 2, 2)))


def test_each_of_several_outputs_has_a_jacobian():
    w = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    first, second = w.split([1, 2])
    step = list(debug.steps(first.sum() + 2 * second.sum()))[-1]
    assert step.node.name == "split"
    assert step.local_jacobian(0, output=0).tolist() == [[1, 0, 0]]
    assert step.local_jacobian(0, output=1).tolist() == [[0, 1, 0], [0, 0, 1]]


def test_the_jacobian_is_there_after_the_pass_and_its_release():
    w = mg.tensor([0.5, -1.0], requires_grad=True)
    step = list(debug.steps((w * w).sum()))[1]
    assert step.local_jacobian("x").tolist() == [[0.5, 0], [0, -1]]
    with mg.no_grad():
        w += 1
    with pytest.raises(RuntimeError, match=r"the rule of mul .* reads x, which has been changed in place"):
        step.local_jacobian("x")


def test_a_matrix_of_4096_entries_is_the_largest():
    w = mg.ones(65, requires_grad=True)
    (step,) = debug.steps(w * 2, gradient=mg.ones(65))
    with pytest.raises(ValueError, match=r"d\(output \(65,\)\)/d\(x \(65,\)\) of mul .* has 4225 entries"):
        step.local_jacobian(0)
    v = mg.ones(64, requires_grad=True)
    (step,) = debug.steps(v * 2, gradient=mg.ones(64))
    assert step.local_jacobian(0).shape == (64, 64)


SMOOTH = [sample for sample in SAMPLES if sample.grad and sample.smooth]


def recorded(sample):
    """Return the steps of a sample's weighted sum under a recording, () where nothing requires grad or may."""
    with debug.recording() as r:
        made = []
        for array in sample.arrays():
            made.append(mg.tensor(np.array(array), requires_grad=array.dtype.kind == "f"))
        outputs = []
        try:
            results = outputs_of(sample.call(mg, made))
        except RuntimeError:
            return ()  # an operand is a constant of the operation, or is written to
        for each in results:
            if mg.is_tensor(each) and each.requires_grad:
                outputs.append((each * 1.5).sum())
        if not outputs:
            return ()
        sum(outputs).backward()
    return r.trace().steps


def verdict_on(step):
    """Return what a check says, None where it cannot be made because an input was written to afterwards."""
    try:
        return step.check()
    except RuntimeError as error:
        if "has been changed in place since" not in str(error):
            raise
        return None


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_the_rule_of_dropout_is_checked_with_the_random_numbers_that_the_layer_has_drawn(dtype):
    x = mg.tensor(np.linspace(-1, 1, 40).astype(dtype), requires_grad=True)
    with debug.recording() as r:
        nn.Dropout(0.5)(x * 2).sum().backward()
    for step in r.trace().steps:
        assert step.check()
    drop = r.trace().steps[1]
    assert 0 < np.count_nonzero(drop.grad_inputs[0]) < 40


@pytest.mark.parametrize("block", range(8))
def test_every_rule_passes_its_own_check_and_agrees_with_its_jacobian(block):
    checked = refused = 0
    for sample in SMOOTH[block::16]:
        steps = recorded(sample)
        for step in steps:
            verdict = verdict_on(step)
            if verdict is None:
                refused += 1
                continue
            assert verdict, f"{sample.id}: {verdict}"
            checked += 1
        agree(sample, steps)
    assert checked > 100
    assert refused < checked / 10


def agree(sample, steps):
    """The gradient that arrives times the Jacobian is what the rule gives: both are the rule, on other gradients."""
    for step in steps:
        if step.grad_output is None or step.recorded.several:
            continue
        for index, each in enumerate(step.contributions):
            if each.grad is not None and each.grad.size * step.grad_output.size <= 200:
                try:
                    jacobian = step.local_jacobian(index)
                except RuntimeError:
                    continue  # changed in place since
                axes = step.grad_output.ndim
                product = np.tensordot(step.grad_output, jacobian, axes) if axes else step.grad_output * jacobian
                # Sums of up to 100 products in float64.
                np.testing.assert_allclose(product, each.grad, rtol=1e-9, atol=1e-9, err_msg=sample.id)


def wrong_vjp(grad_output, x):
    return 3 * grad_output * x


def wrong(x):
    """The square, with a rule for something else."""
    array = x.data if mg.is_tensor(x) else x
    return record(wrong, wrong_vjp, array**2, (x,), (array,))


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_a_wrong_rule_is_found_with_the_number_and_the_place(dtype):
    w = mg.tensor([[0.5, 1.0], [4.0, -2.0]], dtype=dtype, requires_grad=True)
    with debug.recording():
        loss = (wrong(w) * 2).sum()
    checks = {step.node.name: step.check() for step in debug.steps(loss)}
    assert bool(checks["sum"])
    assert bool(checks["mul"])
    found = checks["wrong"]
    assert not found
    (each,) = found.inputs
    assert each.place == (1, 0)
    assert each.came == 24.0
    # A central difference in float64 with a step of 2e-5.
    assert abs(each.expected - 16) < 1e-6
    assert "the rule of wrong (test_local_derivatives.py" in repr(found)
    assert "the rule gives 24 at (1, 0), finite differences 16" in repr(found)


def test_a_rule_that_is_wrong_by_a_small_part_is_found_in_float64():
    def nearly_vjp(grad_output, x):
        return grad_output * (2 + 1e-5) * x

    def nearly(x):
        array = x.data if mg.is_tensor(x) else x
        return record(nearly, nearly_vjp, array**2, (x,), (array,))

    w = mg.tensor([0.5, 1.0], dtype=mg.float64, requires_grad=True)
    with debug.recording():
        loss = nearly(w).sum()
    assert [bool(step.check()) for step in debug.steps(loss)] == [True, False]


def test_large_inputs_are_compared_along_directions():
    w = mg.randn(80, 80, dtype=mg.float64, generator=mg.Generator(0)).requires_grad_()
    with debug.recording():
        good, bad = w.tanh().sum(), wrong(w).sum()
    (each,) = list(debug.steps(good))[1].check().inputs
    assert (each.compared, each.passed) == (16, True)
    assert not list(debug.steps(bad))[1].check()


def test_a_kink_is_left_out_and_counted():
    w = mg.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    with debug.recording():
        loss = w.relu().sum()
    (each,) = list(debug.steps(loss))[1].check().inputs
    assert (each.passed, each.compared, each.kinks) == (True, 2, 1)
    assert "2 numbers agree" in repr(each)
    assert "1 at a kink" in repr(each)


def test_where_values_are_not_finite_nothing_is_compared():
    w = mg.tensor([0.0, 1.0], requires_grad=True)
    with debug.recording():
        loss = w.log().sum()
    (each,) = list(debug.steps(loss))[1].check().inputs
    assert (each.compared, each.kinks) == (1, 1)


def test_a_step_through_a_layer_is_checked_with_all_its_inputs():
    mg.manual_seed(0)
    layer = nn.Linear(3, 2)
    with debug.recording():
        loss = layer(mg.randn(4, 3, requires_grad=True)).tanh().sum()
    check = list(debug.steps(loss))[-1].check()
    assert [each.input for each in check.inputs] == ["input", "weight", "bias"]
    assert check.passed


def test_without_a_recording_a_check_says_what_it_needs():
    w = mg.tensor([1.0], requires_grad=True)
    step = next(debug.steps((w * w).sum()))
    with pytest.raises(RuntimeError, match=r"check: sum .* did not keep its inputs.*\n.*\n.*debug\.recording\(\)"):
        step.check()


def test_inputs_changed_since_are_refused_unless_a_recording_has_copied_them():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    with debug.recording():
        h = w * 3
        loss = (h + 1).sum()
    steps = list(debug.steps(loss))
    with mg.no_grad():
        w += 1  # a leaf: copied
    assert [bool(step.check()) for step in steps] == [True, True, True]
    with mg.no_grad():
        h += 1
    with pytest.raises(RuntimeError, match=r"an input of add .* has been changed in place since"):
        steps[1].check()
    assert steps[0].check()


def test_an_operation_that_draws_numbers_cannot_be_checked():
    def noisy_vjp(grad_output):
        return grad_output

    def noisy(x):
        array = x.data if mg.is_tensor(x) else x
        return record(noisy, noisy_vjp, array + np.random.default_rng().normal(size=array.shape), (x,), ())

    w = mg.tensor([1.0], requires_grad=True)
    with debug.recording():
        loss = noisy(w).sum()
    step = list(debug.steps(loss))[1]
    with pytest.raises(RuntimeError, match="gives another result each time"):
        step.check()


def test_an_operation_that_takes_tensors_only_cannot_be_run_again_on_arrays():
    def stubborn_vjp(grad_output):
        return grad_output

    def stubborn(x):
        return record(stubborn, stubborn_vjp, x.tanh().data, (x,), ())

    w = mg.tensor([1.0], requires_grad=True)
    with debug.recording():
        loss = stubborn(w).sum()
    step = list(debug.steps(loss))[1]
    with pytest.raises(RuntimeError, match="cannot be run again on its inputs alone: AttributeError"):
        step.check()
