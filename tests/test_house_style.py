"""The source reads as a debugger steps it: rules are formulas, files and functions are short."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OPS = ROOT / "minigrad" / "ops"
LONGEST_FILE = 400
LONGEST_FUNCTION = 50

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Each of these runs in a frame of its own.
FRAMES = (*FUNCTIONS, ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


def library_files():
    files = [*(ROOT / "minigrad").rglob("*.py"), *(ROOT / "kernels" / "minigrad_kernels").rglob("*.py")]
    return sorted(files)


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def functions_in(tree):
    return [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]


def rules_in(tree):
    return [function for function in functions_in(tree) if function.name.endswith("_vjp")]


def offence_of(node):
    """Return what a rule may not do and `node` does, or None."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)):
            return f"calls the method or module function .{name}()"
        case ast.Name(id="np" | "numpy" as name):
            return f"uses {name}"
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return "writes into an array"
        case _ if isinstance(node, FRAMES):
            return "makes a frame of its own inside"
    return None


def rule_offences(source):
    """Return `line: rule: offence` for whatever keeps a rule from being only its formula."""
    offences = []
    for rule in rules_in(ast.parse(source)):
        # The signature is left out: its annotations may name np.ndarray.
        for statement in rule.body:
            for node in ast.walk(statement):
                offence = offence_of(node)
                if offence is not None:
                    offences.append(f"{node.lineno}: {rule.name}: {offence}")
        if rule.decorator_list:
            offences.append(f"{rule.lineno}: {rule.name}: has a decorator")
    return offences


def functions_hiding_their_module(source, path):
    """Return the public top-level functions that bear the name of the module or package that `path` is."""
    module = path.parent.name if path.stem == "__init__" else path.stem
    if module.startswith("_"):
        return []
    return [node.name for node in ast.parse(source).body if isinstance(node, FUNCTIONS) and node.name == module]


def long_functions(source):
    """Return `line: function: lines` for each function body, without its docstring, above the limit."""
    found = []
    for function in functions_in(ast.parse(source)):
        body = function.body
        if ast.get_docstring(function, clean=False) is not None:
            body = body[1:]
        if not body:
            continue
        lines = body[-1].end_lineno - body[0].lineno + 1
        if lines > LONGEST_FUNCTION:
            found.append(f"{function.lineno}: {function.name}: {lines} lines")
    return found


def line_count(source):
    return len(source.splitlines())


def test_the_rules_are_found():
    count = 0
    for path in OPS.rglob("*.py"):
        count += len(rules_in(ast.parse(path.read_text(encoding="utf-8"))))
    assert count > 0


@pytest.mark.parametrize("path", sorted(OPS.rglob("*.py")), ids=name_of)
def test_a_rule_is_only_its_formula(path):
    assert rule_offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", library_files(), ids=name_of)
def test_no_public_function_hides_its_own_module(path):
    assert functions_hiding_their_module(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize("path", library_files(), ids=name_of)
def test_a_file_can_be_read_in_one_go(path):
    assert line_count(path.read_text(encoding="utf-8")) <= LONGEST_FILE


@pytest.mark.parametrize("path", library_files(), ids=name_of)
def test_a_function_fits_a_screen(path):
    assert long_functions(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("statement", "offence"),
    [
        ("return grad_output.sum()", "method or module function .sum()"),
        ("return exp(x).transpose(0, 1)", "method or module function .transpose()"),
        ("return reductions.sum(grad_output)", "method or module function .sum()"),
        ("return np.exp(x)", "uses np"),
        ("return x + np.pi", "uses np"),
        ("return x + numpy.pi", "uses numpy"),
        ("x[0] = 0", "writes into an array"),
        ("x[0] += grad_output", "writes into an array"),
        ("x[0]: float = 0", "writes into an array"),
        ("y, x[0] = grad_output, 0", "writes into an array"),
        ("del x[0]", "writes into an array"),
        ("for x[0] in grad_output: pass", "writes into an array"),
        ("def inner(): return x", "frame of its own"),
        ("return apply(lambda y: y, x)", "frame of its own"),
        ("return sum(y for y in x)", "frame of its own"),
        ("return [y for y in x]", "frame of its own"),
        ("return {y for y in x}", "frame of its own"),
        ("return {y: y for y in x}", "frame of its own"),
    ],
)
def test_each_offence_in_a_rule_is_caught(statement, offence):
    found = rule_offences(f"def cube_vjp(grad_output, x):\n    {statement}\n")
    assert any(line.startswith("2: cube_vjp: ") and offence in line for line in found)


def test_a_decorated_rule_is_caught():
    assert rule_offences("@cached\ndef cube_vjp(grad_output, x):\n    return x\n") == ["2: cube_vjp: has a decorator"]


def test_a_formula_and_what_is_not_a_rule_pass():
    source = """
def cube(x):
    np.add(x, x, out=x)
    x[0] = 0
    return x.sum()


def cube_vjp(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
    grad_x = None
    if x.ndim > 0:
        grad_x = grad_output * 3 * x[0] * power(x, 2)
    for axis in (0, 1):
        grad_x = sum(grad_x, axis)
    return grad_x
"""
    assert rule_offences(source) == []


@pytest.mark.parametrize(
    ("source", "path", "hiding"),
    [
        ("def special(x): ...", "minigrad/special.py", ["special"]),
        ("def debug(): ...", "minigrad/debug/__init__.py", ["debug"]),
        ("def erf(x): ...", "minigrad/special.py", []),
        ("class special: ...", "minigrad/special.py", []),
        ("class Special:\n    def special(self): ...", "minigrad/special.py", []),
        ("def _special(): ...", "minigrad/_special.py", []),
    ],
)
def test_a_function_that_hides_its_module_is_caught(source, path, hiding):
    assert functions_hiding_their_module(source, Path(path)) == hiding


def test_only_a_function_body_above_the_limit_is_caught():
    docstring = '    """' + "\n" * LONGEST_FUNCTION + '"""\n'
    at_limit = "def f(x):\n" + docstring + "    x\n" * LONGEST_FUNCTION
    assert long_functions(at_limit) == []
    assert long_functions(at_limit + "    x\n") == [f"1: f: {LONGEST_FUNCTION + 1} lines"]
    assert long_functions('def f():\n    """Only a docstring."""\n') == []


def test_only_a_file_above_the_limit_is_caught():
    assert line_count("x\n" * LONGEST_FILE) == LONGEST_FILE
    assert line_count("x\n" * (LONGEST_FILE + 1)) > LONGEST_FILE
