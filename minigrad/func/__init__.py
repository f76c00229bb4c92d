"""Derivatives of plain functions, and functions over a batch: PyTorch's ``torch.func``."""

from minigrad.func.checkpoints import checkpoint
from minigrad.func.derivatives import grad, grad_and_value, value_and_grad
from minigrad.func.functional_modules import functional_call
from minigrad.func.jacobians import hessian, jacobian, jacrev
from minigrad.func.vector_products import hvp, jvp, vjp
from minigrad.func.vectorised import vmap

__all__ = [
    "checkpoint",
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "hvp",
    "jacobian",
    "jacrev",
    "jvp",
    "value_and_grad",
    "vjp",
    "vmap",
]
