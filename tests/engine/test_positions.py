"""A node knows the place in the user's code that made it: file, line and the columns of the sub-expression."""

import doctest
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import minigrad as mg
from minigrad.positions import resolve

HERE = Path(__file__)


@pytest.fixture
def operands():
    h = mg.ones(2, 3, requires_grad=True)
    W2, b2 = mg.ones(3, 4, requires_grad=True), mg.ones(4, requires_grad=True)
    return h, W2, b2


def position_of(tensor):
    node = tensor.grad_fn
    return resolve(node.code, node.lasti)


def below(tensor, number=0):
    """Return the position of the node that made an operand."""
    node = tensor.grad_fn.next_functions[number]
    return resolve(node.code, node.lasti)


def line():
    """Return the number of the line that calls."""
    return sys._getframe(1).f_lineno


def test_a_sub_expression_is_known_by_its_columns(operands):
    h, W2, b2 = operands
    here = line() + 1
    o = h @ W2 + b2
    outer, inner = position_of(o), below(o)
    assert outer.expression == "h @ W2 + b2"
    assert inner.expression == "h @ W2"
    for position in (outer, inner):
        assert Path(position.filename) == HERE
        assert position.line == position.end_line == here
        assert position.function == "test_a_sub_expression_is_known_by_its_columns"
        assert str(position) == f"{HERE.name}:{here}"
        assert position.source.startswith("o = h @ W2 + b2")
    text = HERE.read_text(encoding="utf-8").splitlines()[here - 1]
    assert text[inner.column : inner.end_column] == "h @ W2"


FORMS = {
    "h.sum()": lambda h: h.sum(),
    "mg.tanh(h)": lambda h: mg.tanh(h),
    "-h": lambda h: -h,
    "h[0]": lambda h: h[0],
    "h.T": lambda h: h.T,
    "2 * h": lambda h: 2 * h,
    "h**2": lambda h: h**2,
    "mg.cat([h, h])": lambda h: mg.cat([h, h]),
    "h.mean(0)": lambda h: h.mean(0),
}


@pytest.mark.parametrize("expression", FORMS)
def test_every_form_of_a_call_has_its_own_text(expression):
    assert position_of(FORMS[expression](mg.ones(2, 3, requires_grad=True))).expression == expression


def test_the_columns_count_characters_where_a_line_holds_others_than_ascii(operands):
    h, W2, b2 = operands
    o = ["größe ×", h @ W2 + b2][1]
    assert position_of(o).expression == "h @ W2 + b2"
    assert below(o).expression == "h @ W2"


def test_an_expression_of_several_lines_begins_where_it_begins(operands):
    h, W2, b2 = operands
    here = line()
    o = mg.add(
        h  # (2, 3)
        @ W2,
        b2,
    )
    outer, inner = position_of(o), below(o)
    assert (outer.line, outer.end_line) == (here + 1, here + 5)
    assert outer.expression.startswith("mg.add(")
    assert (inner.line, inner.end_line) == (here + 2, here + 3)
    assert inner.expression.startswith("h")
    assert outer.source == "o = mg.add("


def helper(x):
    return x * 3.0


def test_the_position_is_that_of_the_innermost_function_of_the_user():
    position = position_of(helper(mg.ones(2, requires_grad=True)))
    assert position.function == "helper"
    assert position.expression == "x * 3.0"


def test_operations_made_of_operations_name_the_users_line():
    """Each of these calls other operations of the library, whose frames are not the user's."""
    x = mg.ones(2, 2, requires_grad=True)
    for tensor, text in (
        (x.unsqueeze(0), "x.unsqueeze(0)"),
        (x.squeeze(), "x.squeeze()"),
        (mg.trace(x), "mg.trace(x)"),
        (x.flatten(), "x.flatten()"),
        (x.unbind()[0], "x.unbind()"),
    ):
        assert position_of(tensor).expression == text
        assert below(tensor).expression == text if hasattr(tensor.grad_fn.next_functions[0], "code") else True


def test_in_place_operations_name_the_users_line():
    x = mg.ones(2, requires_grad=True)
    a = x * 1.0
    a += 1.0
    assert position_of(a).expression == "a += 1.0"
    a.mul_(2.0)
    assert position_of(a).expression == "a.mul_(2.0)"
    a[0] = 5.0
    assert position_of(a).source == "a[0] = 5.0"


def test_a_comprehension_and_a_lambda_have_positions():
    x = mg.ones(2, requires_grad=True)
    made = [x * factor for factor in (1.0, 2.0)]
    assert [position_of(each).expression for each in made] == ["x * factor"] * 2
    assert position_of((lambda: x + 1.0)()).expression == "x + 1.0"


def test_code_without_a_file_has_at_least_a_line():
    names = {"mg": mg}
    exec("x = mg.ones(2, requires_grad=True)\ny = x * 2.0\n\nloss = y.sum()\nloss.backward()", names)
    position = position_of(names["loss"])
    assert (position.filename, position.line) == ("<string>", 4)
    assert (position.source, position.expression) == ("", "")
    with pytest.raises(RuntimeError, match="released") as caught:
        names["loss"].backward()
    assert "sum (<string>:4)" in str(caught.value)


def test_code_in_a_doctest_has_its_text():
    example = """
    >>> x = mg.ones(2, requires_grad=True)
    >>> loss = (x * 3.0).sum()
    >>> loss.backward()
    >>> loss.backward()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    RuntimeError: backward: the graph through sum (<doctest sample[1]>:1: (x * 3.0).sum()) has been released ...
    """
    parsed = doctest.DocTestParser().get_doctest(example, {"mg": mg}, "sample", None, 0)
    runner = doctest.DocTestRunner(verbose=False)
    report = []
    runner.run(parsed, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


def test_positions_are_taken_without_columns_too(tmp_path):
    """Python leaves the columns out under -X no_debug_ranges; then the whole line is shown."""
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent(
            """
            import minigrad as mg
            from minigrad.positions import resolve

            x = mg.ones(2, requires_grad=True)
            y = x * 3.0 + 1.0
            node = y.grad_fn
            position = resolve(node.code, node.lasti)
            print(position, position.expression, sep="|")
            """
        )
    )
    command = [sys.executable, "-X", "no_debug_ranges", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "train.py:6|y = x * 3.0 + 1.0"


def test_an_error_shows_the_line_of_the_user_that_called():
    x, y = mg.ones(2, 3), mg.ones(2, 3)
    with pytest.raises(ValueError, match="matmul") as caught:
        x @ y
    here = caught.tb.tb_lineno
    assert f"at {HERE.name}:{here}: x @ y" in str(caught.value)


def test_an_error_in_a_helper_names_the_helpers_line():
    def product(first, second):
        return first @ second

    with pytest.raises(ValueError, match=r"test_positions\.py:\d+: first @ second"):
        product(mg.ones(2, 3), mg.ones(2, 3))


def test_the_repr_of_a_node_names_the_place():
    x = mg.ones(2, requires_grad=True)
    node = (x * 3.0).grad_fn
    assert repr(node).startswith("<Node mul (2,) at test_positions.py:")
