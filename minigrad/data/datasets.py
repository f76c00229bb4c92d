"""What a data set is: something with a length, and a sample at each index."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops import as_tensor
from minigrad.tensors import Tensor

SEVERAL_TENSORS = "Several tensors make one data set: TensorDataset(data, target)."


class Dataset(Protocol):
    """Anything with a length and samples by index; a list is one, and a class of one's own may inherit this one."""

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of samples."""

    @abstractmethod
    def __getitem__(self, index: int, /) -> Any:
        """Return the sample at an index; raise IndexError where there is none."""


class TensorDataset:
    """Tensors of equal length; sample i is the tuple of their i-th rows.

    Args:
        tensors: each of shape (N, ...); arrays are taken too, and their memory is shared.

    Raises:
        TypeError: if one is neither a Tensor nor an array.
        ValueError: if there is none, one is 0-d, or the lengths differ.

    Examples:
        >>> import minigrad as mg
        >>> dataset = TensorDataset(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([0, 1]))
        >>> len(dataset)
        2
        >>> dataset[1]
        (Tensor((2,) float32 | 3 4), Tensor(() int64 | 1))
    """

    def __init__(self, *tensors: Tensor | np.ndarray) -> None:
        """Check that the tensors have one length."""
        if not tensors:
            raise ValueError(
                message(
                    "TensorDataset",
                    "at least one tensor is needed, got none.",
                    "Pass the tensors one after the other: TensorDataset(data, target).",
                )
            )
        for each in tensors:
            if not isinstance(each, (Tensor, np.ndarray)):
                raise TypeError(
                    message(
                        "TensorDataset",
                        f"tensors are needed, got {describe(each)}.",
                        "Make a tensor of it with minigrad.tensor(...).",
                    )
                )
            if each.ndim == 0:
                raise ValueError(
                    message(
                        "TensorDataset",
                        f"a 0-d tensor has no rows: {describe(each)}.",
                        "Make one row of it: x.reshape(1).",
                    )
                )
        lengths = [len(each) for each in tensors]
        if len(set(lengths)) > 1:
            shapes = "; ".join([describe(each) for each in tensors])
            raise ValueError(
                message(
                    "TensorDataset",
                    f"the tensors must have one length, got the lengths {lengths}: {shapes}.",
                    "The first axis counts the samples: move it there, or cut the longer ones, x[:n].",
                )
            )
        self.tensors: tuple[Tensor, ...] = tuple([as_tensor(each) for each in tensors])

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        """Return the rows of each tensor at an integer, or at any other index that tensors take."""
        return tuple([each[index] for each in self.tensors])

    def __repr__(self) -> str:
        """Return the shapes and dtypes of the tensors."""
        return f"TensorDataset({'; '.join([describe(each) for each in self.tensors])})"


class Subset:
    """The samples of a data set at some indices, in their order.

    Args:
        dataset: where the samples come from.
        indices: integers from 0 to ``len(dataset) - 1``, a sequence or a 1-d tensor.

    Raises:
        TypeError: if the indices are no integers.
        IndexError: if one is out of range.

    Examples:
        >>> evens = Subset("abcdef", [0, 2, 4])
        >>> len(evens), evens[1]
        (3, 'c')
    """

    def __init__(self, dataset: Dataset, indices: Sequence[int] | Tensor | np.ndarray) -> None:
        """Check the indices."""
        check_dataset("Subset", dataset)
        self.dataset = dataset
        self.indices = checked_indices(indices, len(dataset))

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        """Return the sample at an index."""
        if not isinstance(index, (int, np.integer)):
            raise TypeError(
                message(
                    "Subset",
                    f"the index of a sample is an integer, got {describe(index)}.",
                    "For several samples write Subset(subset, [0, 1, 2]).",
                )
            )
        if not -len(self) <= index < len(self):
            raise IndexError(
                message(
                    "Subset",
                    f"index {index} is out of range for {len(self)} samples.",
                    "Indices count from 0: the last is subset[len(subset) - 1].",
                )
            )
        return self.dataset[int(self.indices[index])]

    def __repr__(self) -> str:
        """Return the number of samples and the data set."""
        return f"Subset({len(self)} of {short_repr(self.dataset)})"


def short_repr(dataset: Any) -> str:
    """Return one line for a data set: that of a list would show every sample."""
    if isinstance(dataset, (TensorDataset, Subset)):
        return repr(dataset)
    return f"{type(dataset).__name__} of {len(dataset)}"


def check_dataset(who: str, dataset: Any) -> None:
    """Raise TypeError unless a data set has a length and samples by index."""
    # A mapping has both, but its samples are not at 0, 1, 2.
    if isinstance(dataset, Mapping) or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise TypeError(
            message(who, f"a data set needs __len__ and __getitem__, got {describe(dataset)}.", SEVERAL_TENSORS)
        )


def checked_indices(indices: Any, length: int) -> np.ndarray:
    """Return indices as a 1-d int64 array.

    Raises:
        TypeError: if they are no integers, or not 1-d; IndexError: if one is not from 0 to ``length - 1``.
    """
    array = as_tensor(indices).detach().numpy()
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError(
            message(
                "Subset",
                f"the indices are integers in one axis, got {describe(indices)}.",
                "A mask gives them by [k for k, kept in enumerate(mask) if kept]; x.reshape(-1) leaves one axis.",
            )
        )
    array = array.astype(np.int64)
    outside = array[(array < 0) | (array >= length)]
    if outside.size:
        raise IndexError(
            message(
                "Subset",
                f"index {outside[0]} is out of range for {length} samples.",
                "Indices count from 0, in the data set that is given, up to len(dataset) - 1.",
            )
        )
    return array


def rows_by_array(dataset: Any, indices: np.ndarray) -> tuple[Tensor, ...] | None:
    """Return the samples at some indices as one tensor each, or None where the data set must be asked one by one.

    A Subset passes its indices on; a class that changes ``__getitem__`` is asked one by one.
    """
    kind = type(dataset)
    if isinstance(dataset, Subset) and kind.__getitem__ is Subset.__getitem__:
        return rows_by_array(dataset.dataset, dataset.indices[indices])
    if isinstance(dataset, TensorDataset) and kind.__getitem__ is TensorDataset.__getitem__:
        return dataset[indices]
    return None
