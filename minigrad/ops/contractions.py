"""Sums of products over axes that operands share, as matrix products.

A plan is made from labels and lengths alone, and kept; what runs it are operations, so that every derivative is theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from minigrad.ops.arithmetic import mul
from minigrad.ops.diagonals import diagonal
from minigrad.ops.products import matmul
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import permute, reshape

#: From so many products on, sums of products side by side are faster as products of rows and columns.
LARGE = 16384


class Preparation(NamedTuple):
    """What is done to one operand alone.

    Attributes:
        diagonals: pairs of axes of which the diagonal is taken, one after the other; it becomes the last axis.
        shape: the shape without axes of length 1 that broadcast, or None.
        summed: the axes that are in no other operand and not in the result.
    """

    diagonals: tuple[tuple[int, int], ...]
    shape: tuple[int, ...] | None
    summed: tuple[int, ...]


class Step(NamedTuple):
    """One product of two operands, whose result takes the last place among those that remain.

    Attributes:
        left, right: the places of the operands among those that remain, the smaller one first.
        swapped: whether the right one is the left factor.
        x_order, y_order: the orders of their axes, or None where they are in order.
        x_shape, y_shape: their shapes as factors, or None.
        product: ``"matmul"``; ``"mul"``, elementwise; or ``"dot"``, elementwise and summed along the last axis.
        shape: of the result, or None where it has it.
    """

    left: int
    right: int
    swapped: bool
    x_order: tuple[int, ...] | None
    y_order: tuple[int, ...] | None
    x_shape: tuple[int, ...] | None
    y_shape: tuple[int, ...] | None
    product: str
    shape: tuple[int, ...] | None


class Plan(NamedTuple):
    """How a contraction is computed: each operand alone, then two by two, and the order of the result's axes."""

    preparations: tuple[Preparation, ...]
    steps: tuple[Step, ...]
    order: tuple[int, ...] | None


def contract(
    operands: Sequence[Any],
    inputs: tuple[tuple[int, ...], ...],
    output: tuple[int, ...],
    sizes: tuple[tuple[int, int], ...],
) -> Any:
    """Return the sum of the products of operands over the labels that are not in the output.

    Args:
        operands: of shapes that the labels fit.
        inputs: a label for each axis of each operand; equal ones are multiplied element by element.
        output: the labels of the result's axes.
        sizes: pairs of a label and its length; an operand's axis may have length 1 instead.
    """
    shapes = tuple([each.shape for each in operands])
    plan = plan_of(inputs, output, sizes, shapes)
    remaining = []
    for operand, preparation in zip(operands, plan.preparations):
        remaining.append(prepared(operand, preparation))
    for step in plan.steps:
        y = remaining.pop(step.right)
        x = remaining.pop(step.left)
        remaining.append(multiplied(y, x, step) if step.swapped else multiplied(x, y, step))
    result = remaining[0]
    if plan.order is not None:
        return permute(result, plan.order)
    # A tensor of its own also where nothing was to be done.
    return reshape(result, result.shape) if result is operands[0] else result


def prepared(x: Any, preparation: Preparation) -> Any:
    """Return an operand with each label once, and only those that others need."""
    for first, second in preparation.diagonals:
        x = diagonal(x, 0, first, second)
    if preparation.shape is not None:
        x = reshape(x, preparation.shape)
    return sum(x, preparation.summed) if preparation.summed else x


def multiplied(x: Any, y: Any, step: Step) -> Any:
    """Return the product of two operands."""
    if step.x_order is not None:
        x = permute(x, step.x_order)
    if step.x_shape is not None:
        x = reshape(x, step.x_shape)
    if step.y_order is not None:
        y = permute(y, step.y_order)
    if step.y_shape is not None:
        y = reshape(y, step.y_shape)
    if step.product == "matmul":
        result: Any = matmul(x, y)
    else:
        result = mul(x, y)
        result = sum(result, -1) if step.product == "dot" else result
    return result if step.shape is None else reshape(result, step.shape)


# Plans ----------------------------------------------------------------------------------------------------------------


@lru_cache(1024)
def plan_of(
    inputs: tuple[tuple[int, ...], ...],
    output: tuple[int, ...],
    sizes: tuple[tuple[int, int], ...],
    shapes: tuple[tuple[int, ...], ...],
) -> Plan:
    """Return how operands of these shapes are contracted.

    The order is greedy: of all pairs the one whose product is the smallest beside its factors comes first, of equals
    the one that takes the fewest multiplications.

    Source: Gray and Kourtis 2021, Hyper-optimized tensor network contraction (the greedy cost).
    """
    lengths = dict(sizes)
    alone = [distinct(labels, shape, lengths) for labels, shape in zip(inputs, shapes)]
    preparations, terms = [], []
    for place, (diagonals, squeezed, labels) in enumerate(alone):
        needed = set(output).union(*[each[2] for each in alone[:place] + alone[place + 1 :]])
        summed = tuple([axis for axis, label in enumerate(labels) if label not in needed])
        preparations.append(Preparation(diagonals, squeezed, summed))
        terms.append(tuple([label for label in labels if label in needed]))
    steps = []
    while len(terms) > 1:
        left, right = cheapest_pair(terms, output, lengths)
        y, x = terms.pop(right), terms.pop(left)
        needed = set(output).union(*terms)
        step, result = step_of(x, y, needed, output, lengths, (left, right))
        steps.append(step)
        terms.append(result)
    order = tuple([terms[0].index(label) for label in output])
    return Plan(tuple(preparations), tuple(steps), None if order == tuple(range(len(order))) else order)


def distinct(
    labels: tuple[int, ...], shape: tuple[int, ...], lengths: dict[int, int]
) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...] | None, tuple[int, ...]]:
    """Return the diagonals and the shape that leave one operand each label once, and the labels in their order."""
    left, sizes = list(labels), list(shape)
    diagonals = []
    for label in sorted(set(labels)):
        while left.count(label) > 1:
            first = left.index(label)
            second = left.index(label, first + 1)
            diagonals.append((first, second))
            size = sizes[first]
            for place in (second, first):
                del left[place], sizes[place]
            left.append(label)
            sizes.append(size)
    # Of length 1 where others are longer: the same for all of them.
    kept = [place for place, label in enumerate(left) if sizes[place] == lengths[label]]
    squeezed = None if len(kept) == len(left) else tuple([sizes[place] for place in kept])
    return tuple(diagonals), squeezed, tuple([left[place] for place in kept])


def cheapest_pair(
    terms: Sequence[tuple[int, ...]], output: tuple[int, ...], lengths: dict[int, int]
) -> tuple[int, int]:
    """Return the places of the two operands that are multiplied next."""
    best, found = (math.inf, math.inf), (0, 1)
    for left in range(len(terms)):
        for right in range(left + 1, len(terms)):
            needed = set(output)
            for place, labels in enumerate(terms):
                needed |= set(labels) if place not in (left, right) else set()
            union = set(terms[left]) | set(terms[right])
            grown = volume(union & needed, lengths) - volume(terms[left], lengths) - volume(terms[right], lengths)
            cost = (grown, volume(union, lengths))
            if cost < best:
                best, found = cost, (left, right)
    return found


def volume(labels: Any, lengths: dict[int, int]) -> int:
    """Return the number of elements with these labels."""
    total = 1
    for label in labels:
        total *= lengths[label]
    return total


def step_of(
    x: tuple[int, ...],
    y: tuple[int, ...],
    needed: set[int],
    output: tuple[int, ...],
    lengths: dict[int, int],
    places: tuple[int, int],
) -> tuple[Step, tuple[int, ...]]:
    """Return the product of two operands, and the labels of its result."""
    own = [label for label in output if label in needed and (label in x) != (label in y)]
    # The factor whose own label comes first in the output is the left one, so that no transpose remains.
    swapped = len(own) > 0 and own[0] in y
    if swapped:
        x, y = y, x
    batch = tuple([label for label in x if label in y and label in needed])
    inner = tuple([label for label in x if label in y and label not in needed])
    rows = tuple([label for label in x if label not in y])
    columns = tuple([label for label in y if label not in x])
    small = volume({*x, *y}, lengths) < LARGE
    if not inner or (small and batch and not rows and not columns):
        # Elementwise: the columns' axes broadcast behind the rows'.
        x_labels, y_labels = (*batch, *rows, *inner), (*batch, *columns, *inner)
        x_shape = [lengths[label] for label in (*batch, *rows)] + [1] * len(columns)
        y_shape = [lengths[label] for label in batch] + [1] * len(rows) + [lengths[label] for label in columns]
        product = "mul"
        if inner:
            product = "dot"
            x_shape.append(volume(inner, lengths))
            y_shape.append(volume(inner, lengths))
    else:
        x_labels, y_labels = (*batch, *rows, *inner), (*batch, *inner, *columns)
        product = "matmul"
        width = volume(inner, lengths)
        x_shape = [lengths[label] for label in batch]
        y_shape = list(x_shape)
        # A vector where it stands alone; in a batch a matrix of one row or column.
        x_shape += [volume(rows, lengths), width] if rows or batch else [width]
        y_shape += [width, volume(columns, lengths)] if columns or batch else [width]
    result = (*batch, *rows, *columns)
    made = [lengths[label] for label in batch]
    if product == "matmul":
        made += ([volume(rows, lengths)] if rows or batch else []) + (
            [volume(columns, lengths)] if columns or batch else []
        )
    wanted = [lengths[label] for label in result]
    step = Step(
        *places,
        swapped,
        order_of(x, x_labels),
        order_of(y, y_labels),
        shape_of(x_labels, x_shape, lengths),
        shape_of(y_labels, y_shape, lengths),
        product,
        tuple(wanted) if product == "matmul" and made != wanted else None,
    )
    return step, result


def order_of(labels: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the order of axes that brings labels into another order; None if they have it."""
    return None if labels == wanted else tuple([labels.index(label) for label in wanted])


def shape_of(labels: tuple[int, ...], shape: list[int], lengths: dict[int, int]) -> tuple[int, ...] | None:
    """Return a shape, or None if labels in this order have it."""
    return None if [lengths[label] for label in labels] == shape else tuple(shape)
