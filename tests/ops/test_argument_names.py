"""The arguments bear PyTorch's names, but for its operands and for what is listed here."""

import inspect

import pytest

import minigrad as mg

torch = pytest.importorskip("torch")

#: What PyTorch calls the operands of operations of one and two: here they are positional, ``x`` and ``y``.
OPERANDS = """
self input other exponent mat2 vec vec2 tensor values src
"""
#: Where results lie and how, which is not to be chosen here; and what PyTorch itself warns of or hides.
NOT_HERE = """
out out_dtype layout device pin_memory memory_format sparse_grad size_average reduce _stacklevel cudnn_enabled
cudnn_enable implicit non_blocking
"""
#: Single ones, with the reason.
SINGLE = {
    ("dsplit", "sections"): "the documented name is indices_or_sections",
    ("dsplit", "indices"): "likewise",
    ("hsplit", "sections"): "likewise",
    ("hsplit", "indices"): "likewise",
    ("vsplit", "sections"): "likewise",
    ("vsplit", "indices"): "likewise",
    ("tensor_split", "sections"): "likewise",
    ("tensor_split", "indices"): "likewise",
    ("tensor_split", "tensor_indices_or_sections"): "likewise",
    ("split", "split_size"): "the function's name is split_size_or_sections, and the method has the same here",
    ("isin", "test_element"): "the documented name is test_elements",
    ("einsum", "args"): "PyTorch's stand-in for its documented ones",
    ("unique", "args"): "likewise",
    ("unique", "kwargs"): "likewise",
    ("max_pool1d", "args"): "likewise",
    ("max_pool1d", "kwargs"): "likewise",
    ("max_pool2d", "args"): "likewise",
    ("max_pool2d", "kwargs"): "likewise",
    ("adaptive_max_pool1d", "args"): "likewise",
    ("adaptive_max_pool1d", "kwargs"): "likewise",
    ("adaptive_max_pool2d", "args"): "likewise",
    ("adaptive_max_pool2d", "kwargs"): "likewise",
    ("tensordot", "a"): "an operand",
    ("tensordot", "b"): "an operand",
    ("lstsq", "b"): "the documented name is B",
    ("pinv", "rcond"): "the documented names are rtol and atol",
    ("lu", "get_infos"): "linalg.lu_factor_ex tells them",
    ("from_dlpack", "ext_tensor"): "an operand",
    ("from_dlpack", "copy"): "it never copies",
    ("expand", "size"): "documented as *sizes",
    ("sum_to_size", "size"): "documented as *size",
    ("view", "size"): "documented as *shape",
    ("uniform_", "from"): "a word of Python's: low and high",
    ("uniform_", "to"): "likewise",
}


def names_in_pytorch(name, function, prefix):
    """Return the names of the arguments of all forms of one of PyTorch's functions, as far as it tells them."""
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        pass
    found = set()
    packet = getattr(torch.ops.aten, prefix + name, None)
    for overload in packet.overloads() if packet is not None else []:
        schema = getattr(packet, overload)._schema
        kinds = [str(argument.type) for argument in schema.arguments]
        # TorchScript's forms for plain numbers, strings and lists have no tensor.
        if "Tensor" in kinds[:1] and "Dimname" not in str(schema):
            found |= {argument.name for argument in schema.arguments if not argument.is_out}
    return found


def pairs():
    """Return (name, ours, PyTorch's, prefix in its registry) of all functions and methods that both have."""
    homes = [
        (mg, torch, ""),
        (mg.Tensor, torch.Tensor, ""),
        (mg.linalg, torch.linalg, "linalg_"),
        (mg.special, torch.special, "special_"),
        (mg.nn.functional, torch.nn.functional, ""),
        (mg.testing, torch.testing, ""),
    ]
    found = []
    for ours, theirs, prefix in homes:
        for name in dir(ours):
            function = inspect.getattr_static(ours, name)
            if not name.startswith("_") and inspect.isfunction(function) and hasattr(theirs, name):
                found.append((name, function, getattr(theirs, name), prefix))
    return found


def test_the_names_of_arguments_are_pytorchs_but_for_operands_and_those_listed():
    excused = set(OPERANDS.split()) | set(NOT_HERE.split())
    missing, used = [], set()
    for name, ours, theirs, prefix in pairs():
        for argument in names_in_pytorch(name, theirs, prefix) - set(inspect.signature(ours).parameters) - excused:
            if (name, argument) in SINGLE:
                used.add((name, argument))
            else:
                missing.append((name, argument))
    assert missing == []
    assert set(SINGLE) == used


def test_enough_of_pytorchs_names_are_known_to_be_compared():
    known = [name for name, _, theirs, prefix in pairs() if names_in_pytorch(name, theirs, prefix)]
    assert len(known) > 600


@pytest.mark.parametrize("name", ["exp", "add", "pow", "matmul", "atan2", "where"])
def test_operands_are_positional(name):
    parameters = list(inspect.signature(getattr(mg, name)).parameters)
    assert [each for each in parameters if each in ("input", "other", "exponent")] == []
    assert "x" in parameters
