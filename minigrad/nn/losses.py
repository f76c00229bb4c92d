"""The losses as modules: what they are told once, and what they compare."""

from __future__ import annotations

from typing import Any

from minigrad.nn import functional
from minigrad.nn.modules import Module
from minigrad.ops.class_labels import require_label, require_share
from minigrad.ops.creation import as_tensor
from minigrad.ops.loss_operands import require_reduction
from minigrad.ops.operands import Operand, Tensor
from minigrad.tensors import is_tensor


class Loss(Module):
    """What all losses keep.

    Args:
        reduction: ``mean``, ``sum``, or ``none``.

    Raises:
        ValueError: if ``reduction`` is another.
    """

    def __init__(self, reduction: str = "mean") -> None:
        """Keep the reduction."""
        super().__init__()
        require_reduction(type(self).__name__, reduction)
        self.reduction = reduction

    def keep_weight(self, name: str, weight: Any) -> None:
        """Keep a weight as a buffer, so that it is converted and saved with the module."""
        if weight is not None and not is_tensor(weight):
            weight = as_tensor(weight)
        self.register_buffer(name, weight)

    def extra_repr(self) -> str:
        """Return the reduction where it is not the default."""
        return "" if self.reduction == "mean" else f"reduction={self.reduction!r}"


class MSELoss(Loss):
    """The mean (or sum) of squared differences; see ``functional.mse_loss``.

    Args:
        reduction: ``mean``, ``sum``, or ``none``.

    Examples:
        >>> import minigrad as mg
        >>> MSELoss()(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
        Tensor(() float32 | 2)
    """

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target of one shape."""
        return functional.mse_loss(input, target, self.reduction)


class L1Loss(Loss):
    """The mean (or sum) of absolute differences; see ``functional.l1_loss``.

    Args:
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target of one shape."""
        return functional.l1_loss(input, target, self.reduction)


class CrossEntropyLoss(Loss):
    """``-log(softmax(input))`` at the target classes; see ``functional.cross_entropy``.

    Args:
        weight: (C,), a factor of each class.
        ignore_index: a label that does not count.
        reduction: ``mean``, ``sum``, or ``none``.
        label_smoothing: the share of the target that is spread evenly over the classes, from 0 to 1.

    Raises:
        ValueError: if ``label_smoothing`` is not in [0, 1], or ``reduction`` is another.
        TypeError: if ``label_smoothing`` is no number, or ``ignore_index`` no integer.
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Operand | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        """Keep the settings."""
        super().__init__(reduction)
        require_label("CrossEntropyLoss", ignore_index)
        require_share("CrossEntropyLoss", label_smoothing)
        self.keep_weight("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of logits (N, C, ...) and classes (N, ...) or probabilities (N, C, ...)."""
        return functional.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(Loss):
    """``-input`` at the target classes, for log-probabilities; see ``functional.nll_loss``.

    Args:
        weight: (C,), a factor of each class.
        ignore_index: a label that does not count.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    weight: Tensor | None

    def __init__(self, weight: Operand | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        require_label("NLLLoss", ignore_index)
        self.keep_weight("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of log-probabilities (N, C, ...) and classes (N, ...)."""
        return functional.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(Loss):
    """The binary cross-entropy of probabilities; see ``functional.binary_cross_entropy``.

    Args:
        weight: a factor of each element's loss, of a shape that broadcasts to the input's.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    weight: Tensor | None

    def __init__(self, weight: Operand | None = None, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.keep_weight("weight", weight)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of probabilities and targets of one shape."""
        return functional.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """The binary cross-entropy of logits; see ``functional.binary_cross_entropy_with_logits``.

    Args:
        weight: a factor of each element's loss, of a shape that broadcasts to the input's.
        reduction: ``mean``, ``sum``, or ``none``.
        pos_weight: a factor of the loss of what is positive, of a shape that broadcasts to the input's.
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Operand | None = None,
        *,
        reduction: str = "mean",
        pos_weight: Operand | None = None,
    ) -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.keep_weight("weight", weight)
        self.keep_weight("pos_weight", pos_weight)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of logits and targets of one shape."""
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
