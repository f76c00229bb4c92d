"""What ``minigrad.debug`` offers is documented, with an example that runs."""

import inspect

import pytest

from minigrad import debug


@pytest.mark.parametrize("name", debug.__all__)
def test_a_public_name_has_a_docstring_and_what_is_called_has_an_example(name):
    text = inspect.getdoc(getattr(debug, name))
    assert text
    # The names in capitals are what these return or raise.
    assert ">>> " in text or not name.islower()


def test_all_names_are_there_once():
    assert len(set(debug.__all__)) == len(debug.__all__)
    public = {name for name, value in vars(debug).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public == set(debug.__all__)
