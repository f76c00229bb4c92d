"""lint finds the mistakes of a training loop at their lines, none where there is none, and leaves nothing behind."""

import re
import threading
import warnings

import pytest

import minigrad as mg
from minigrad import debug, nn, optim
from minigrad.debug import LintError, LintWarning, lint
from minigrad.modes import STATE
from minigrad.nn import functional as F

X, Y, FLAT_Y = mg.randn(8, 3), mg.randn(8, 1), mg.randn(8)
ZERO_GRAD, NO_BACKWARD = "forgotten zero_grad", "step without backward"
OUTSIDE, UNREACHED = "parameter not in the optimizer", "parameter not reached by the loss"
STALE, SHAPES = "stale parameter in the optimizer", "shapes (N, 1) and (N,) in a loss"


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def sgd(model):
    return optim.SGD(model.parameters(), lr=0.01)


def linted(loop, model=None, optimizer=None):
    """Return the mistakes that are found while a loop runs, each checked to be warned about at its own line."""
    model = network() if model is None else model
    optimizer = sgd(model) if optimizer is None else optimizer
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with lint(model, optimizer) as block:
            loop(model, optimizer)
    warned = [each for each in caught if each.category is LintWarning]
    assert [str(each.message) for each in warned] == [str(each) for each in block.mistakes]
    for each, mistake in zip(warned, block.mistakes, strict=True):
        assert (each.filename, each.lineno) == (mistake.where.filename, mistake.where.line)
    for each in optimizer if isinstance(optimizer, list) else [optimizer]:
        assert "step" not in vars(each)
    assert all(each._hooks is None for each in model.parameters())
    assert STATE.get().tape is None
    return block.mistakes


def step(model, optimizer, loss_fn=F.mse_loss, target=Y):
    optimizer.zero_grad()
    loss_fn(model(X), target).backward()
    optimizer.step()


# Mistakes -------------------------------------------------------------------------------------------------------------


def test_a_forgotten_zero_grad():
    def loop(model, optimizer):
        for _ in range(3):
            F.mse_loss(model(X), Y).backward()
            optimizer.step()

    (mistake,) = linted(loop)
    assert mistake.name == ZERO_GRAD
    assert mistake.parameters == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert mistake.where.source == "optimizer.step()"
    assert "0.weight, 0.bias, 2.weight and 1 more still held" in mistake.sentence
    assert "zero_grad()" in mistake.remedy


def test_a_zero_grad_forgotten_for_one_of_two_groups_of_parameters():
    def loop(model, optimizer):
        for _ in range(2):
            model[0].zero_grad()
            F.mse_loss(model(X), Y).backward()
            optimizer.step()

    (mistake,) = linted(loop)
    assert (mistake.name, mistake.parameters) == (ZERO_GRAD, ["2.weight", "2.bias"])


def test_a_zero_grad_forgotten_in_a_closure():
    def loop(model, optimizer):
        def closure():
            loss = F.mse_loss(model(X), Y)
            loss.backward()
            return loss

        for _ in range(2):
            optimizer.step(closure)

    (mistake,) = linted(loop)
    assert mistake.name == ZERO_GRAD
    assert mistake.where.source == "optimizer.step(closure)"


def test_a_zero_grad_between_backward_and_step():
    def loop(model, optimizer):
        for _ in range(2):
            F.mse_loss(model(X), Y).backward()
            optimizer.zero_grad()
            optimizer.step()

    (mistake,) = linted(loop)
    assert mistake.name == NO_BACKWARD
    assert "no parameter has a gradient" in mistake.sentence


def test_a_second_step_on_the_same_gradients():
    def loop(model, optimizer):
        step(model, optimizer)
        optimizer.step()

    (mistake,) = linted(loop)
    assert mistake.name == NO_BACKWARD
    assert "those of the step before, at test_linting.py:" in mistake.sentence


def test_a_step_on_gradients_that_were_set_to_zeros():
    def loop(model, optimizer):
        step(model, optimizer)
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()

    assert [each.name for each in linted(loop)] == [NO_BACKWARD]


def test_a_parameter_in_no_optimizer():
    model = network()
    (mistake,) = linted(step, model, sgd(model[0]))
    assert (mistake.name, mistake.parameters) == (OUTSIDE, ["2.weight", "2.bias"])
    assert mistake.where.source == "optimizer.step()"


def test_a_layer_that_is_used_and_cut_off_and_one_that_is_not_used():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut, self.last, self.unused = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(2, 2)

        def forward(self, x):
            return self.last(self.cut(x).detach())

    unused, cut = linted(step, Cut())
    assert (unused.name, unused.parameters) == (UNREACHED, ["unused.weight", "unused.bias"])
    assert "took part in no operation" in unused.sentence
    assert (cut.name, cut.parameters) == (UNREACHED, ["cut.weight", "cut.bias"])
    assert cut.where.source == "return self.last(self.cut(x).detach())"
    assert "detach()" in cut.remedy


@pytest.mark.parametrize("whole", [True, False])
def test_a_model_that_was_changed_after_the_optimizer_was_made(whole):
    model = network()
    optimizer = sgd(model)
    if whole:
        model = network()
    else:
        model[2] = nn.Linear(4, 1)
    outside, stale = linted(step, model, optimizer)
    assert outside.name == OUTSIDE
    assert outside.parameters[-2:] == ["2.weight", "2.bias"]
    assert stale.name == STALE
    assert len(stale.parameters) == (4 if whole else 2)
    assert "a tensor (1, 4)" in stale.sentence
    assert "not part of the model" in stale.sentence


@pytest.mark.parametrize(
    "loss_fn",
    [
        lambda prediction, target: ((prediction - target) ** 2).mean(),
        lambda prediction, target: (target - prediction).abs().sum(),
        lambda prediction, target: -(target * F.logsigmoid(prediction)).mean(),
        lambda prediction, target: ((prediction - target.data) * 0.5).square().mean(),
    ],
    ids=["squares", "absolute", "logistic", "array"],
)
def test_a_column_against_a_row_in_a_loss_of_ones_own(loss_fn):
    (mistake,) = linted(lambda model, optimizer: step(model, optimizer, loss_fn, FLAT_Y))
    assert mistake.name == SHAPES
    # Either may come first, with the name that it has in the source.
    assert re.search(r"\(8, 1\) float32[^,]* and \(8,\) float32|\(8,\) float32[^,]* and \(8, 1\)", mistake.sentence)
    assert "makes (8, 8)" in mistake.sentence
    assert mistake.where.source.startswith("lambda prediction, target:")


def test_a_column_against_a_row_in_a_loss_of_the_package():
    mistakes = linted(lambda model, optimizer: step(model, optimizer, F.mse_loss, FLAT_Y))
    assert [each.name for each in mistakes] == [SHAPES]


def test_a_mistake_is_told_once_however_often_it_is_made_and_others_beside_it():
    def loop(model, optimizer):
        for _ in range(5):
            ((model(X) - FLAT_Y) ** 2).mean().backward()
            optimizer.step()

    assert [each.name for each in linted(loop)] == [SHAPES, ZERO_GRAD]


# No mistakes ----------------------------------------------------------------------------------------------------------


def test_an_ordinary_loop_with_evaluation_clipping_and_a_schedule():
    def loop(model, optimizer):
        schedule = optim.lr_scheduler.StepLR(optimizer, 1)
        for _ in range(3):
            model.train()
            optimizer.zero_grad()
            F.mse_loss(model(X), Y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            schedule.step()
            model.eval()
            with mg.no_grad():
                F.mse_loss(model(X), Y).item()
        F.mse_loss(model(X), Y).item()

    assert linted(loop) == []


def test_evaluation_alone():
    def loop(model, optimizer):
        with mg.no_grad():
            F.mse_loss(model(X), Y)
        F.mse_loss(model(X), Y)

    assert linted(loop) == []


@pytest.mark.parametrize("first", [True, False])
def test_gradients_gathered_over_several_batches_on_purpose(first):
    def loop(model, optimizer):
        for _ in range(3):
            if first:
                optimizer.zero_grad()
            for _ in range(4):
                (F.mse_loss(model(X), Y) / 4).backward()
            optimizer.step()
            if not first:
                optimizer.zero_grad()

    assert linted(loop) == []


@pytest.mark.parametrize(
    "forget",
    [
        lambda model, optimizer: model.zero_grad(),
        lambda model, optimizer: model.zero_grad(set_to_none=False),
        lambda model, optimizer: optimizer.zero_grad(set_to_none=False),
        lambda model, optimizer: [setattr(each, "grad", None) for each in model.parameters()],
        lambda model, optimizer: [each.grad.zero_() for each in model.parameters() if each.grad is not None],
    ],
    ids=["model", "model zeros", "optimizer zeros", "by hand", "in place"],
)
def test_every_way_to_forget_gradients(forget):
    def loop(model, optimizer):
        for _ in range(3):
            forget(model, optimizer)
            F.mse_loss(model(X), Y).backward()
            optimizer.step()

    assert linted(loop) == []


def test_gradients_of_ones_own():
    def loop(model, optimizer):
        for _ in range(3):
            gradients = mg.autograd.grad(F.mse_loss(model(X), Y), list(model.parameters()))
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()

    assert linted(loop) == []


def test_a_closure():
    def loop(model, optimizer):
        def closure():
            optimizer.zero_grad()
            loss = F.mse_loss(model(X), Y)
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)

    assert linted(loop) == []


def test_a_step_on_gradients_from_before_the_block():
    model = network()
    F.mse_loss(model(X), Y).backward()
    assert linted(lambda model, optimizer: optimizer.step(), model) == []


def test_frozen_parameters_in_the_optimizer_or_not():
    model = network()
    model[0].requires_grad_(False)
    assert linted(step, model) == []
    assert linted(step, model, sgd(model[2])) == []


@pytest.mark.parametrize("first", [True, False])
def test_parameters_that_are_frozen_and_freed_in_turn(first):
    def loop(model, optimizer):
        for frozen in (True, False, True, False):
            model[0].requires_grad_(not frozen)
            step(model, optimizer)
        optimizer.zero_grad()

    model = network()
    model[0].requires_grad_(first)
    assert linted(loop, model) == []


class Pair(nn.Module):
    """A generator and a discriminator."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = network(), nn.Linear(1, 1)


def adversarial(detach):
    def loop(pair, optimizers):
        generator, discriminator = optimizers
        for _ in range(3):
            discriminator.zero_grad()
            fake = pair.generator(X)
            wrong = pair.discriminator(fake.detach() if detach else fake)
            F.mse_loss(pair.discriminator(Y), mg.ones(8, 1)).backward()
            F.mse_loss(wrong, mg.zeros(8, 1)).backward()
            discriminator.step()
            generator.zero_grad()
            F.mse_loss(pair.discriminator(pair.generator(X)), mg.ones(8, 1)).backward()
            generator.step()

    return loop


@pytest.mark.parametrize("detach", [True, False])
def test_two_networks_with_two_optimizers_against_each_other(detach):
    pair = Pair()
    assert linted(adversarial(detach), pair, [sgd(pair.generator), sgd(pair.discriminator)]) == []


def test_two_optimizers_of_which_the_block_is_told_one():
    pair = Pair()
    both = [sgd(pair.generator), sgd(pair.discriminator)]

    def loop(model, optimizer):
        adversarial(True)(pair, both)

    assert linted(loop, pair, both[0]) == []
    assert linted(loop, pair.generator, both[0]) == []
    assert linted(loop, pair, both[1]) == []


def test_the_same_gradients_used_by_two_optimizers():
    model = network()
    both = [sgd(model), optim.Adam(model.parameters())]

    def loop(model, optimizers):
        for _ in range(3):
            model.zero_grad()
            F.mse_loss(model(X), Y).backward()
            for optimizer in optimizers:
                optimizer.step()

    assert linted(loop, model, both) == []


def test_tied_weights_an_average_of_weights_and_an_extra_parameter_of_the_loss():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(3, 3), nn.Linear(3, 3)
            self.second.weight = self.first.weight
            self.average = nn.Parameter(mg.zeros(3, 3).data)  # written to, never learned

        def forward(self, x):
            with mg.no_grad():
                self.average.mul_(0.9).add_(self.first.weight * 0.1)
            return self.second(self.first(x)).sum(1, keepdim=True)

    model = Tied()
    factor = mg.tensor(1.0, requires_grad=True)
    learned = [*model.first.parameters(), model.second.bias, factor]
    loop = lambda model, optimizer: step(model, optimizer, lambda x, y: F.mse_loss(x * factor, y))  # noqa: E731
    assert linted(loop, model, optim.SGD(learned, lr=0.01)) == []


def test_a_group_that_is_added_within_the_block():
    model = network()
    optimizer = sgd(model[0])

    def loop(model, optimizer):
        optimizer.add_param_group({"params": list(model[2].parameters())})
        step(model, optimizer)

    assert linted(loop, model, optimizer) == []


def test_pairwise_differences_that_are_meant():
    def between(prediction, target):
        score = prediction.squeeze(1)
        ranking = F.relu(1 - (prediction - score) * 0.1).mean()  # each prediction with each
        kernel = mg.exp(-((prediction - FLAT_Y) ** 2)) @ Y  # a weight for each pair, then a product
        table = (mg.randn(8, 1) - mg.randn(8)).mean()  # of data alone
        return ranking + F.mse_loss(kernel, target) + table

    assert linted(lambda model, optimizer: step(model, optimizer, between)) == []


def test_steps_and_a_graph_of_the_gradient():
    def loop(model, optimizer):
        for _ in range(2):
            optimizer.zero_grad()
            loss = F.mse_loss(model(X), Y)
            (slope,) = mg.autograd.grad(loss, [model[0].weight], create_graph=True)
            for _ in debug.steps(loss + slope.square().sum()):
                pass
            optimizer.step()

    assert linted(loop) == []


# The block ------------------------------------------------------------------------------------------------------------


def test_strict_raises_at_the_step_before_anything_is_updated():
    model = network()
    optimizer = sgd(model)
    with pytest.raises(LintError, match="forgotten zero_grad"), lint(model, optimizer, strict=True):
        for _ in range(2):
            F.mse_loss(model(X), Y).backward()
            before = model[0].weight.tolist()
            optimizer.step()
    assert model[0].weight.tolist() == before
    assert "step" not in vars(optimizer)


def test_strict_raises_where_the_shapes_meet_and_at_the_end_for_what_is_known_there():
    model = network()
    with pytest.raises(LintError, match="makes \\(8, 8\\)"), lint(model, sgd(model), strict=True):
        ((model(X) - FLAT_Y) ** 2).mean()
        pytest.fail("the loss was computed")
    with (
        pytest.raises(LintError, match="bias get gradients"),
        lint(model, sgd(model[0]), strict=True) as block,
    ):
        step(model, block.optimizers[0])


def test_an_error_of_the_block_comes_through_with_what_was_found_before_it():
    model = network()
    optimizer = sgd(model)
    with pytest.raises(ZeroDivisionError) as caught, lint(model, optimizer):
        for _ in range(2):
            F.mse_loss(model(X), Y).backward()
            optimizer.step()
        raise ZeroDivisionError
    assert caught.value.__notes__[0].startswith("lint had found: forgotten zero_grad")
    assert STATE.get().tape is None
    assert "step" not in vars(optimizer)
    assert all(each._hooks is None for each in model.parameters())


def test_hooks_and_a_step_of_the_users_own_stay():
    model = network()
    optimizer = sgd(model)
    seen = []
    handle = model[0].weight.register_hook(lambda gradient: seen.append(gradient.shape))
    own = optimizer.step
    calls = []
    optimizer.step = lambda: calls.append(own())
    ours = optimizer.step
    with lint(model, optimizer) as block:
        step(model, optimizer)
    assert block.mistakes == []
    assert optimizer.step is ours
    step(model, optimizer)
    assert (len(calls), seen) == (2, [(4, 3), (4, 3)])
    handle.remove()


def test_gradients_are_bitwise_those_without_it():
    losses = []
    for watched in (True, False):
        mg.manual_seed(5)
        model = network()
        optimizer = optim.Adam(model.parameters(), lr=0.05)
        if watched:
            with lint(model, optimizer):
                for _ in range(5):
                    step(model, optimizer)
        else:
            for _ in range(5):
                step(model, optimizer)
        losses.append([each.data.tobytes() for each in model.parameters()])
    assert losses[0] == losses[1]


def test_blocks_can_be_nested_and_a_mode_that_is_switched_inside_stays():
    model = network()
    optimizer = sgd(model)
    with lint(model, optimizer) as outer, lint(model, optimizer) as inner:
        step(model, optimizer)
    assert outer.mistakes == inner.mistakes == []
    assert "step" not in vars(optimizer)
    try:
        with lint(model, optimizer):
            mg.set_grad_enabled(False)
        assert not mg.is_grad_enabled()
    finally:
        mg.set_grad_enabled(True)
    assert STATE.get().tape is None


def test_what_another_thread_does_is_not_looked_at():
    model, other = network(), network()
    optimizer, others = sgd(model), sgd(other)

    def elsewhere():
        for each, steps in ((other, others), (model, optimizer)):
            for _ in range(2):
                ((each(X) - FLAT_Y) ** 2).mean().backward()
                steps.step()

    with lint(model, optimizer) as block:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert block.mistakes == []


def test_nothing_is_kept_alive_by_a_block():
    import weakref

    model = network()
    with lint(model, sgd(model)):
        hidden = model(X)
        node = weakref.ref(hidden.grad_fn)
        del hidden
        assert node() is None


MODEL = network()
ENTERED = lint(MODEL, sgd(MODEL))
with ENTERED:
    pass
ERRORS = {
    "no module": (lambda: lint(network, sgd(MODEL)), TypeError, ["lint: a Module is needed", "not its class"]),
    "no optimizer": (lambda: lint(MODEL, 0.1), TypeError, ["an optimizer of minigrad.optim", "got float 0.1"]),
    "no optimizer in a list": (lambda: lint(MODEL, [sgd(MODEL), MODEL]), TypeError, ["a list of them", "Sequential"]),
    "entered twice": (ENTERED.__enter__, RuntimeError, ["entered already", "with debug.lint(...)"]),
}


@pytest.mark.parametrize(("call", "kind", "parts"), ERRORS.values(), ids=ERRORS)
def test_what_it_cannot_use_raises(call, kind, parts):
    with pytest.raises(kind) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
