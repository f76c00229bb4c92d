"""Batches of a data set, in order or shuffled anew for each epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.data.arguments import check_generator, whole_number
from minigrad.data.collation import default_collate
from minigrad.data.datasets import SEVERAL_TENSORS, Dataset, check_dataset, rows_by_array, short_repr
from minigrad.errors import describe, message
from minigrad.ops import Generator, randperm


class DataLoader:
    """The batches of a data set; each iteration over it is one epoch.

    Args:
        dataset: has a length and samples by index, such as a ``TensorDataset`` or a list.
        batch_size: the number of samples in a batch, at least 1; the last batch may be smaller.
        shuffle: whether each epoch draws another order.
        drop_last: whether a smaller last batch is left out.
        collate_fn: makes a batch of a list of samples. Default: ``default_collate``, and the samples of a
            ``TensorDataset`` are taken by one index into each tensor, which gives the same batches.
        generator: where the orders are drawn from. Default: the generator that ``manual_seed`` seeds. To resume a run
            exactly, keep ``generator.get_state()`` between two epochs.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if ``batch_size`` is less than 1.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.data import TensorDataset
        >>> loader = DataLoader(TensorDataset(mg.arange(5)), batch_size=2)
        >>> [batch.tolist() for (batch,) in loader]
        [[0, 1], [2, 3], [4]]
        >>> len(loader)
        3
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        generator: Generator | None = None,
    ) -> None:
        """Check the arguments."""
        check_dataset("DataLoader", dataset)
        size = whole_number("DataLoader", "batch_size", batch_size, 1, SEVERAL_TENSORS)
        if collate_fn is not None and not callable(collate_fn):
            raise TypeError(
                message(
                    "DataLoader",
                    f"collate_fn must be a function, got {describe(collate_fn)}.",
                    "Pass the function itself, not what it returns; leave it out to stack the samples.",
                )
            )
        check_generator("DataLoader", generator)
        self.dataset = dataset
        self.batch_size = size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self.generator = generator

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole if self.drop_last or rest == 0 else whole + 1

    def __iter__(self) -> Iterator[Any]:
        """Start an epoch: its order is drawn now, and is its own, so that several may run at once."""
        if self.shuffle:
            order = randperm(len(self.dataset), generator=self.generator).numpy()
        else:
            order = np.arange(len(self.dataset))
        return self._batches(order, len(self))

    def _batches(self, order: np.ndarray, number: int) -> Iterator[Any]:
        for start in range(0, number * self.batch_size, self.batch_size):
            yield self._batch(order[start : start + self.batch_size])

    def _batch(self, indices: np.ndarray) -> Any:
        if self.collate_fn is None:
            rows = rows_by_array(self.dataset, indices)
            if rows is not None:
                return rows
        samples = []
        for index in indices.tolist():
            samples.append(self.dataset[index])
        if self.collate_fn is None:
            return default_collate(samples)
        return self.collate_fn(samples)

    def __repr__(self) -> str:
        """Return the data set, and how it is cut into batches."""
        options = f"batch_size={self.batch_size}, shuffle={self.shuffle}, drop_last={self.drop_last}"
        return f"DataLoader({short_repr(self.dataset)}, {options})"
