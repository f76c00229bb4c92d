"""The table that the operations are timed by: every public operation is in it, and NumPy's expression is its value."""

import numpy as np
import pytest

import minigrad as mg
from tests.benchmarks import cases as benchmark
from tests.benchmarks.expressions import FAMILIES
from tests.ops import test_vocabulary as vocabulary
from tests.public import public_operations

CASES = benchmark.cases()


def test_every_public_operation_is_timed_or_it_is_said_where():
    timed = {case.function for case in CASES}
    missing = []
    for public in public_operations():
        if public.function not in timed and not benchmark.covered_elsewhere(public):
            missing.append(f"{public.names[0]} ({public.family})")
    remedy = "Add what NumPy's users write to tests/benchmarks/expressions.py, or the file to ELSEWHERE in cases.py."
    assert missing == [], remedy


def test_every_entry_names_an_operation_that_is_there_or_wanted():
    named = benchmark.functions()
    unknown = []
    for entries in FAMILIES.values():
        for name in entries:
            dotted = name.partition(" | ")[0]
            if dotted not in named and dotted not in vocabulary.wanted_names():
                unknown.append(name)
    assert unknown == []


def values(result):
    return [np.asarray(each.data if mg.is_tensor(each) else each) for each in as_list(result)]


def as_list(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


@pytest.mark.parametrize("number", [10, 1000])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_expression_is_the_operation(case, number):
    of_minigrad, of_numpy = benchmark.namespaces(number, np.float32)
    call, expression = benchmark.functions_of(case, of_minigrad, of_numpy)
    got = values(call())
    if expression is None:
        return
    expected = values(expression())
    if case.writes:
        got, expected = [of_minigrad[case.writes].data], [of_numpy[case.writes]]
    assert len(got) == len(expected)
    for one, other in zip(got, expected):
        assert one.shape == other.shape
        # An expression that computes in float64 would take longer than it must.
        assert (one.dtype == other.dtype) or "f" not in (one.dtype.kind, other.dtype.kind)
        if case.name not in benchmark.DRAWS:
            # Some 20 roundings of float32, sums of 1000 terms in another order.
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
