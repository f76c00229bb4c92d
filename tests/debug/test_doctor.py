"""The doctor: its figures are those of linear algebra, it changes nothing, and it says what it cannot use."""

import json
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, func, nn, optim
from minigrad.debug import layer_figures
from minigrad.debug.curvature import largest_eigenvalue
from minigrad.debug.subjects import Subject
from minigrad.debug.trials import losses_ahead
from minigrad.nn import functional as F
from tests.debug.trainings import DEFICIENT, FAST, FLAT, VANISHING, Training, drawn, network


def small(seed=0, dtype=mg.float64):
    """Return a model of 25 numbers in float64, a batch, and the loss."""
    mg.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(dtype)
    return model, (mg.randn(20, 3, dtype=dtype), mg.randn(20, 1, dtype=dtype)), F.mse_loss


def hessian(model, batch, loss_fn):
    """Return the Hessian by all parameters as a matrix."""
    names = [name for name, _ in model.named_parameters()]
    shapes = [parameter.shape for parameter in model.parameters()]
    flat = mg.cat([parameter.detach().reshape(-1) for parameter in model.parameters()])

    def loss(vector):
        parts = mg.split(vector, [math.prod(shape) for shape in shapes])
        named = {name: part.reshape(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return loss_fn(func.functional_call(model, named, batch[0]), batch[1])

    return func.hessian(loss)(flat).data


# Figures ------------------------------------------------------------------------------------------------------------


def test_lambda_max_is_the_largest_eigenvalue_of_the_hessian():
    for seed in range(5):
        model, batch, loss_fn = small(seed)
        largest = np.linalg.eigvalsh(hessian(model, batch, loss_fn))[-1]
        # The residual is at most 1% and bounds the error; a Lanczos value is never above the eigenvalue.
        measured = debug.doctor(model, batch, loss_fn).figures["lambda_max"]
        assert 0.99 * largest <= measured <= largest * (1 + 1e-9)


def test_a_lanczos_value_never_exceeds_the_eigenvalue_and_finds_one_that_the_start_does_not_see():
    matrix = np.diag([5.0, -9.0, 1.0, 0.5])
    value, products = largest_eigenvalue(matrix.__matmul__, np.array([0.0, 0.0, 0.0, 1.0]))
    assert value == pytest.approx(5.0, rel=1e-9)
    assert products <= 4


@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": 0.9}, {"momentum": 0.5, "dampening": 0.5}, {"momentum": 0.9, "nesterov": True}],
    ids=str,
)
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_sgd_diverges_just_above_the_limit_and_not_just_below(options, weight_decay):
    mg.manual_seed(1)
    x = mg.randn(30, 3, dtype=mg.float64)
    batch = x, x @ mg.ones(3, 1, dtype=mg.float64) + 1
    losses = {}
    for factor in (0.98, 1.02):
        model = nn.Linear(3, 1, dtype=mg.float64)
        optimizer = optim.SGD(model.parameters(), lr=1e-3, weight_decay=weight_decay, **options)
        limit = debug.doctor(model, batch, F.mse_loss, optimizer).figures["lr_limit"]
        # Of four unknowns the Lanczos value is exact: the loss is quadratic, so it settles or grows without bound.
        optimizer = optim.SGD(model.parameters(), lr=factor * limit, weight_decay=weight_decay, **options)
        report = debug.doctor(model, batch, F.mse_loss, optimizer)
        assert report.names == ([FAST] if factor > 1 else [])
        losses[factor] = losses_ahead(Subject(model, batch, F.mse_loss), optimizer, 1500)
    assert losses[0.98][-1] < losses[0.98][0]
    assert not losses[1.02][-1] < 1e6 * losses[1.02][0]


def test_adam_is_judged_by_the_hessian_in_its_own_scales():
    model, batch, loss_fn = small()
    optimizer = optim.Adam(model.parameters(), lr=0.01, betas=(0.8, 0.95))
    for _ in range(5):
        optimizer.zero_grad()
        loss_fn(model(batch[0]), batch[1]).backward()
        optimizer.step()
    second = [optimizer.state[each]["exp_avg_sq"].data.reshape(-1) for each in model.parameters()]
    size = np.sqrt(np.concatenate(second) / (1 - 0.95**5)) + 1e-8
    scaled = hessian(model, batch, loss_fn) / np.sqrt(np.outer(size, size))
    limit = (2 + 2 * 0.8) / (1 - 0.8) / np.linalg.eigvalsh(scaled)[-1]
    measured = debug.doctor(model, batch, loss_fn, optimizer).figures["lr_limit"]
    # The residual's 1% again; the measured eigenvalue is the smaller.
    assert limit * (1 - 1e-9) <= measured <= limit / 0.99


def test_the_figures_of_a_layer_are_those_of_numpy():
    model, (x, y), loss_fn = small()
    report = debug.doctor(model, (x, y), loss_fn)
    loss_fn(model(x), y).backward()
    hidden = np.tanh(x.data @ model[0].weight.data.T + model[0].bias.data)
    for row, layer, features in zip(report.layers, (model[0], model[2]), (x.data, hidden), strict=True):
        values = np.linalg.svd(layer.weight.data, compute_uv=False)
        assert row["weight_rank"] == len(values)
        assert row["sigma_max"] == pytest.approx(values[0], rel=1e-12)
        assert row["sigma_min"] == pytest.approx(values[-1], rel=1e-10)
        assert row["feature_rank"] == np.linalg.matrix_rank(features)
        assert row["feature_condition"] == pytest.approx(np.linalg.cond(features), rel=1e-10)
        assert row["grad_norm"] == pytest.approx(layer.weight.grad.norm().item(), rel=1e-12)
    assert report.figures["zero_loss"] == pytest.approx((y * y).mean().item(), rel=1e-12)


def test_the_shares_of_flat_slopes_are_counted():
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    with mg.no_grad():
        model[0].weight.copy_(mg.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
        model[0].bias.copy_(mg.tensor([0.0, 5.0, -5.0, -5.0]))
    x = mg.tensor([[1.0, 0.0], [-1.0, 0.0], [2.0, 1.0], [-3.0, 1.0]])
    (row,) = debug.doctor(model, (x, mg.randn(4, 1)), F.mse_loss).activations
    assert (row["units"], row["off"], row["on"], row["flat_share"]) == (4, 2, 1, (2 + 4 + 4) / 16)


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid"])
def test_a_fused_activation_is_seen_as_one_of_its_own(name):
    class Fused(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 1)

        def forward(self, x):
            h = F.linear(x, self.first.weight, self.first.bias, activation=name)
            return self.last(h)

    class Apart(Fused):
        def forward(self, x):
            return self.last(getattr(mg, name)(self.first(x)))

    batch = mg.randn(20, 3), mg.randn(20, 1)
    fused, apart = Fused(), Apart()
    apart.load_state_dict(fused.state_dict())
    one, other = debug.doctor(fused, batch, F.mse_loss), debug.doctor(apart, batch, F.mse_loss)
    assert len(one.activations) == 1
    for key in ("units", "off", "on", "flat_share"):
        assert one.activations[0][key] == other.activations[0][key]


def test_weights_multiplied_by_hand_are_layers_too():
    class ByHand(nn.Module):
        def __init__(self):
            super().__init__()
            self.W = nn.Parameter(mg.randn(3, 4).data)
            self.V = nn.Parameter(mg.randn(1, 4).data)

        def forward(self, x):
            return mg.tanh(x @ self.W) @ self.V.T

    report = debug.doctor(ByHand(), (mg.randn(20, 3), mg.randn(20, 1)), F.mse_loss)
    assert [row["layer"] for row in report.layers] == ["W", "V"]
    assert [row["weight"] for row in report.layers] == [(3, 4), (1, 4)]


# What is a fault and what is not --------------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_names_the_operation_where_it_began():
    class Logarithm(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def forward(self, x):
            return mg.log(self.layer(x) * 0 - 1)

    (finding,) = debug.doctor(Logarithm(), (mg.ones(3, 2), mg.ones(3, 1)), F.mse_loss).findings
    assert finding.name == "exploding loss"
    assert finding.figures["first"].startswith("log (test_doctor.py:")


def test_data_that_is_not_finite_is_said_to_be_so():
    model, (x, y), loss_fn = small()
    x[2, 1] = math.nan
    (finding,) = debug.doctor(model, (x, y), loss_fn).findings
    assert finding.figures["first"] == "the inputs"
    assert "Clean the data" in finding.remedy


def test_a_gradient_that_is_not_finite_under_a_finite_loss_is_named():
    model, batch, loss_fn = small()
    (finding,) = debug.doctor(model, batch, lambda output, target: mg.sqrt(output * 0).mean()).findings
    assert finding.name == "exploding gradient"
    assert finding.figures["parameters"] == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_an_exploded_training_is_named():
    training = drawn(0, 16, "tanh")
    training.optimizer.param_groups[0]["lr"] = 1e4
    training.run(30)
    assert "exploding loss" in debug.doctor(*training).names


def test_outputs_that_are_large_and_right_are_no_explosion():
    mg.manual_seed(0)
    x = mg.randn(64, 3)
    y = 1000 * (x @ mg.tensor([[1.0], [2.0], [-1.0]]))
    model = nn.Linear(3, 1)
    with mg.no_grad():
        model.weight.copy_(mg.tensor([[1001.0, 1999.0, -1000.0]]))
    assert debug.doctor(model, (x, y), F.mse_loss).healthy


def test_training_that_has_settled_where_lambda_max_is_two_over_lr_is_healthy():
    mg.manual_seed(3)
    training = drawn(2, 32, "relu")
    training.optimizer.param_groups[0]["lr"] = 0.1
    training.run(1000)
    report = debug.doctor(*training)
    assert report.figures["lr_limit"] < 0.11  # it is at the edge of stability
    assert report.healthy


def test_pixels_that_are_always_black_or_nearly_are_no_deficiency():
    digits = mg.data.load_digits()
    for size in (64, 128):
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
        batch = digits.data[:size] / 16, digits.target[:size]
        assert np.linalg.matrix_rank(batch[0].data) < 60
        assert debug.doctor(model, batch, F.cross_entropy).healthy


def test_outputs_that_biases_and_sigmoids_make_of_small_inputs_are_no_explosion():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(16, 12), nn.Sigmoid(), nn.Linear(12, 12), nn.Sigmoid(), nn.Linear(12, 10))
    batch = mg.randn(64, 16) / 30, mg.randint(10, (64,))
    assert debug.doctor(model, batch, F.cross_entropy).healthy


def test_saturated_units_of_a_model_that_explains_its_loss_are_no_fault():
    x, y = mg.data.spirals(120, seed=1)
    mg.manual_seed(0)
    model = network(2, 48, 3, "tanh")
    training = Training(model, (x, y), F.cross_entropy, optim.Adam(model.parameters(), lr=0.02))
    training.run(400)
    report = debug.doctor(*training)
    assert max([row["flat_share"] for row in report.activations]) > 0.5
    assert "saturated units" not in report.names


def test_a_normalisation_takes_a_direction_by_right():
    class Normalised(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(16, 16), nn.Linear(16, 1)

        def forward(self, x):
            return self.last(F.layer_norm(mg.tanh(self.first(x)), (16,)))

    mg.manual_seed(0)
    report = debug.doctor(Normalised(), (mg.randn(100, 16), mg.randn(100, 1)), F.mse_loss)
    assert report.layers[1]["feature_rank"] == 15
    assert report.healthy


def test_data_and_weight_of_one_layer_are_told_apart_and_what_follows_from_them_is_not_told():
    training = drawn(0, 8, "tanh", [DEFICIENT])
    with mg.no_grad():
        training.model[0].weight.fill_(0.3)
    findings = debug.doctor(*training).findings
    assert [(each.name, each.place) for each in findings] == [(DEFICIENT, "0"), (DEFICIENT, "0")]
    assert [each.figures["rank"] for each in findings] == [6, 1]


def test_weights_too_large_to_decompose_are_noted(monkeypatch):
    monkeypatch.setattr(layer_figures, "LARGEST", 20)
    model, batch, loss_fn = small()
    report = debug.doctor(model, batch, loss_fn)
    assert report.notes == ["singular values: the weight of 0 is too large, or not finite"]
    assert [row["weight_rank"] for row in report.layers] == [None, 1]
    assert report.healthy


def test_a_deep_network_without_skips_vanishes_and_with_them_does_not():
    class Block(nn.Module):
        def __init__(self, skip):
            super().__init__()
            self.linear, self.skip = nn.Linear(8, 8), skip

        def forward(self, x):
            h = mg.tanh(self.linear(x))
            return x + h if self.skip else h

    batch = mg.randn(32, 8), mg.randn(32, 8)
    mg.manual_seed(0)
    plain = debug.doctor(nn.Sequential(*[Block(False) for _ in range(20)]), batch, F.mse_loss)
    with_skips = debug.doctor(nn.Sequential(*[Block(True) for _ in range(20)]), batch, F.mse_loss)
    assert plain.names == ["vanishing gradient"]
    assert plain.findings[0].place.startswith("0.linear")
    assert plain.findings[0].figures["share"] < np.finfo(np.float32).eps
    assert VANISHING not in with_skips.names


# What it leaves alone -------------------------------------------------------------------------------------------------


class Everything(nn.Module):
    """A module with all that a run could change."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.dropout = nn.Dropout(0.5, generator=mg.Generator(3))
        self.last = nn.Linear(4, 1)
        self.register_buffer("mean", mg.zeros(4))
        self.register_buffer("count", mg.tensor(0))
        self.calls = 0
        self.latest = None

    def forward(self, x):
        self.calls += 1
        self.count = self.count + 1
        h = mg.tanh(self.first(x))
        with mg.no_grad():
            self.mean.mul_(0.9).add_(h.detach().mean(0))
        self.latest = h
        return self.last(self.dropout(h) + mg.randn(4))


def state_of(model, optimizer, batch):
    """Return everything that must be as before, as values and as identities."""
    values = [(name, each.data.tobytes(), id(each), id(each.data)) for name, each in model.named_buffers()]
    values += [(name, id(each), each.data.tobytes()) for name, each in model.named_parameters()]
    values += [None if each.grad is None else (id(each.grad), each.grad.data.tobytes()) for each in model.parameters()]
    values += [sorted(vars(module)) for module in model.modules()]
    values += [(module.training, dict(module._forward_hooks)) for module in model.modules()]
    values += [mg.ops.generators.default_generator().get_state(), model.dropout.generator.get_state()]
    values += [model.calls, model.latest, [each.data.tobytes() for each in batch]]
    for each in model.parameters():
        values.append({name: (id(x), x.data.tobytes()) for name, x in optimizer.state[each].items()})
        values.append((each._hooks is None, each.requires_grad, each._stamp[0]))
    return [*values, optimizer.has_stepped, optimizer.param_groups[0]["lr"]]


@pytest.mark.parametrize("fails", [False, True])
def test_model_optimizer_and_generators_are_as_they_were_even_after_an_error(fails):
    mg.manual_seed(0)
    model = Everything()
    batch = mg.randn(6, 3), mg.randn(6, 1)
    optimizer = optim.Adam(model.parameters(), lr=3.0)
    F.mse_loss(model(batch[0]), batch[1]).backward()
    optimizer.step()
    model.latest = None
    model.dropout.eval()
    seen = []
    model.first.weight.register_hook(seen.append)
    model.register_forward_hook(lambda module, args, output: None)

    def loss_fn(output, target):
        if fails:
            raise ValueError("no loss")
        return F.mse_loss(output, target)

    before = state_of(model, optimizer, batch)
    if fails:
        with pytest.raises(ValueError, match="no loss"):
            debug.doctor(model, batch, loss_fn, optimizer)
    else:
        debug.doctor(model, batch, loss_fn, optimizer)
    assert state_of(model, optimizer, batch) == before
    assert seen == []
    assert mg.is_grad_enabled()


def test_it_measures_under_no_grad_too():
    training = drawn(0, 8, "relu", [FLAT])
    with mg.no_grad():
        inside = debug.doctor(*training)
        assert not mg.is_grad_enabled()
    assert inside.data == debug.doctor(*training).data


# The report -----------------------------------------------------------------------------------------------------------


def test_a_report_says_all_of_it_as_text_as_html_and_as_json():
    report = debug.doctor(*drawn(3, 8, "relu", [FLAT, FAST]))
    text, page = str(report), report._repr_html_()
    assert not report.healthy
    assert len(report) == len(report.findings) >= 2
    for finding in report:
        for part in (finding.name, finding.sentence, finding.remedy):
            assert part in text
            assert part.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in page
    assert repr(report) == f"<Report {', '.join(report.names)}>"
    assert json.loads(json.dumps(report.data, allow_nan=False))["findings"][0]["name"] == report.findings[0].name
    assert "<script" not in page
    assert str(debug.doctor(*drawn(0, 8, "tanh"))).startswith("healthy: nothing is wrong\n")


def test_names_in_html_are_escaped():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.add_module("<b>", nn.Linear(2, 1))

        def forward(self, x):
            return next(self.children())(x)

    assert "<b>" not in debug.doctor(Odd(), (mg.randn(9, 2), mg.randn(9, 1)), F.mse_loss)._repr_html_()


def test_figures_that_are_not_finite_are_written_as_words():
    model, batch, loss_fn = small()
    report = debug.doctor(model, batch, lambda output, target: loss_fn(output, target) * math.inf)
    assert report.data["figures"]["loss"] == "inf"
    json.dumps(report.data, allow_nan=False)


def test_a_loss_without_a_second_derivative_is_noted_and_the_rest_measured():
    from minigrad.autograd import record

    def halved(x):
        return record(halved, halved_vjp, x.data / 2, (x,), ())

    def halved_vjp(grad_output):
        return np.asarray(grad_output) / 2  # leaves the graph

    model, batch, loss_fn = small()
    report = debug.doctor(model, batch, lambda output, target: halved(loss_fn(output, target)))
    assert report.figures["loss"] > 0
    assert len(report.layers) == 2


class Ascent(optim.Optimizer):
    """An optimizer of a user's own."""

    def __init__(self, params):
        super().__init__(params, {"lr": 0.1})

    def step(self, closure=None):
        raise AssertionError("the doctor takes no steps")


def test_an_optimizer_of_ones_own_is_noted():
    model, batch, loss_fn = small()
    report = debug.doctor(model, batch, loss_fn, Ascent(model.parameters()))
    assert report.healthy
    assert "its limit is known for SGD, Adam and AdamW" in report.notes[0]


def test_parameters_that_the_loss_does_not_reach_are_noted_and_frozen_ones_left_out():
    model, batch, loss_fn = small()
    model.add_module("spare", nn.Linear(1, 1))
    model[0].requires_grad_(False)
    report = debug.doctor(nn.Sequential(model[0], model[1], model[2]), batch, loss_fn)
    assert [row["layer"] for row in report.layers] == ["2"]

    class Spare(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.spare = nn.Linear(3, 1, dtype=mg.float64), nn.Linear(1, 1)

        def forward(self, x):
            return self.used(x)

    assert debug.doctor(Spare(), batch, loss_fn).notes == ["the loss does not reach spare.weight, spare.bias"]


MODEL, BATCH, LOSS = small()
FROZEN = nn.Linear(3, 1).requires_grad_(False)
ERRORS = {
    "no module": (lambda: debug.doctor(nn.Linear, BATCH, LOSS), TypeError, ["doctor: a Module is needed", "its class"]),
    "no function": (lambda: debug.doctor(MODEL, BATCH, 3), TypeError, ["must be a function, got int 3", "mse_loss"]),
    "no pair": (lambda: debug.doctor(MODEL, [BATCH[0]], LOSS), TypeError, ["a batch is a pair", "(inputs, target)"]),
    "no tensors": (
        lambda: debug.doctor(MODEL, ("a", BATCH[1]), LOSS),
        TypeError,
        ["inputs must be tensors", "str 'a'"],
    ),
    "an empty batch": (
        lambda: debug.doctor(MODEL, (BATCH[0][:0], BATCH[1][:0]), LOSS),
        ValueError,
        ["the batch is empty: (0, 3)", "one training step"],
    ),
    "no optimizer": (
        lambda: debug.doctor(MODEL, BATCH, LOSS, 0.1),
        TypeError,
        ["one of minigrad.optim, got float 0.1"],
    ),
    "nothing to train": (lambda: debug.doctor(FROZEN, BATCH, LOSS), ValueError, ["no parameter of Linear", "(True)"]),
    "a number for a loss": (
        lambda: debug.doctor(MODEL, BATCH, lambda output, target: 1.0),
        TypeError,
        ["must be a Tensor, got float 1.0", ".item()"],
    ),
    "several losses": (
        lambda: debug.doctor(MODEL, BATCH, lambda output, target: output - target),
        ValueError,
        ["must be one number, got (20, 1) float64", ".mean()"],
    ),
    "a loss of nothing": (
        lambda: debug.doctor(MODEL, BATCH, lambda output, target: target.sum()),
        ValueError,
        ["does not depend on any parameter of Sequential", "detach()"],
    ),
}


@pytest.mark.parametrize(("call", "kind", "parts"), ERRORS.values(), ids=ERRORS)
def test_what_it_cannot_use_raises(call, kind, parts):
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
