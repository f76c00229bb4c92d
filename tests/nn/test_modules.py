"""Modules: what they own, under which names, and what happens when they are called."""

import copy
import pickle
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.graph import Node


class Scaled(nn.Module):
    """A layer with a parameter and a buffer, inside of a linear one."""

    def __init__(self, features=2):
        super().__init__()
        self.inner = nn.Linear(features, features)
        self.scale = nn.Parameter(np.ones(features, np.float32))
        self.register_buffer("mean", mg.zeros(features))
        self.register_buffer("cache", mg.zeros(1), persistent=False)

    def forward(self, x):
        return self.inner(x - self.mean) * self.scale


class Forgetful(nn.Module):
    """A module that forgets super().__init__()."""

    def __init__(self):
        self.layer = nn.Linear(2, 2)


class Tied(nn.Module):
    """Two names for one layer and for one parameter."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.second = self.first
        self.weight = self.first.weight


def names(pairs):
    return [name for name, _ in pairs]


def test_what_is_assigned_is_registered_in_order():
    model = Scaled()
    assert names(model.named_parameters()) == ["scale", "inner.weight", "inner.bias"]
    assert names(model.named_parameters(prefix="net")) == ["net.scale", "net.inner.weight", "net.inner.bias"]
    assert names(model.named_parameters(recurse=False)) == ["scale"]
    assert names(model.named_buffers()) == ["mean", "cache"]
    assert names(model.named_children()) == ["inner"]
    assert names(model.named_modules()) == ["", "inner"]
    assert next(model.parameters()) is model.scale
    assert next(model.buffers()) is model.mean
    assert list(model.children()) == [model.inner]
    assert list(model.modules()) == [model, model.inner]


def test_a_module_that_forgets_super_init_works():
    assert names(Forgetful().named_parameters()) == ["layer.weight", "layer.bias"]


def test_a_parameter_takes_the_name_of_its_attribute():
    assert Scaled().scale.name == "scale"
    named = nn.Parameter([1.0])
    named.name = "mine"
    module = nn.Module()
    module.other = named
    assert module.other.name == "mine"


def test_shared_parameters_and_modules_are_listed_once_unless_asked():
    model = Tied()
    assert names(model.named_parameters()) == ["weight", "first.bias"]
    assert names(model.named_parameters(remove_duplicate=False)) == [
        "weight",
        "first.weight",
        "first.bias",
        "second.weight",
        "second.bias",
    ]
    assert names(model.named_modules()) == ["", "first"]
    assert names(model.named_modules(remove_duplicate=False)) == ["", "first", "second"]
    assert names(model.named_children()) == ["first"]


def test_replacing_keeps_the_order_and_deleting_forgets():
    model = Scaled()
    model.scale = nn.Parameter([3.0, 4.0])
    assert model.scale.tolist() == [3.0, 4.0]
    model.mean = mg.ones(2)
    assert dict(model.named_buffers())["mean"] is model.mean
    model.cache = mg.ones(1)
    assert "cache" not in model.state_dict()
    model.inner = None
    assert names(model.named_modules()) == [""]
    del model.scale
    assert names(model.named_parameters()) == []
    assert not hasattr(model, "scale")


def test_an_attribute_changes_its_kind():
    model = nn.Module()
    model.part = nn.Parameter([1.0])
    model.part = nn.Linear(2, 2)
    assert names(model.named_parameters()) == ["part.weight", "part.bias"]
    model.register_buffer("part", mg.zeros(1))
    assert names(model.named_parameters()) == []
    assert names(model.named_buffers()) == ["part"]


def test_none_stands_for_a_parameter_that_is_left_out():
    model = nn.Linear(2, 2, bias=False)
    assert model.bias is None
    assert list(model.state_dict()) == ["weight"]
    model.bias = nn.Parameter([1.0, 2.0])
    assert list(model.state_dict()) == ["weight", "bias"]


ERRORS = {
    "tensor for a parameter": (
        lambda m: setattr(m, "scale", mg.ones(2)),
        TypeError,
        ["Scaled.scale", "Parameter", "(2,) float32", "nn.Parameter(x)"],
    ),
    "number for a module": (lambda m: setattr(m, "inner", 3), TypeError, ["Scaled.inner", "Module", "int 3"]),
    "array for a buffer": (lambda m: setattr(m, "mean", np.ones(2)), TypeError, ["Scaled.mean", "Tensor"]),
    "dotted name": (lambda m: m.add_module("a.b", nn.Identity()), ValueError, ["'a.b'", "dot"]),
    "empty name": (lambda m: m.register_buffer("", mg.ones(1)), ValueError, ["''", "empty"]),
    "number as a name": (lambda m: m.register_buffer(3, mg.ones(1)), TypeError, ["string", "int 3"]),
    "name of a method": (lambda m: m.add_module("forward", nn.Identity()), ValueError, ["Scaled.forward", "hide"]),
    "name of the mode": (lambda m: m.register_buffer("training", mg.ones(1)), ValueError, ["Scaled.training"]),
    "itself": (lambda m: setattr(m, "parent", m), ValueError, ["Scaled", "contain itself", "(parent,)"]),
    "itself below": (lambda m: setattr(m.inner, "up", m), ValueError, ["Linear", "contain itself"]),
    "mode": (lambda m: m.train([1, 2]), TypeError, ["train", "True or False", "list [1, 2]"]),
    "hook": (lambda m: m.register_forward_hook(3), TypeError, ["register_forward_hook", "callable", "int 3"]),
    "pre-hook": (lambda m: m.register_forward_pre_hook(3), TypeError, ["register_forward_pre_hook", "callable"]),
    "applied number": (lambda m: m.apply(3), TypeError, ["apply", "callable", "int 3"]),
    "half precision": (lambda m: m.half(), TypeError, ["float16", "no complex, sparse or half precision"]),
    "integer dtype": (lambda m: m.to(mg.int64), TypeError, ["floating", "int64"]),
    "complex dtype": (lambda m: m.to(complex), TypeError, ["no complex"]),
    "device": (lambda m: m.to("cuda"), TypeError, ["cuda", "CPU"]),
    "cuda": (lambda m: m.cuda(), TypeError, ["cuda", "CPU"]),
    "no forward": (lambda m: nn.Module()(1), NotImplementedError, ["Module", "forward"]),
    "integer parameter": (lambda m: nn.Parameter([1, 2]), TypeError, ["Parameter", "floating", "register_buffer"]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_bad_use_is_named_with_its_remedy_and_changes_nothing(case):
    call, error, parts = ERRORS[case]
    model = Scaled()
    before = repr(model), names(model.named_parameters()), names(model.named_buffers())
    with pytest.raises(error) as caught:
        call(model)
    for part in parts:
        assert part in str(caught.value)
    assert (repr(model), names(model.named_parameters()), names(model.named_buffers())) == before


def test_modes_reach_every_module_below():
    model = nn.Sequential(Scaled(), nn.Dropout())
    assert model.eval() is model
    assert [module.training for module in model.modules()] == [False] * 4
    assert model[0].train().inner.training
    assert not model[1].training


def test_apply_visits_what_is_below_first():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU()))
    seen = []
    assert model.apply(seen.append) is model
    assert seen == [model[0], model[1][0], model[1], model]


def test_requires_grad_and_zero_grad_reach_every_parameter():
    model = Scaled()
    model(mg.ones(1, 2)).sum().backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    assert all(gradient is not None for gradient in gradients)
    model.zero_grad(set_to_none=False)
    assert all((parameter.grad == 0).all().item() for parameter in model.parameters())
    assert not (gradients[0] == 0).all().item()
    model.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.requires_grad_(False) is model
    assert not model(mg.ones(1, 2)).requires_grad


def test_converting_keeps_each_parameter_the_same_object():
    model = Scaled()
    model.register_buffer("count", mg.tensor(3))
    model(mg.ones(1, 2)).sum().backward()
    parameters = list(model.parameters())
    assert model.double() is model
    assert all(before is after for before, after in zip(parameters, model.parameters(), strict=True))
    assert all(parameter.dtype == parameter.grad.dtype == mg.float64 for parameter in parameters)
    assert model.mean.dtype == mg.float64
    assert model.count.dtype == mg.int64
    assert model(mg.ones(1, 2, dtype=mg.float64)).dtype == mg.float64
    assert model.float().scale.dtype == mg.float32
    assert model.to(dtype="float64").scale.dtype == mg.float64
    assert model.to("cpu").cpu().scale.dtype == mg.float64
    assert model.to(mg.ones(1)).scale.dtype == mg.float32


def test_converting_between_forward_and_backward_is_noticed():
    model = nn.Linear(2, 2)
    loss = model(mg.ones(1, 2, requires_grad=True)).sum()
    model.double()
    with pytest.raises(RuntimeError, match="weight"):
        loss.backward()


def test_hooks_see_and_change_arguments_and_output():
    model = nn.Linear(2, 1)
    seen = []

    def before(module, args):
        seen.append(("before", module, args))
        return args[0] * 2

    def after(module, args, output):
        seen.append(("after", module, args))
        return output + 1

    x = mg.ones(1, 2)
    plain = model(x * 2)
    handles = [model.register_forward_pre_hook(before), model.register_forward_hook(after)]
    assert model(x).item() == (plain + 1).item()  # rounded to float32, as the hook's sum is
    assert [kind for kind, module, _ in seen if module is model] == ["before", "after"]
    assert seen[0][2] == (x,)
    assert seen[1][2][0].tolist() == [[2.0, 2.0]]
    for handle in handles:
        handle.remove()
        handle.remove()
    assert model(x * 2).item() == plain.item()
    assert len(seen) == 2


def test_hooks_run_in_order_and_may_remove_themselves():
    model = nn.Identity()
    handles = []

    def once(module, args, output):
        handles[0].remove()
        return output + 1

    handles.append(model.register_forward_hook(once))
    model.register_forward_hook(lambda module, args, output: output * 10)
    assert model(1) == 20
    assert model(1) == 10


@pytest.mark.parametrize("changed", [3, (3,), (3, {}), ((3,), [])])
def test_a_pre_hook_with_keywords_returns_arguments_and_keywords(changed):
    model = nn.Linear(2, 2)
    model.register_forward_pre_hook(lambda module, args, kwargs: changed, with_kwargs=True)
    with pytest.raises(TypeError, match=r"register_forward_pre_hook: the hook returns None or \(args, kwargs\)"):
        model(mg.ones(1, 2))


def test_hooks_with_keywords():
    class Add(nn.Module):
        def forward(self, x, *, y):
            return x + y

    model = Add()
    model.register_forward_pre_hook(lambda module, args, kwargs: (args, {"y": kwargs["y"] * 2}), with_kwargs=True)
    model.register_forward_hook(lambda module, args, kwargs, output: (output, kwargs), with_kwargs=True)
    assert model(1, y=2) == (5, {"y": 4})


def test_an_error_in_forward_leaves_no_module_running():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        nn.Sequential(nn.Identity(), Broken())(1)
    assert (mg.ones(1, requires_grad=True) * 2).grad_fn.module is None


def test_repr_shows_the_modules_below_indented():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Dropout(0.1)), nn.Softmax(dim=1))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Dropout(p=0.1)\n"
        "  )\n"
        "  (2): Softmax(dim=1)\n"
        ")"
    )
    assert repr(nn.Module()) == "Module()"


def test_repr_shows_extra_lines():
    class Verbose(nn.Module):
        def extra_repr(self):
            return "a=1\nb=2"

    assert repr(Verbose()) == "Verbose(\n  a=1\n  b=2\n)"


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_has_values_of_its_own_and_shares_what_was_shared(copied):
    model = Tied()
    model.eval()
    twin = copied(model)
    assert twin.first is twin.second
    assert twin.weight is twin.first.weight
    assert isinstance(twin.weight, nn.Parameter)
    assert twin.weight is not model.weight
    assert twin.weight.tolist() == model.weight.tolist()
    assert twin.weight.requires_grad
    assert not twin.first.training
    with mg.no_grad():
        twin.weight.zero_()
    assert model.weight.tolist() != twin.weight.tolist()
    assert names(twin.named_parameters()) == names(model.named_parameters())


def test_a_shallow_copy_owns_its_names():
    model = Scaled()
    twin = copy.copy(model)
    twin.scale = nn.Parameter([5.0, 5.0])
    assert model.scale is dict(model.named_parameters())["scale"]
    assert twin.inner is model.inner


def test_a_node_knows_its_module_and_the_line_of_the_user():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Tanh()))
    output = model(mg.ones(1, 2))
    tanh = output.grad_fn
    linear = tanh.next_functions[0]
    assert (tanh.module, linear.module) == ("1.0", "0")
    for node in (tanh, linear):
        assert re.search(r"test_modules\.py:\d+", repr(node))
        assert node.code.co_name == "test_a_node_knows_its_module_and_the_line_of_the_user"
    loss = nn.MSELoss()(output, mg.zeros(1, 3))
    assert loss.grad_fn.code.co_name == "test_a_node_knows_its_module_and_the_line_of_the_user"


def test_a_node_inside_of_the_users_own_module_knows_the_line_there():
    model = nn.Sequential(Scaled(), nn.ReLU())
    scaled = model(mg.ones(1, 2)).grad_fn.next_functions[0]
    assert scaled.module == "0"
    assert scaled.code is Scaled.forward.__code__
    linear = scaled.next_functions[0]
    assert linear.module == "0.inner"
    assert linear.code is Scaled.forward.__code__


def test_a_path_goes_through_lists_and_dicts_that_are_not_called():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            inner = nn.ModuleDict({"a": nn.ModuleList([nn.Tanh()])})
            self.blocks = nn.ModuleList([nn.Sequential(nn.Tanh()), inner])
            self.blocks.append(nn.ModuleList())
            self.blocks[2].append(nn.Tanh())

        def forward(self, x):
            return self.blocks[2][0](self.blocks[1]["a"][0](self.blocks[0](x)))

    node = Net()(mg.ones(1, requires_grad=True)).grad_fn
    found = []
    while isinstance(node, Node):
        found.append(node.module)
        node = node.next_functions[0]
    assert found == ["blocks.2.0", "blocks.1.a.0", "blocks.0.0"]


def test_a_module_keeps_the_name_it_got_first():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    nn.ModuleDict({"features": net[1]})
    assert net(mg.ones(1, 2)).grad_fn.module == "1"


def test_what_is_at_a_path_is_found_and_what_is_near_is_named():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    assert model.get_submodule("1") is model[1]
    assert model.get_submodule("") is model
    assert model.get_parameter("0.weight") is model[0].weight
    assert model.get_buffer("1.running_var") is model[1].running_var
    with pytest.raises(AttributeError, match=r"get_parameter: there is nothing at '0.wieght'.*\n.*\n.*'0.weight'"):
        model.get_parameter("0.wieght")
