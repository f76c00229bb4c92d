"""What tests of tensors need: ``assert_close``, which says how far apart two results are, and where.

Examples:
    >>> import minigrad as mg
    >>> mg.testing.assert_close(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 2.0 + 1e-6]))
    >>> mg.testing.assert_close(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 3.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    AssertionError: assert_close: 1 of 2 elements differs by more than is allowed (50 %).
    ...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.dtypes import SUPPORTED, result_type
from minigrad.errors import describe, message
from minigrad.ops.operands import real
from minigrad.tensors import Tensor

__all__ = ["assert_close"]

#: How far apart numbers may be, by the name of their dtype: (rtol, atol), PyTorch's. Others must be equal.
TOLERANCES = {"float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}
#: Of more items that differ than these only the number is told.
MOST = 3


class Rules(NamedTuple):
    """What is compared, and how: the arguments of ``assert_close``."""

    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_dtype: bool
    check_stride: bool
    allow_subclasses: bool


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise an AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` for all elements.

    Args:
        actual: what came: tensors, arrays, numbers or None, also in nested sequences and mappings.
        expected: what should have come, in the same containers; an array is as good as a tensor.
        allow_subclasses: whether a tensor may be compared with a Parameter, an array or a number; else both must be of
            one type.
        rtol: the relative tolerance. Given with ``atol``, or neither: then 1.3e-6 and 1e-5 for float32, 1e-7 and 1e-7
            for float64, and 0 for integers and bools; of two dtypes the larger ones.
        atol: the absolute tolerance.
        equal_nan: whether NaN is close to NaN.
        check_device: of no effect, as all tensors are on the CPU.
        check_dtype: whether dtypes must be the same; else what they promote to is compared.
        check_layout: of no effect, as all tensors are dense.
        check_stride: whether the elements must lie in memory alike: the strides must be the same.
        msg: what to say instead of, or what to make of, the text of the error.

    Raises:
        AssertionError: naming the item, how many elements differ, the largest differences, where they are, and the
            numbers there; or the shapes, dtypes, keys or lengths that differ.
        TypeError: if something else is compared; ValueError: if only one tolerance is given, or one is negative.
    """
    __tracebackhide__ = True
    checked_tolerances(rtol, atol)
    rules = Rules(rtol, atol, bool(equal_nan), bool(check_dtype), bool(check_stride), bool(allow_subclasses))
    failures: list[tuple[str, str, str]] = []
    compare(actual, expected, "", rules, failures)
    if failures:
        text = text_of(failures)
        raise AssertionError(msg(text) if callable(msg) else text if msg is None else msg)


def checked_tolerances(rtol: Any, atol: Any) -> None:
    """Raise unless tolerances are of use.

    Raises:
        TypeError: if one is no number; ValueError: if it is negative or NaN, or alone.
    """
    if (rtol is None) != (atol is None):
        alone, missing = ("rtol", "atol") if atol is None else ("atol", "rtol")
        raise ValueError(
            message(
                "assert_close",
                f"both tolerances are needed, or neither; got {alone} alone.",
                f"Add {missing}=0 if it is to play no part.",
            )
        )
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value is not None and not real(assert_close, name, value) >= 0:
            raise ValueError(
                message("assert_close", f"{name} must not be negative, got {value}.", "0 asks for equality.")
            )


def compare(actual: Any, expected: Any, path: str, rules: Rules, failures: list[tuple[str, str, str]]) -> None:
    """Add (path, what differs, remedy) to the failures for each item that is not close."""
    if actual is None or expected is None:
        if actual is not expected:
            failures.append((path, f"{describe(actual)} came, {describe(expected)} is expected.", ""))
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        compare_mappings(actual, expected, path, rules, failures)
    elif is_sequence(actual) and is_sequence(expected):
        if len(actual) != len(expected):
            failures.append((path, f"the lengths differ: {len(actual)} came, {len(expected)} is expected.", ""))
            return
        for index, (one, other) in enumerate(zip(actual, expected)):
            compare(one, other, f"{path}[{index}]", rules, failures)
    elif is_comparable(actual) and is_comparable(expected) and may_differ(actual, expected, rules):
        found = difference_of(actual, expected, rules)
        if found is not None:
            failures.append((path, *found))
    else:
        where = f" at {path}" if path else ""
        raise TypeError(
            message(
                "assert_close",
                "tensors, arrays, numbers, None, and sequences and mappings of them can be compared, got "
                f"{describe(actual)} and {describe(expected)}{where}.",
                "Compare anything else by assert actual == expected."
                if rules.allow_subclasses
                else "Without allow_subclasses both must be of one type.",
            )
        )


def compare_mappings(
    actual: Mapping[Any, Any], expected: Mapping[Any, Any], path: str, rules: Rules, failures: list[Any]
) -> None:
    """Add to the failures the keys that differ, or the items of each key."""
    missing = [key for key in expected if key not in actual]
    surplus = [key for key in actual if key not in expected]
    if missing or surplus:
        failures.append((path, f"the keys differ: {missing} did not come, {surplus} are not expected.", ""))
        return
    for key in expected:
        compare(actual[key], expected[key], f"{path}[{key!r}]", rules, failures)


def is_sequence(value: Any) -> bool:
    """Return whether a value is a container of items; text is none."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, Tensor))


def is_comparable(value: Any) -> bool:
    """Return whether a value is a tensor, array or number."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype in SUPPORTED
    return isinstance(value, (Tensor, bool, int, float))


def may_differ(actual: Any, expected: Any, rules: Rules) -> bool:
    """Return whether two items may be compared, by their types."""
    numbers = isinstance(actual, (bool, int, float)) and isinstance(expected, (bool, int, float))
    return rules.allow_subclasses or numbers or type(actual) is type(expected)


def difference_of(actual: Any, expected: Any, rules: Rules) -> tuple[str, str] | None:
    """Return in which way two tensors, arrays or numbers differ, and a remedy; None if they are close."""
    x, y = array_of(actual), array_of(expected)
    came = f"\n    came      {told(actual)}\n    expected  {told(expected)}"
    if x.shape != y.shape:
        fits = x.size == y.size
        return f"the shapes differ.{came}", "Both have as many elements: reshape one of them." if fits else ""
    numbers = isinstance(actual, (bool, int, float)), isinstance(expected, (bool, int, float))
    # A number beside a tensor is of the tensor's dtype.
    if rules.check_dtype and x.dtype != y.dtype and numbers in ((True, True), (False, False)):
        return f"the dtypes differ.{came}", "Convert one, x.to(y.dtype), or pass check_dtype=False."
    steps = [tuple([step // array.itemsize for step in array.strides]) for array in (x, y)]
    if rules.check_stride and steps[0] != steps[1]:
        return (
            f"the strides differ: {steps[0]} came, {steps[1]} is expected.{came}",
            "x.contiguous() copies into row-major order.",
        )
    rtol, atol = tolerances_of(x, y, numbers, rules)
    common = result_type(x, y)
    x, y = x.astype(common), y.astype(common)
    far, gaps = distances(x, y, rtol, atol, rules.equal_nan)
    if not np.count_nonzero(far):
        return None
    return worded(x, y, far, gaps, (rtol, atol), came)


def array_of(value: Any) -> np.ndarray:
    """Return the numbers of a tensor, array or number."""
    return value._data if isinstance(value, Tensor) else np.asarray(value)


def told(value: Any) -> str:
    """Return what a value is: its shape and dtype, or the number."""
    return repr(value) if isinstance(value, (bool, int, float)) else describe(value)


def tolerances_of(x: np.ndarray, y: np.ndarray, numbers: tuple[bool, bool], rules: Rules) -> tuple[float, float]:
    """Return rtol and atol: those given, else the larger ones of the two dtypes, Python's numbers left aside."""
    if rules.rtol is not None and rules.atol is not None:
        return rules.rtol, rules.atol
    names = [array.dtype.name for array, number in ((x, numbers[0]), (y, numbers[1])) if not number]
    found = [TOLERANCES.get(name, (0.0, 0.0)) for name in names or [x.dtype.name, y.dtype.name]]
    return max([rtol for rtol, _ in found]), max([atol for _, atol in found])


def distances(x: np.ndarray, y: np.ndarray, rtol: float, atol: float, equal_nan: bool) -> tuple[Any, Any]:
    """Return where two arrays are not close, and the sizes of all differences, in float64 or exact integers."""
    same = (x == y) | ((x != x) & (y != y)) if equal_nan else x == y
    if x.dtype.kind == "f":
        wide, other = x.astype(np.float64), y.astype(np.float64)
    else:
        # Of int64 a difference may take more bits: Python's integers have them.
        wide, other = x.astype(object) if x.dtype.itemsize == 8 else x.astype(np.int64), y.astype(np.int64)
    with np.errstate(invalid="ignore", over="ignore"):
        gaps = np.asarray(abs(wide - other))
        close = gaps <= atol + rtol * np.abs(other.astype(np.float64))
        if x.dtype.kind == "f":
            close &= np.isfinite(x) & np.isfinite(y)
    return ~(same | close.astype(np.bool_)), gaps


def worded(
    x: np.ndarray, y: np.ndarray, far: Any, gaps: Any, tolerances: tuple[float, float], came: str
) -> tuple[str, str]:
    """Return how many elements differ, by how much and where, and a remedy."""
    count, total = int(np.count_nonzero(far)), x.size
    text = f"the numbers differ by more than is allowed.{came}"
    if total > 1:
        verb = "differs" if count == 1 else "differ"
        text = f"{count} of {total} elements {verb} by more than is allowed ({100 * count / total:.3g} %).{came}"
    rtol, atol = tolerances
    finite = far.copy()
    if x.dtype.kind == "f":
        finite &= np.isfinite(x) & np.isfinite(y)
    if np.count_nonzero(finite):
        sizes = np.where(finite, gaps.astype(np.float64), -1)
        ratios = np.where(finite, ratios_of(sizes, y), -1)
        text += f"\n    largest difference {line_at(x, y, sizes, gaps)}; atol is {atol:g}"
        text += f"\n    largest relative difference {line_at(x, y, ratios, ratios)}; rtol is {rtol:g}"
    strange = far & ~finite
    if np.count_nonzero(strange):
        text += f"\n    not finite: {int(np.count_nonzero(strange))}, first{place_of(x, y, int(np.argmax(strange)))}"
    unknown = (x != x) & (y != y)
    remedy = "equal_nan=True lets NaN be close to NaN." if np.count_nonzero(unknown & far) else ""
    return text, remedy


def ratios_of(sizes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the differences over the sizes of what is expected, infinite where that is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return sizes / np.abs(y.astype(np.float64))


def line_at(x: np.ndarray, y: np.ndarray, ranked: np.ndarray, shown: np.ndarray) -> str:
    """Return ``1e-3 at (0, 1): 2.001 came, 2 is expected`` for the largest of some numbers."""
    place = int(np.argmax(ranked))
    return f"{shown.reshape(-1)[place]:.6g}{place_of(x, y, place)}"


def place_of(x: np.ndarray, y: np.ndarray, place: int) -> str:
    """Return the index of a flat place, and the numbers there, all their digits."""
    index = tuple([int(each) for each in np.unravel_index(place, x.shape)])
    where = f" at {index if len(index) != 1 else index[0]}" if index else ""
    return f"{where}: {x[index].item()!r} came, {y[index].item()!r} is expected"


def text_of(failures: list[tuple[str, str, str]]) -> str:
    """Return what is said of the items that differ."""
    if len(failures) == 1 and not failures[0][0]:
        return message("assert_close", failures[0][1], failures[0][2])
    lines = []
    for path, problem, _ in failures[:MOST]:
        lines.append(f"item {path}: {problem}" if path else problem)
    if len(failures) > MOST:
        lines.append(f"and {len(failures) - MOST} more items.")
    remedies = dict.fromkeys([remedy for _, _, remedy in failures[:MOST] if remedy])
    return message("assert_close", "\n  ".join(lines), " ".join(remedies))
