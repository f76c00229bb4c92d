"""The variable that holds an object is found, and looking for it leaves nothing behind."""

import gc
import weakref

import minigrad as mg
from minigrad.variables import variable_of

MODULE_LEVEL = object()


class Thing:
    pass


def test_a_variable_of_the_function_comes_before_one_of_the_module():
    mine = MODULE_LEVEL
    assert variable_of(mine) == "mine"
    del mine
    assert variable_of(MODULE_LEVEL) == "MODULE_LEVEL"


def test_what_no_variable_holds_has_no_name():
    assert variable_of(object()) is None
    _ = Thing()
    assert variable_of(_) is None


def test_equal_objects_are_told_apart():
    first, second = [1], [1]
    assert (variable_of(first), variable_of(second)) == ("first", "second")


def test_what_a_variable_held_goes_away_with_it():
    gc.disable()
    try:
        other = Thing()
        held = weakref.ref(other)
        tensor = mg.ones(2)
        assert variable_of(tensor) == "tensor"
        del other
        assert held() is None
    finally:
        gc.enable()


def test_a_dict_of_the_users_variables_stays_as_it_is():
    tensor = mg.ones(2)
    mine = locals()
    assert variable_of(tensor) == "tensor"
    assert mine["tensor"] is tensor
    assert "mine" in locals()
