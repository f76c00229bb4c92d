"""A tensor in a notebook: its numbers in colour and its gradient, without a cost where no notebook asks."""

import os
import subprocess
import sys

import numpy as np
import pytest

import minigrad as mg


def test_a_small_tensor_shows_its_numbers_and_its_gradient():
    x = mg.tensor([[1.0, -0.5]], requires_grad=True, name="x")
    (x * x).sum().backward()
    html = x._repr_html_()
    assert "x: Tensor (1, 2) float32 requires grad" in html
    assert [part.split("<")[0] for part in html.split('">')[3:] if part[0] in "-0123456789"] == ["1", "-0.5", "2", "-1"]


def test_a_large_tensor_shows_a_corner_and_a_picture():
    html = mg.tensor(np.full((50, 60), 2.0))._repr_html_()
    assert html.count("<td style") == 16
    assert html.count("<rect ") == 24


def test_a_result_says_what_made_it_and_a_name_is_only_text():
    x = mg.tensor([1.0, np.nan], requires_grad=True, name="<script>")
    assert "&lt;script&gt;" in x._repr_html_()
    assert "<script>" not in x._repr_html_()
    assert "from mul" in (x * 2)._repr_html_()
    assert "1 NaN" in x._repr_html_()


def test_a_notebook_may_choose_the_line():
    x = mg.ones(2)
    assert x._repr_mimebundle_() == {"text/plain": repr(x), "text/html": x._repr_html_()}


@pytest.mark.parametrize("shape", [(), (0,), (37,), (2, 3, 4, 5)])
def test_any_shape_can_be_shown(shape):
    assert mg.ones(*shape)._repr_html_().startswith("<div")


def test_looking_changes_nothing():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y._repr_html_()
    assert y.grad_fn.saved is not None
    assert x.grad is None


def test_what_draws_tensors_is_imported_when_a_notebook_asks():
    code = "import sys, minigrad as mg; x = mg.ones(2); print('minigrad.debug.tensor_html' in sys.modules)"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "False\n"
