"""minigrad: a small, readable, fast automatic differentiation framework.

>>> import minigrad as mg
>>> x = mg.tensor([1.0, 2.0], requires_grad=True)
>>> (x**2).sum().backward()
>>> x.grad
Tensor((2,) float32 | 2 4)
"""

import importlib as _importlib
import os as _os
import typing as _typing
import warnings

from minigrad import tensors  # isort: skip - the first import: the others meet half-made modules only in this order
from minigrad import autograd, data, linalg, nn, optim, special, testing
from minigrad.display import set_printoptions
from minigrad.dtypes import (
    bool_,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    result_type,
    set_default_dtype,
    uint8,
)
from minigrad.modes import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from minigrad.number_limits import finfo, iinfo
from minigrad.ops import *  # ops/__init__.py lists them
from minigrad.tensors import Tensor, is_tensor

if _typing.TYPE_CHECKING:
    from minigrad import debug, func

__version__ = "0.1.0"

float = float32
double = float64
int = int32
long = int64
bool = bool_

# log(0) is -inf and 0/0 is NaN, silently, as in PyTorch. NumPy would warn and name a line of minigrad, not the user's;
# debug.anomaly() names the right one.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minigrad(_kernels)?\.")

if "MINIGRAD_STEP" in _os.environ:
    from minigrad.debug.openings import open_from_environment as _open_from_environment

    _open_from_environment()


def __getattr__(name: str) -> _typing.Any:
    """Import ``func`` and ``debug`` when they are first asked for: 13 and 25 ms that most programs have no use for."""
    if name in ("func", "debug"):
        return _importlib.import_module("minigrad." + name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
