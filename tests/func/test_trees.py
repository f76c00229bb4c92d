"""Nested containers, taken apart and put together."""

import collections
import dataclasses

import pytest

from minigrad import nn
from minigrad.func.trees import flatten, leaves_like, spread, unflatten

Pair = collections.namedtuple("Pair", ["u", "v"])


@dataclasses.dataclass(frozen=True)
class Weights:
    u: object
    v: object
    size: int = dataclasses.field(default=0, init=False)


TREES = [
    3,
    (),
    [1, (2, {"a": 3, "b": [4]})],
    Pair(1, Pair([2], 3)),
    Weights({"x": 1}, 2),
    collections.OrderedDict(b=1, a=2),
]


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_put_together_a_tree_is_what_it_was(tree):
    leaves, structure = flatten(tree)
    assert len(leaves) == structure.count
    again = unflatten(structure, leaves)
    assert again == tree
    assert type(again) is type(tree)
    assert all(isinstance(leaf, int) for leaf in leaves)


def test_what_is_no_container_is_a_leaf():
    @dataclasses.dataclass(eq=False)
    class Model(nn.Module):
        width: int = 2

    for leaf in (None, "abc", nn.Linear(1, 1), Weights, collections.Counter("a"), Model()):
        assert flatten(leaf)[0] == [leaf]


def test_structures_show_their_leaves_as_stars():
    assert repr(flatten({"w": [1, 2], "b": Pair(1, ())})[1]) == "{'w': [*, *], 'b': Pair(u=*, v=())}"


def test_leaves_are_matched_by_key():
    structure = flatten({"a": 1, "b": [2, 3]})[1]
    assert leaves_like("who", "what", {"b": (5, 6), "a": 4}, structure) == [4, 5, 6]
    for other in ({"a": 1}, {"a": 1, "b": [2]}, {"a": 1, "c": [2, 3]}, {"a": 1, "b": 2}, {"a": [1], "b": [2, 3]}):
        with pytest.raises(ValueError, match="who: what must have the structure"):
            leaves_like("who", "what", other, structure)


def test_a_value_is_spread_over_what_lies_below():
    structure = flatten(({"a": 1, "b": 2}, 3))[1]
    assert spread("who", "what", 0, structure) == [0, 0, 0]
    assert spread("who", "what", (None, 1), structure) == [None, None, 1]
    assert spread("who", "what", ({"b": 1, "a": None}, 0), structure) == [None, 1, 0]
    with pytest.raises(ValueError, match=r"what=tuple .* does not fit the structure"):
        spread("who", "what", (0, (0, 0)), structure)
