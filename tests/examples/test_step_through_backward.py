"""Stepping through a backward pass: every operation, with its source line, rule and numbers."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_step_is_printed_with_its_source_and_rule(example, capsys):
    numbers = example("step_through_backward").main(quick=True)
    assert numbers["operations"] == ["mean", "mul", "sub", "matmul", "tanh", "add", "matmul"]
    assert numbers["bitwise equal"] is True
    assert numbers["dL/dW apart"] <= 1e-12
    printed = capsys.readouterr().out
    assert "step 4/7  matmul -> (3, 1)" in printed
    assert "   e = h @ W2 - y\n       ^^^^^^\n" in printed
    assert " grad_x = grad_output * (1 - tanh(x)**2)   (3, 4)  norm " in printed
    assert " grad_y = x.T @ grad_output   (2, 4)  norm " in printed
    assert "W1: new (leaf)" in printed


def test_pdb_stops_in_a_rule_with_its_values_as_arguments():
    script = ROOT / "examples" / "step_through_backward.py"
    done = subprocess.run(
        [sys.executable, str(script), "--pdb"],
        input="b mg.ops.elementwise.tanh_vjp\nc\nargs\nw\nq\n",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "kernels")])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "tanh_vjp()" in done.stdout
    assert "grad_output = array(" in done.stdout
    assert "output = array(" in done.stdout
    assert "-> loss.backward()" in done.stdout
