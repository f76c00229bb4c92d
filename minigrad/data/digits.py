"""The handwritten digits that come with minigrad."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from minigrad.data.arguments import floating_dtype
from minigrad.ops import from_numpy
from minigrad.tensors import Tensor

FILE = Path(__file__).with_name("digits.npz")
#: A stored element counts the dark pixels of a block of 4 x 4.
BLOCK = 16


class Digits(NamedTuple):
    """Images of handwritten digits.

    Attributes:
        data: (1797, 64) floats from 0 (paper) to 1 (ink), an image a row.
        target: (1797,) int64, the digit that each image shows.
        images: (1797, 8, 8), a view of ``data``.
    """

    data: Tensor
    target: Tensor
    images: Tensor


def load_digits(*, dtype: Any = None) -> Digits:
    """Return the 8 × 8 images of handwritten digits that come with minigrad.

    Args:
        dtype: float32 or float64; default: the default floating dtype.

    Returns:
        ``data`` (1797, 64) in [0, 1], ``target`` (1797,) int64, and ``images`` (1797, 8, 8), a view of ``data``; new
        memory at each call. The numbers are exact in float32: the stored ones, 0 to 16, divided by 16.

    Raises:
        TypeError: if the dtype is not a floating one.

    Examples:
        >>> data, target, images = load_digits()
        >>> data.shape, target[:4].tolist()
        ((1797, 64), [0, 1, 2, 3])
        >>> (images[0, 2] * 16).tolist()
        [0.0, 3.0, 15.0, 2.0, 0.0, 11.0, 8.0, 0.0]

    Source:
        E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998;
        the test set, as scikit-learn distributes it. The licences are in ``digits.txt``.
    """
    wanted = floating_dtype("load_digits", dtype)
    with np.load(FILE, allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"]
    data = from_numpy(images.reshape(len(images), -1).astype(wanted) / wanted.type(BLOCK))
    return Digits(data, from_numpy(labels.astype(np.int64)), data.view(images.shape))
