"""Shapes and places beyond the table of samples: views, copies, gradients of repeated places, special values."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F

NAN = float("nan")

# Views ---------------------------------------------------------------------------------------------------------------

VIEWS = {
    "select": lambda x: [x.select(1, 2)],
    "narrow": lambda x: [x.narrow(0, 1, 2)],
    "unfold": lambda x: [x.unfold(1, 2, 2)],
    "overlapping windows": lambda x: [x.unfold(1, 2, 1)],
    "windows of a transpose": lambda x: [x.T.unfold(0, 2, 2)],
    "expand of a transpose": lambda x: [x.T.unsqueeze(0).expand(2, 4, 3)],
    "diagonal": lambda x: [x.diagonal(1)],
    "tensor_split": lambda x: x.tensor_split(3),
    "overlapping parts": lambda x: x.tensor_split((2, 1)),
    "hsplit": lambda x: x.hsplit(2),
    "unbind": lambda x: x.unbind(1),
    "atleast_3d": lambda x: [mg.atleast_3d(x)],
    "broadcast_tensors": lambda x: mg.broadcast_tensors(x, mg.zeros(2, 1, 1))[:1],
    "meshgrid": lambda x: mg.meshgrid(x[0], x[1])[:1],
    "unsqueeze": lambda x: [x.unsqueeze(1)],
    "squeeze": lambda x: [x.narrow(0, 0, 1).squeeze(0)],
    "movedim": lambda x: [x.movedim(0, 1)],
}


@pytest.mark.parametrize("take", VIEWS.values(), ids=VIEWS)
def test_a_view_shares_memory_and_its_stamp(take):
    x = mg.arange(12).reshape(3, 4).clone()
    for view in take(x):
        assert np.shares_memory(view.data, x.data) or view.numel() == 0
    w = mg.ones(3, 4, requires_grad=True)
    base = w * 1
    views = take(base)
    loss = (views[0] * views[0]).sum()
    base.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()
    with pytest.raises(RuntimeError, match="is a view whose base has been changed"):
        views[0] * 2


COPIES = {
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(0),
    "rot90": lambda x: x.rot90(4),
    "diag": lambda x: x.diag(),
    "index_select": lambda x: x.index_select(0, mg.arange(3)),
    "repeat": lambda x: x.repeat(1, 1),
    "tril": lambda x: x.tril(9),
    "pad": lambda x: F.pad(x, (0, 0)),
    "pad of another mode": lambda x: F.pad(x, (0, 0), mode="reflect"),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0),
    "scatter": lambda x: x.scatter(0, mg.zeros(0, 0, dtype=mg.int64), 1),
}


@pytest.mark.parametrize("take", COPIES.values(), ids=COPIES)
def test_a_copy_shares_nothing(take):
    x = mg.arange(12).reshape(3, 4).clone()
    assert not np.shares_memory(take(x).data, x.data)


def test_windows_that_overlap_are_not_written_to():
    x = mg.zeros(5)
    with pytest.raises(RuntimeError, match="shared by several of its elements"):
        x.unfold(0, 2, 1).add_(1)
    x.unfold(0, 2, 2).add_(1)
    assert x.tolist() == [1, 1, 1, 1, 0]


def test_windows_of_read_only_and_of_strange_memory():
    memory = np.arange(24.0).reshape(2, 3, 4)
    memory.flags.writeable = False
    for array in (memory, memory[:, ::2], memory.transpose(2, 0, 1), memory[::-1]):
        x = mg.from_numpy(array)
        expected = np.lib.stride_tricks.sliding_window_view(array, 2, 1)
        np.testing.assert_array_equal(x.unfold(1, 2, 1).data, expected)
        np.testing.assert_array_equal(x.unsqueeze(0).expand(3, *x.shape).data, np.stack([array] * 3))
    empty = mg.zeros(0, 3)
    assert empty.unfold(1, 2, 1).shape == (0, 2, 2)
    assert empty.expand(2, 0, 3).shape == (2, 0, 3)


# Places that are named several times ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_the_gradient_of_repeated_places_is_their_sum(dtype):
    index = mg.tensor([2, 0, 2, 2])
    counts = [1.0, 0.0, 3.0]
    for read in (
        lambda x: x[index],
        lambda x: x[index - 3],
        lambda x: x.index_select(0, index),
        lambda x: x.take(index),
        lambda x: x.gather(0, index),
        lambda x: x.take_along_dim(index, 0),
        lambda x: x.unsqueeze(1)[index, mg.tensor([0, -1, 0, 0])],
        lambda x: x.expand(2, 3)[:, index][0],
        lambda x: x.repeat_interleave(mg.tensor([1, 0, 3])),
    ):
        x = mg.ones(3, dtype=dtype, requires_grad=True)
        read(x).sum().backward()
        assert x.grad.dtype == dtype
        assert x.grad.tolist() == counts


def test_of_several_values_for_a_place_the_last_stays_and_has_the_gradient():
    index = mg.tensor([1, 1, 0])
    for write in (
        lambda x, v: x.scatter(0, index, v),
        lambda x, v: x.index_copy(0, index, v),
        lambda x, v: x.index_put((index,), v),
    ):
        x, v = mg.zeros(3, requires_grad=True), mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
        out = write(x, v)
        assert out.tolist() == [3, 2, 0]
        out.sum().backward()
        assert x.grad.tolist() == [0, 0, 1]
        assert v.grad.tolist() == [0, 1, 1]


def test_an_extreme_that_meets_equals_shares_its_gradient():
    x = mg.tensor([1.0, 5.0], requires_grad=True)
    src = mg.tensor([1.0, 1.0, 7.0], requires_grad=True)
    x.scatter_reduce(0, mg.tensor([0, 0, 1]), src, "amax").sum().backward()
    assert x.grad.tolist() == pytest.approx([1 / 3, 0])
    assert src.grad.tolist() == pytest.approx([1 / 3, 1 / 3, 1])
    x.grad = src.grad = None
    # x's own number does not take part where others come, also if it is as large.
    x.scatter_reduce(0, mg.tensor([0, 0, 0]), src[:2].repeat(2)[:3], "amax", include_self=False).sum().backward()
    assert x.grad.tolist() == [0, 1]


def test_scatter_takes_as_much_of_src_as_the_index_is_long():
    src = mg.ones(3, 4, requires_grad=True)
    mg.zeros(2, 5).scatter_add(1, mg.tensor([[0, 0]]), src).sum().backward()
    assert src.grad.tolist() == [[1, 1, 0, 0], [0] * 4, [0] * 4]


def test_writes_at_places_in_place():
    x = mg.zeros(3)
    index = mg.tensor([2, 0, 2])
    assert x.index_add_(0, index, mg.ones(3), alpha=2) is x
    assert x.tolist() == [2, 0, 4]
    x.scatter_add_(0, index, mg.ones(3)).index_fill_(0, mg.tensor([1]), 9)
    assert x.tolist() == [3, 9, 6]
    x.index_put_((index,), mg.ones(3), accumulate=True).masked_fill_(x > 8, -1)
    assert x.tolist() == [4, -1, 8]
    x.scatter_(0, index, 2.0, reduce="multiply").scatter_reduce_(0, index, mg.zeros(3), "amin")
    assert x.tolist() == [0, -1, 0]
    one_hot = mg.zeros(2, 3).scatter_(1, mg.tensor([[2], [0]]), 1)
    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0]]


# Special values -------------------------------------------------------------------------------------------------------


def test_what_a_triangle_or_a_mask_leaves_out_leaves_no_nan():
    x = mg.tensor([[1.0, NAN], [float("inf"), 2.0]], requires_grad=True)
    assert x.tril(-1).triu().tolist() == [[0, 0], [0, 0]]
    x.masked_fill(x.isnan() | x.isinf(), 0).sum().backward()
    assert x.grad.tolist() == [[1, 0], [0, 1]]


def test_a_hole_in_an_image_stays_where_it_is():
    image = mg.ones(1, 1, 4, 4)
    image[0, 0, 0, 0] = NAN
    for mode in ("nearest", "bilinear", "area"):
        wide = F.interpolate(image, 8, mode=mode)
        assert not mg.isnan(wide[:, :, 4:, 4:]).any()
        assert mg.isnan(wide[0, 0, 0, 0])


def test_of_nan_every_one_is_a_value_of_its_own():
    values, inverse, counts = mg.unique(mg.tensor([NAN, 1.0, NAN]), return_inverse=True, return_counts=True)
    assert np.isnan(values.data[1:]).all()
    assert sorted(inverse.tolist()) == [0, 1, 2]
    assert counts.tolist() == [1, 1, 1]
    assert mg.isin(mg.tensor([NAN]), mg.tensor([NAN])).tolist() == [False]


def test_integers_keep_their_dtype():
    x = mg.tensor([[1, 2], [3, 4]], dtype=mg.int16)
    index = mg.tensor([[0, 0]])
    for result in (
        x.tril(),
        x.diag_embed(),
        x.masked_fill(x > 1, 2.9),
        x.index_add(0, index[0], x),
        x.scatter_add(0, index, x),
        x.scatter_reduce(0, index, x, "mean"),
        mg.constant_pad_nd(x, (1, 0), 2.9),
        mg.block_diag(x, x),
        x.unique(),
    ):
        assert result.dtype == mg.int16
    assert x.scatter_reduce(0, index, mg.tensor([[-9, 0]], dtype=mg.int16), "mean").tolist() == [[-4, 1], [3, 4]]


# Places without a gradient --------------------------------------------------------------------------------------------


def test_places_are_found_of_what_requires_grad_and_values_are_not():
    x = mg.tensor([3.0, 0.0, 1.0], requires_grad=True)
    assert x.nonzero().tolist() == [[0], [2]]
    assert [each.tolist() for each in x.nonzero(as_tuple=True)] == [[0, 2]]
    assert x.argwhere().dtype == mg.int64
    assert mg.bucketize(x, mg.tensor([1.0, 2.0])).tolist() == [2, 0, 0]
    assert mg.searchsorted(mg.tensor([1.0, 2.0]), x).tolist() == [2, 0, 0]
    assert mg.isin(x, 3.0).tolist() == [True, False, False]
    with pytest.raises(RuntimeError, match="unique: the operation has no derivative"):
        x.unique()


# Numbers, names and types ---------------------------------------------------------------------------------------------


def test_numbers_in_equal_proportions():
    assert mg.logspace(0, 3, 4).tolist() == [1, 10, 100, 1000]
    assert mg.logspace(0, 3, 4, -2, dtype=mg.int64).tolist() == [1, -2, 4, -8]
    assert mg.logspace(0, 3, 3, base=0).tolist() == [1, 0, 0]
    assert mg.logspace(1, 2, 1).tolist() == [10]
    assert mg.logspace(0, 1, 0, requires_grad=True).requires_grad


@pytest.mark.parametrize("row", [0, 1, 3])
@pytest.mark.parametrize("col", [0, 2, 4])
@pytest.mark.parametrize("offset", [-9, -1, 0, 2])
def test_the_indices_of_a_triangle_select_it(row, col, offset):
    x = mg.arange(1, row * col + 1).reshape(row, col)
    low, high = mg.tril_indices(row, col, offset), mg.triu_indices(row, col, offset, dtype=mg.int32)
    assert low.dtype == mg.int64
    assert high.dtype == mg.int32
    assert x[tuple(low)].tolist() == [each for each in x.tril(offset).flatten().tolist() if each]
    assert x[tuple(high)].tolist() == [each for each in x.triu(offset).flatten().tolist() if each]


def test_the_number_of_elements_is_a_number():
    assert mg.numel(mg.zeros(2, 3)) == mg.zeros(2, 3).numel() == 6
    assert mg.numel(np.zeros(())) == 1


def test_a_type_has_pytorchs_name():
    x = mg.zeros(2)
    assert x.type() == "minigrad.FloatTensor"
    assert x.type(mg.int8).type() == "minigrad.CharTensor"
    assert x.type("torch.DoubleTensor").dtype == mg.float64
    assert x.type(mg.float32) is x


def test_none_and_several_of_what_takes_any_number():
    assert mg.block_diag().shape == (1, 0)
    assert mg.broadcast_tensors() == ()
    one, other = mg.atleast_2d([mg.zeros(()), mg.zeros(3)])
    assert (one.shape, other.shape) == ((1, 1), (1, 3))
    assert [each.shape for each in mg.meshgrid([mg.zeros(2), mg.zeros(3)], indexing="xy")] == [(3, 2), (3, 2)]


def test_a_whole_batch_is_padded_and_resized_as_one_example_is():
    x = mg.randn(3, 2, 4, 4)
    for one in (
        lambda image: F.pad(image, (1, 1, 1, 1), mode="reflect"),
        lambda image: F.interpolate(image.unsqueeze(0), 6, mode="bilinear").squeeze(0),
        lambda image: image.flip(-1).roll(1, (-1,)).rot90(1, (1, 2)),
    ):
        expected = mg.stack([one(image) for image in x])
        np.testing.assert_array_equal(mg.func.vmap(one)(x).data, expected.data)
