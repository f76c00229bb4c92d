"""What the user calls a tensor is read from the source: names of operands, and of what an expression is assigned to."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.autograd import begin
from minigrad.debug.names import operand_names, output_name, output_names
from minigrad.nn import functional as F


@pytest.fixture
def operands():
    return mg.ones(3, 3, requires_grad=True), mg.ones(3, 3, requires_grad=True), mg.ones(3, 3)


def names(tensor):
    """Return the names of the operands and of the output."""
    return operand_names(tensor.grad_fn), output_name(tensor.grad_fn)


def order_of(loss):
    return begin("test", [loss], [None], None, False).order


def test_operators_name_their_operands_and_what_they_are_assigned_to(operands):
    x, W, b = operands
    h = x @ W
    assert names(h) == (("x", "W"), "h")
    o = h + b
    assert names(o) == (("h", "b"), "o")
    o = -o
    assert names(o) == (("o",), "o")
    row = h[0]
    assert names(row) == (("h", None), "row")
    turned = h.T
    assert names(turned) == (("h", None, None), "turned")
    a = b = h / W
    assert names(a) == (("h", "W"), "a")
    assert a is b


def test_the_middle_of_an_expression_has_no_name(operands):
    x, W, b = operands
    o = x @ W + b
    assert names(o) == ((None, "b"), "o")
    product = o.grad_fn.edges[0]
    assert operand_names(product) == ("x", "W")
    assert output_name(product) is None
    assert names((lambda: x * W)()) == (("x", "W"), None)


def test_functions_methods_and_keywords_name_the_same_operands(operands):
    x, W, _ = operands
    for h in (x.matmul(W), mg.matmul(x, W), np.matmul(x, W), mg.linalg.matmul(x, W)):
        assert operand_names(h.grad_fn) == ("x", "W")
    h = mg.addmm(x, mat2=W, mat1=x)
    assert names(h) == (("x", "x", "W", None, None), "h")
    total = h.sum(0)
    assert names(total) == (("h", None, None), "total")
    total = mg.sum(h, 0)
    assert names(total) == (("h", None, None), "total")
    h = x.pow(2)
    assert names(h) == (("x", None), "h")


def test_the_elements_of_a_sequence_have_their_names(operands):
    x, W, b = operands
    both = mg.cat([x, b, W])
    assert names(both) == (("x", "b", "W", None), "both")
    parts = [x, W]
    assert operand_names(mg.stack(parts).grad_fn) == (None, None, None)
    assert operand_names(mg.block_diag(x, W).grad_fn) == ("x", "W")
    assert operand_names(mg.block_diag(*parts).grad_fn) == (None, None)


def test_several_outputs_have_the_names_they_are_unpacked_into(operands):
    x, _, _ = operands
    first, second = x.split([1, 2])
    assert output_name(first.grad_fn, 0) == "first"
    assert output_name(first.grad_fn, 1) == "second"
    assert operand_names((first * second[:, :1]).grad_fn) == ("first", None)
    parts = x.split([1, 2])
    assert output_name(parts[1].grad_fn, 1) == "parts[1]"


def test_the_tensor_beside_a_number_is_told_from_the_number(operands):
    x, _, b = operands
    k, h = 2.0, x + b
    assert names(2 * x)[0] == ("x", None)
    assert names(x * 2)[0] == ("x", None)
    assert names(2**x)[0] == (None, "x")
    assert names(k * h)[0] == (None, None)  # both are names, and the source does not say which is the number
    h = x + b
    assert names(k * h)[0] == ("h", "k")
    assert names(h * k)[0] == ("h", "k")
    W = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True, name="W")
    assert names(k * W)[0] == ("W", "k")
    array = np.ones((3, 3))
    assert names(array * x)[0] == ("array", "x")


def test_a_tensors_own_name_comes_first(operands):
    x, _, _ = operands
    weight = mg.Tensor(np.ones((3, 3)), requires_grad=True, name="encoder.weight")
    h = x @ weight
    assert operand_names(h.grad_fn) == ("x", "encoder.weight")


def test_in_place_operations_name_what_they_write_to(operands):
    x, W, b = operands
    h = x * W
    h += b
    assert names(h)[1] == "h"
    assert operand_names(h.grad_fn.edges[1]) == ("h", "b")
    h[0] = b[1]
    assert names(h) == (("h", None, "b[1]"), "h")
    h.mul_(W)
    assert operand_names(h.grad_fn)[0] == "h"


class Net(nn.Module):
    def __init__(self):
        self.hidden = nn.Linear(3, 2)
        self.tanh = nn.Tanh()
        self.head = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))

    def forward(self, x):
        h = self.hidden(x)
        a = self.tanh(h)
        y = self.head(a)
        return y


def test_layers_name_their_input_and_what_they_return(operands):
    x, _, _ = operands
    y = Net()(x)
    loss = F.mse_loss(y, x[:, :1])
    order = order_of(loss)
    by_op = {(node.name, node.module): node for node in order}
    assert output_name(by_op["mse_loss", None]) == "loss"
    assert operand_names(by_op["mse_loss", None])[0] == "y"
    assert operand_names(by_op["linear", "hidden"])[0] == "x"
    assert output_name(by_op["linear", "hidden"]) == "h"
    assert operand_names(by_op["tanh", "tanh"]) == ("h",)
    assert output_name(by_op["tanh", "tanh"]) == "a"
    # Which of the three nodes of self.head(a) is what it returned, only the graph says.
    last = by_op["linear", "head.2"]
    assert output_name(last) is None
    named = output_names(order)
    assert named[last] == "y"
    assert set(named.values()) == {"loss", "y", "a", "h"}


def test_a_model_that_is_a_single_layer_is_named_too(operands):
    x, _, _ = operands
    model = nn.Linear(3, 1)
    y = model(x)
    assert operand_names(y.grad_fn)[0] == "x"
    assert output_name(y.grad_fn) == "y"


def test_a_call_over_several_lines_is_found(operands):
    x, W, _ = operands
    h = x * W
    y = (
        h
        .exp()
        .tanh()
    )  # fmt: skip
    assert output_name(y.grad_fn) == "y"
    assert operand_names(y.grad_fn.edges[0]) == ("h",)


def test_attributes_and_items_are_names_and_longer_expressions_are_not():
    params = {"W1": mg.ones(3, 3, requires_grad=True)}
    box = type("Box", (), {})()
    box.h = params["W1"] * params["W1"]
    assert names(box.h) == (("params['W1']", "params['W1']"), "box.h")
    y = box.h @ params["W1"][1:].T
    assert names(y)[0] == ("box.h", None)


def test_code_without_a_source_has_no_names_but_the_tensors_own():
    scope = {"w": mg.ones(2, requires_grad=True), "v": mg.Tensor([1.0, 2.0], True, name="v")}
    exec("y = w * v", scope)
    assert names(scope["y"]) == ((None, "v"), None)


def test_an_operation_that_uses_others_does_not_lend_them_its_arguments(operands):
    x, W, _ = operands
    y = mg.tensordot(x, W, 1)
    assert operand_names(y.grad_fn) == (None, None)


def softplus(x):
    return (1 + x.exp()).log()


def test_in_a_function_of_the_user_the_names_are_the_functions(operands):
    x, _, _ = operands
    y = softplus(x)
    exp = y.grad_fn.edges[0].edges[0]
    assert operand_names(exp) == ("x",)
    assert output_name(y.grad_fn) is None


def test_a_file_that_changes_while_it_runs_is_read_again(tmp_path):
    import linecache

    script = tmp_path / "train.py"
    scope = {"mg": mg, "w": mg.ones(2, requires_grad=True)}
    for name in ("first", "other"):
        script.write_text(f"{name} = w * 2\n")
        linecache.checkcache(str(script))
        linecache.cache.pop(str(script), None)
        exec(compile(script.read_text(), str(script), "exec"), scope)
        assert output_name(scope[name].grad_fn) == name
