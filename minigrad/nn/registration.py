"""What a module owns, under which names: parameters, buffers and other modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.nn import modules
