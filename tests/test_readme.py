"""What the README shows is what happens."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language):
    """Return the fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def run(code):
    """Return what a program prints in a process of its own."""
    import_path = f"import sys; sys.path[:0] = {[str(ROOT), str(ROOT / 'kernels')]}\n"
    done = subprocess.run([sys.executable, "-c", import_path + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_set_up_is_two_blocks_of_one_line_each():
    first, second = blocks("sh")[:2]
    assert len(first.splitlines()) == len(second.splitlines()) == 1
    assert first.strip().endswith("examples/mlp_digits.py")
    assert second.strip().endswith("-m pytest")


def test_the_first_program_prints_what_the_readme_says():
    program, expected = blocks("python")[0], blocks("text")[0]
    assert len([line for line in program.splitlines() if line.strip()]) <= 15
    assert run(program) == expected


def test_the_pdb_session_shows_what_the_readme_says():
    program = blocks("python")[1].replace("breakpoint()\n", "")
    session = blocks("text")[1]
    commands = re.findall(r"^\(Pdb\) (.*)$", session, re.MULTILINE)
    shown = [line for line in session.splitlines() if not line.startswith("(Pdb)")]
    setup, last = program.rsplit("loss.backward()", 1)[0], "loss.backward()"
    driver = f"""
import io, pdb
namespace = {{"__name__": "__main__"}}
exec(compile({setup!r}, "train.py", "exec"), namespace)
out = io.StringIO()
debugger = pdb.Pdb(stdin=io.StringIO({chr(10).join([*commands, "c", ""])!r}), stdout=out, nosigint=True, readrc=False)
debugger.use_rawinput = False
debugger.run({last!r}, namespace)
print(out.getvalue())
"""
    printed = run(driver)
    for line in shown:
        assert line in printed


def test_the_five_questions_are_answered_as_the_readme_says(tmp_path):
    section = README.split("### Five questions", 1)[1].split("\n### ", 1)[0]
    (program,) = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    (expected,) = re.findall(r"^```text\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    script = tmp_path / "train.py"
    script.write_text(program)
    assert run(f"import runpy; runpy.run_path({str(script)!r})") == expected
    assert len(expected.splitlines()) == 5


def test_the_launch_configuration_is_json_and_leaves_library_code_open():
    (configuration,) = json.loads(blocks("json")[0])["configurations"]
    assert configuration["justMyCode"] is False
    assert configuration["env"] == {"NUMBA_DISABLE_JIT": "1"}


def test_kernels_are_plain_python_under_the_launch_configuration():
    code = "import os; os.environ['NUMBA_DISABLE_JIT'] = '1'\n"
    code += "import minigrad as mg, minigrad_kernels.products as p, types\n"
    code += "print(type(p.multiply).__name__, (mg.ones(2, 2) @ mg.ones(2, 2)).tolist())"
    assert run(code) == "function [[2.0, 2.0], [2.0, 2.0]]\n"


EXCLUDED = {
    "another device": lambda: mg.ones(2).cuda(),
    "complex numbers": lambda: mg.tensor([1j]),
    "half precision": lambda: mg.ones(2, dtype="float16"),
}


@pytest.mark.parametrize("call", EXCLUDED.values(), ids=EXCLUDED)
def test_what_the_limits_exclude_raises_with_that_sentence(call):
    with pytest.raises(TypeError, match="no complex, sparse or half precision"):
        call()
