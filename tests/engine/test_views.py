"""Views share memory, and therefore the record of who wrote to it."""

import numpy as np
import pytest

import minigrad as mg


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


# All of these show the memory of x (2, 3).
VIEWS = {
    "row": lambda x: x[0],
    "element": lambda x: x[0, 0],
    "slice": lambda x: x[:, ::2],
    "everything": lambda x: x[...],
    "new axis": lambda x: x[None],
    "reshape": lambda x: x.reshape(3, 2),
    "view": lambda x: x.view(6),
    "flatten": lambda x: x.flatten(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "transpose": lambda x: x.transpose(0, 1),
    "permute": lambda x: x.permute(1, 0),
    "squeeze": lambda x: x[:1].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(1),
    "expand": lambda x: x.expand(2, 2, 3),
    "diagonal": lambda x: x.diagonal(),
    "split": lambda x: x.split(1)[0],
    "chunk": lambda x: x.chunk(2)[0],
    "unbind": lambda x: x.unbind()[0],
    "iteration": lambda x: next(iter(x)),
    "view of a view": lambda x: x.T[0].unsqueeze(0)[:, :1],
    "detach": lambda x: x.detach(),
    "view of a twin": lambda x: x.detach()[0],
    "contiguous": lambda x: x.contiguous(),
    "np.transpose": lambda x: np.transpose(x),
}

COPIES = {
    "array index": lambda x: x[[0]],
    "mask": lambda x: x[x > -1.0],
    "clone": lambda x: x.clone(),
    "reshape of a transpose": lambda x: x.T.reshape(6),
    "contiguous transpose": lambda x: x.T.contiguous(),
    "other dtype": lambda x: x.float(),
    "sum over no axis": lambda x: x.sum_to_size(2, 3),
    "cat of one": lambda x: mg.cat([x]),
    "clamp": lambda x: x.clamp(min=-10.0),
    "tensor": lambda x: mg.tensor(x),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_to_the_base_makes_what_was_saved_of_a_view_stale(name):
    base = mg.zeros(2, 3, dtype=mg.float64)
    view = VIEWS[name](base)
    assert np.shares_memory(view.data, base.data)
    loss = (leaf(np.ones(view.shape)) * view).sum()
    base.fill_(7.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("name", [name for name in VIEWS if name not in ("expand", "diagonal")])
def test_a_write_to_a_view_makes_what_was_saved_of_the_base_stale(name):
    base = mg.zeros(2, 3, dtype=mg.float64)
    view = VIEWS[name](base)
    loss = (leaf(np.ones(base.shape)) * base).sum()
    view.fill_(7.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_not_concerned_by_writes_to_its_source(name):
    base = mg.zeros(2, 3, dtype=mg.float64)
    copy = COPIES[name](base)
    assert not np.shares_memory(copy.data, base.data)
    weight = leaf(np.ones(copy.shape))
    loss = (weight * copy).sum()
    base.fill_(7.0)
    loss.backward()
    assert weight.grad.tolist() == np.zeros(copy.shape).tolist()


def memory_of_bytes():
    return np.frombuffer(bytearray(32), np.float64)


def mapped_memory(tmp_path):
    return np.memmap(tmp_path / "numbers", np.float64, "w+", shape=4)


def exported_memory():
    return np.from_dlpack(np.zeros(4))


class Labelled(np.ndarray):
    """An array class of the user's."""


@pytest.mark.parametrize("kind", ["bytes", "memmap", "dlpack", "subclass", "part", "array"])
def test_views_of_foreign_memory_are_views_too(kind, tmp_path):
    arrays = {
        "bytes": memory_of_bytes,
        "memmap": lambda: mapped_memory(tmp_path),
        "dlpack": exported_memory,
        "subclass": lambda: np.zeros(4).view(Labelled),
        "part": lambda: np.zeros(8)[2:6],
        "array": lambda: np.zeros(4),
    }
    base = mg.from_numpy(arrays[kind]())
    view = base[1:3]
    w = leaf([1.0, 1.0])
    loss = (w * view).sum()
    base.fill_(7.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


RECORDED = {
    "add_": lambda h: h.add_(1.0),
    "an element": lambda h: h.__setitem__(1, 3.0),
    "copy_": lambda h: h.copy_(leaf([1.0, 2.0])),
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_view_older_than_a_recorded_write_to_its_base_cannot_be_used(name):
    w = leaf([1.0, 2.0])
    h = 2 * w
    view = h[0:1]
    RECORDED[name](h)
    uses = {
        "in an operation": lambda: view * 2,
        "on the right": lambda: 2 + view,
        "in a sequence": lambda: mg.cat([h, view]),
        "in place": lambda: view.add_(1.0),
        "as the root": lambda: view.backward(),
        "as an output": lambda: mg.autograd.grad(view, w),
        "through a view of it": lambda: view[0],
    }
    for use, call in uses.items():
        with pytest.raises(RuntimeError, match=r"is a view whose base has been changed in place") as caught:
            call()
        assert "Take the view again" in str(caught.value), use
    # Taken again, it knows.
    assert h[0:1].grad_fn.next_functions[0] is h.grad_fn


def test_the_message_about_an_outdated_view_names_the_line_of_the_write():
    w = leaf([1.0, 2.0])
    h = 2 * w
    view = h[0]
    h += 1
    with pytest.raises(RuntimeError, match=r"\(test_views\.py:\d+: h \+= 1\)"):
        view * 2


def test_a_view_is_outdated_also_where_the_base_became_part_of_the_graph_by_the_write():
    x = mg.zeros(2, dtype=mg.float64)
    view = x[0]
    x[1] = leaf(3.0)
    with pytest.raises(RuntimeError, match="is a view whose base has been changed in place"):
        view * 2


def test_a_view_stays_valid_after_a_write_that_is_not_recorded():
    w = leaf([1.0, 2.0])
    view = w[0]
    with mg.no_grad():
        w += 1.0
    assert view.item() == 2.0
    (view * 3.0).backward()
    assert w.grad.tolist() == [3.0, 0.0]


def test_a_view_of_data_follows_unrecorded_writes_to_its_base():
    x = mg.zeros(2, 3)
    row = x[0]
    x += 1.0
    row *= 5.0
    assert x.tolist() == [[5.0, 5.0, 5.0], [1.0, 1.0, 1.0]]


IN_PLACE_ON_A_VIEW = {
    "add_": lambda h: h[0].add_(1.0),
    "operator": lambda h: h.T.__imul__(2.0),
    "index": lambda h: h[0:1].__setitem__(0, 1.0),
    "zero_": lambda h: h.reshape(2, 1).zero_(),
}


@pytest.mark.parametrize("name", IN_PLACE_ON_A_VIEW)
def test_a_recorded_write_to_a_view_is_refused_and_the_other_form_named(name):
    w = leaf([1.0, 2.0])
    h = w * 2.0
    with pytest.raises(RuntimeError, match="is a view") as caught:
        IN_PLACE_ON_A_VIEW[name](h)
    assert "h[0] = h[0] + 1" in str(caught.value)
    assert h.tolist() == [2.0, 4.0]
    h.sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_an_augmented_index_assignment_is_such_a_case():
    w = leaf([1.0, 2.0])
    h = w * 2.0
    with pytest.raises(RuntimeError, match="is a view"):
        h[0] += 1
    assert h.tolist() == [2.0, 4.0]


def test_writing_a_value_that_requires_grad_to_a_view_of_data_is_refused():
    x = mg.zeros(2, dtype=mg.float64)
    with pytest.raises(RuntimeError, match="is a view"):
        x[0:1].add_(leaf([1.0]))
    assert x.tolist() == [0.0, 0.0]


def test_a_view_may_be_written_to_under_no_grad_and_on_what_detach_returns():
    w = leaf([1.0, 2.0])
    h = w * 2.0
    with mg.no_grad():
        h[0] += 1
    h.detach()[1] += 1
    assert h.tolist() == [3.0, 5.0]
    assert not h.is_leaf


@pytest.mark.parametrize(
    "write",
    [lambda e: e.add_(1.0), lambda e: e.__setitem__(0, 1.0), lambda e: e[0].zero_(), lambda e: e.reshape(3, 2).zero_()],
    ids=["add_", "index", "view", "reshape"],
)
@pytest.mark.parametrize("graph", [False, True], ids=["constant", "non-leaf"])
def test_expanded_memory_refuses_writes(write, graph):
    x = mg.ones(3, 1, dtype=mg.float64, requires_grad=graph)
    expanded = x.expand(3, 2)
    with (
        mg.no_grad(),
        pytest.raises(RuntimeError, match="is read-only, or shared by several of its elements") as caught,
    ):
        write(expanded)
    assert "clone()" in str(caught.value)
    assert x.tolist() == [[1.0]] * 3


def test_read_only_arrays_refuse_writes():
    array = np.ones(3)
    array.flags.writeable = False
    x = mg.from_numpy(array)
    with pytest.raises(RuntimeError, match="read-only"):
        x += 1
    assert array.tolist() == [1.0, 1.0, 1.0]


def test_a_diagonal_can_be_written_through():
    x = mg.zeros(2, 2)
    x.diagonal().fill_(3.0)
    assert x.tolist() == [[3.0, 0.0], [0.0, 3.0]]
