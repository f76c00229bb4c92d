"""The table of derivatives in ``minigrad/ops/README.md`` is what the operations show and what their docstrings say."""

import re

import numpy as np
import pytest

import minigrad as mg
from tests import differentiability as derivatives
from tests.observed import differentiated, kinks_of, observe
from tests.public import Public, public_operations
from tests.samples import Sample, constant, normal

PUBLIC = public_operations()


def test_the_table_is_what_the_operations_show():
    text = derivatives.PAGE.read_text(encoding="utf-8")
    assert text == derivatives.page(text), f"The table is of yesterday. Write it again: {derivatives.COMMAND}"


def test_no_operation_lacks_a_sample_a_reason_or_words_for_its_kinks():
    assert derivatives.lacks() == []


def test_every_public_operation_has_a_row():
    rows = re.findall(r"^\| (`.*?) \|", derivatives.PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(.+?)`", row)}
    assert named == {name for public in PUBLIC for name in public.names}


# What the docstrings say ----------------------------------------------------------------------------------------------

NUMBERS = {"the origin": 0.0, "infinite": np.inf}
AT_IS = re.compile(r"gradient at (the origin|-?[\d.]*\d)\b[^.;]*? is (infinite|-?[\d.]*\d)")
IS_AT = re.compile(r"(?:gradient is|and) (-?[\d.]*\d) at (-?[\d.]*\d)")


def number(text):
    return NUMBERS[text] if text in NUMBERS else float(text)


def statements():
    """Return (operation, the number of all operands, the gradient of each) wherever a docstring gives numbers."""
    found = []
    for public in PUBLIC:
        words = derivatives.sentences_of(public.function)
        found += [(public, number(place), number(slope)) for place, slope in AT_IS.findall(words)]
        found += [(public, number(place), number(slope)) for slope, place in IS_AT.findall(words)]
    return found


@pytest.mark.parametrize(
    ("public", "place", "slope"),
    [pytest.param(*each, id=f"{each[0].names[0]} at {each[1]:g}") for each in statements()],
)
def test_a_gradient_that_a_docstring_gives_in_numbers_is_that(public, place, slope):
    sample = next(each for each in public.samples if each.grad and each.smooth)
    arrays = []
    for operand, array in zip(sample.operands(), sample.arrays(), strict=True):
        arrays.append(np.full(array.shape, place) if operand.grad else array)
    for grad in differentiated(sample, arrays)[2]:
        # The seeds are weights, each 1 or more and of either sign. The docstrings round to three decimals.
        if slope in (0, np.inf):
            np.testing.assert_array_equal(np.abs(grad.data), slope)
        else:
            np.testing.assert_allclose(grad.data.ravel()[0], slope, atol=5e-4)


def test_the_docstrings_of_some_operations_give_numbers():
    assert len(statements()) > 10


def test_what_a_docstring_says_of_the_gradient_is_found():
    def op(x, bound):
        """Return a thing; its gradient at 0 is 1.

        Args:
            x: any shape.
            bound: a number; the gradient at the bound is 0.
            requires_grad: whether a gradient is wanted.

        Returns:
            The thing. It shares no memory. Ties have ``half | half`` of the gradient.

        Raises:
            ValueError: if the gradient is bad.
        """

    assert derivatives.sentences_of(op) == (
        "Its gradient at 0 is 1. The gradient at the bound is 0. Ties have `half \\| half` of the gradient."
    )


# What the table would show of an operation with a fault ---------------------------------------------------------------


def forgetful(x, y):
    """Return ``2 * x * y``, and lose the gradient of y."""
    return mg.mul(x, y.detach() * 2)


def bent(x):
    """Return the absolute value, and say nothing of its kink."""
    return mg.abs(x)


def flat(x):
    """Return the integers below."""
    return mg.floor(x)


def stated(x):
    """Return the absolute value, whose gradient at 0 is 0."""
    return mg.abs(x)


@pytest.fixture
def public(request, monkeypatch):
    """Return an operation of this file as if it were public."""
    function = request.param
    monkeypatch.setattr(mg, function.__name__, function, raising=False)
    operands = (normal(2, 3), constant(normal(2, 3)))[: function.__code__.co_argcount]
    return Public(function, (function.__name__,), (Sample(function.__name__, operands),))


@pytest.mark.parametrize(
    ("public", "lack"),
    [
        (forgetful, "the gradient of y is lost in silence"),
        (bent, "its slope jumps or is infinite ('bent' with all operands 0)"),
        (flat, "its gradient is 0, which its docstring does not say"),
    ],
    indirect=["public"],
)
def test_what_an_operation_lacks_is_said(public, lack, monkeypatch):
    monkeypatch.setattr(Public, "family", "minigrad/ops/some.py")
    (found,) = derivatives.lacks_of(public, observe(public))
    assert found.startswith(lack)


@pytest.mark.parametrize("public", [stated], indirect=True)
def test_an_operation_that_says_what_its_gradient_is_lacks_nothing(public, monkeypatch):
    monkeypatch.setattr(Public, "family", "minigrad/ops/some.py")
    assert derivatives.lacks_of(public, observe(public)) == []
    assert kinks_of(public.samples[0]) == ["'stated' with all operands 0"]


def test_an_operation_without_a_sample_is_said_to_lack_one(monkeypatch):
    monkeypatch.setattr(Public, "family", "minigrad/ops/some.py")
    (found,) = derivatives.lacks_of(Public(flat, ("flat",)), observe(Public(flat, ("flat",))))
    assert "no sample" in found


@pytest.mark.parametrize(
    "call",
    [
        lambda x: mg.heaviside(x, mg.tensor(1.0)),
        lambda x: mg.heaviside(mg.tensor(1.0), x),
        lambda x: mg.nn.functional.cross_entropy(mg.zeros(2, 3), mg.tensor([0, 1]), weight=x),
    ],
)
def test_an_operand_without_a_derivative_raises_where_it_requires_grad(call):
    with pytest.raises(RuntimeError, match="no derivative"):
        call(mg.ones(3, requires_grad=True))
