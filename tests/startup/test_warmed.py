"""After the warm-up nothing compiles in ordinary use: every operation, training with every optimizer, two threads."""

import os

import numba
import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad_kernels import get_num_threads, set_num_threads
from minigrad_kernels.compiling import watch
from minigrad_kernels.warming import warm_up
from tests.samples import SAMPLES, outputs_of

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0") or numba.config.DISABLE_JIT
pytestmark = pytest.mark.skipif(AS_PYTHON, reason="plain Python is not compiled")
DTYPES = [np.float32, np.float64]


@pytest.fixture(scope="module", autouse=True)
def warm():
    """All kernels are compiled, whatever earlier tests did."""
    for _ in warm_up():
        pass


@pytest.fixture
def compiled():
    """The kernels that the test compiles."""
    before = len(watch.compiled)
    return lambda: watch.compiled[before:]


@pytest.fixture
def two_threads():
    """Two threads may share work."""
    before = get_num_threads()
    set_num_threads(2)
    yield
    set_num_threads(before)


def tensors_of(sample, dtype):
    """A leaf for each operand of a sample, floats as the dtype."""
    made = []
    for operand, array in zip(sample.operands(), sample.arrays(), strict=True):
        with np.errstate(over="ignore"):
            # The largest of float64 are infinite in float32: only which kernels run counts here.
            array = array.astype(dtype) if array.dtype.kind == "f" else array
        made.append(mg.from_numpy(array).requires_grad_(sample.grad and operand.grad))
    return made


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_operation_and_no_gradient_compiles_anything(dtype, compiled):
    for sample in SAMPLES:
        for output in outputs_of(sample.call(mg, tensors_of(sample, dtype))):
            if mg.is_tensor(output) and output.requires_grad:
                output.sum().backward(retain_graph=True)
        assert compiled() == [], sample.id


OPTIMIZERS = [
    (optim.SGD, {}),
    (optim.SGD, {"weight_decay": 0.1, "maximize": True}),
    (optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (optim.Adam, {}),
    (optim.Adam, {"amsgrad": True}),
    (optim.AdamW, {"weight_decay": 1}),
    (optim.RMSprop, {}),
    (optim.RMSprop, {"momentum": 0.9}),
    (optim.RMSprop, {"centered": True}),
    (optim.RMSprop, {"centered": True, "momentum": 0.9}),
    (optim.Adagrad, {"lr_decay": 1}),
    (optim.Adadelta, {}),
    (optim.Adamax, {}),
    (optim.NAdam, {}),
    (optim.RAdam, {"decoupled_weight_decay": True}),
    (optim.Rprop, {}),
    (optim.ASGD, {}),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_no_training_compiles_anything(kind, options, dtype, compiled, two_threads):
    mg.manual_seed(0)
    # The first layer is large enough for two threads to share its products.
    layers = [nn.Linear(200, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 3, bias=False)]
    model = nn.Sequential(*layers).to(dtype)
    scale = mg.ones((), dtype=dtype, requires_grad=True)
    optimizer = kind([*model.parameters(), scale], lr=0.01, **options)
    images, digits = mg.randn(700, 200, dtype=dtype), mg.randint(0, 3, (700,))
    for _ in range(2):
        optimizer.zero_grad()
        logits = model(images) * scale
        (nn.functional.cross_entropy(logits, digits) + nn.functional.mse_loss(logits, logits.detach())).backward()
        optimizer.step()
    assert model[0].weight.dtype == dtype
    assert compiled() == []
