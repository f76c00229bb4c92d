"""Every operation of the sample table under ``vmap``: as a loop would, or refused by name."""

import zlib

import numpy as np
import pytest

import minigrad as mg
from minigrad.func import vmap
from tests.func.numerics import ROUNDING
from tests.samples import SAMPLES, outputs_of, weights

SIZE = 3
WITH_OPERANDS = [sample for sample in SAMPLES if sample.operands()]
ACTIVATIONS_IN_PLACE = "celu elu hardswish hardtanh leaky_relu mish relu6 rrelu selu silu threshold"
# What says why an operation is refused, and which are: each of these, and no other, by some sample.
REFUSED = {
    "under vmap one run of the function": {"equal", "allclose", "quantile"},
    "the shape of its result depends": {
        "argwhere", "bincount", "masked_select", "nonzero", "repeat_interleave", "unique", "x[index]",
    },
    "draws random numbers": {
        "bernoulli", "normal", "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.rrelu",
        "nn.functional.scaled_dot_product_attention",
    },
    "with arrays that are no tensors": {"nn.functional.cross_entropy", "nn.functional.embedding_bag"},
    "in-place operation": {
        "x[index] = value", "nn.functional.batch_norm", "nn.functional.instance_norm",
        *("nn.functional." + name for name in ACTIVATIONS_IN_PLACE.split()),
        *(sample.op for sample in WITH_OPERANDS if sample.op.startswith(".") and sample.op.endswith("_")),
    },
}  # fmt: skip


def which(sample):
    """Return which operands are mapped: all, the first alone, the others alone."""
    count = len(sample.operands())
    return [(True,) * count] + (
        [(True,) + (False,) * (count - 1), (False,) + (True,) * (count - 1)] if count > 1 else []
    )


def arrays_of(sample):
    """Return the operands of each example."""
    seed = zlib.crc32(sample.id.encode())
    examples = []
    for example in range(SIZE):
        examples.append([operand.make([seed, index, example]) for index, operand in enumerate(sample.operands())])
    return examples


def leaves_of(sample, examples, mapped):
    """Return the operands of all examples as leaves, a batch of those that are mapped."""
    leaves = []
    for index, operand in enumerate(sample.operands()):
        array = np.stack([example[index] for example in examples]) if mapped[index] else examples[0][index]
        leaves.append(mg.tensor(array, requires_grad=sample.grad and operand.grad))
    return leaves


def floats_of(outputs):
    return [each for each in outputs if mg.is_tensor(each) and each.requires_grad]


def gradients(leaves, outputs, size=None):
    """Return the gradients of the leaves that want one, each example's output weighted alike."""
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    found = floats_of(outputs)
    seeds = []
    for output in found:
        shape = output.shape if size is None else output.shape[1:]
        seed = weights(int(np.prod(shape))).reshape(shape).astype(output.dtype)
        seeds.append(mg.tensor(seed if size is None else np.stack([seed] * size)))
    return [each.numpy() for each in mg.autograd.grad(found, wanted, seeds, materialize_grads=True)] if found else []


def refused_for(error):
    """Return the operations that may be refused for the reason that an error gives."""
    for reason, names in REFUSED.items():
        if reason in str(error):
            return names
    return set()


@pytest.mark.parametrize("sample", WITH_OPERANDS, ids=lambda sample: sample.id)
@pytest.mark.filterwarnings("ignore:.*broadcast")
def test_a_batch_is_what_a_loop_makes_of_it(sample):
    examples = arrays_of(sample)
    for mapped in which(sample):
        leaves = leaves_of(sample, examples, mapped)

        def one(*values):
            return sample.call(mg, values)

        try:
            outputs = outputs_of(vmap(one, in_dims=tuple([0 if each else None for each in mapped]))(*leaves))
        except (TypeError, RuntimeError) as error:
            if sample.op not in refused_for(error):
                raise
            continue
        rows = []
        for number in range(SIZE):
            rows.append([leaf[number] if each else leaf for leaf, each in zip(leaves, mapped, strict=True)])
        loop = [outputs_of(one(*row)) for row in rows]
        for place, output in enumerate(outputs):
            expected = np.stack([each[place].detach().numpy() for each in loop])
            assert output.dtype == expected.dtype
            np.testing.assert_allclose(output.detach().numpy(), expected, **ROUNDING)
        found = gradients(leaves, outputs, SIZE)
        flat = [each for row in loop for each in row]
        for grad, expected in zip(found, gradients(leaves, flat), strict=True):
            np.testing.assert_allclose(grad, expected, **ROUNDING)


def test_each_operation_that_is_listed_is_refused_for_some_operands():
    listed = set().union(*REFUSED.values())
    refused = set()
    for sample in WITH_OPERANDS:
        if sample.op in listed - refused:
            leaves = leaves_of(sample, arrays_of(sample), which(sample)[0])
            try:
                vmap(lambda *values, sample=sample: sample.call(mg, values))(*leaves)
            except (TypeError, RuntimeError):
                refused.add(sample.op)
    assert listed == refused
