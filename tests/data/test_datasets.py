import numpy as np
import pytest

import minigrad as mg
from minigrad.data import Dataset, Subset, TensorDataset


@pytest.fixture
def pairs():
    return TensorDataset(mg.arange(12.0).reshape(4, 3), mg.tensor([10, 11, 12, 13]))


def test_a_sample_is_the_tuple_of_the_rows(pairs):
    data, target = pairs[2]
    assert len(pairs) == 4
    assert data.tolist() == [6.0, 7.0, 8.0]
    assert target.item() == 12


def test_a_tensor_dataset_can_be_iterated_over_and_ends(pairs):
    assert [target.item() for _, target in pairs] == [10, 11, 12, 13]


def test_a_tensor_dataset_takes_slices_and_index_arrays(pairs):
    assert pairs[1:3][1].tolist() == [11, 12]
    assert pairs[mg.tensor([3, 0])][1].tolist() == [13, 10]


def test_a_tensor_dataset_shares_the_memory_of_its_tensors_and_arrays():
    array = np.zeros(3)
    tensor = mg.zeros(3)
    dataset = TensorDataset(array, tensor)
    assert dataset.tensors[1] is tensor
    array[1] = 7
    assert dataset[1][0].item() == 7


def test_the_repr_of_a_tensor_dataset_names_shapes_and_dtypes(pairs):
    assert repr(pairs) == "TensorDataset((4, 3) float32; (4,) int64)"


def test_tensors_of_different_lengths_are_refused_with_all_lengths():
    with pytest.raises(ValueError, match=r"TensorDataset: .*one length.*\[3, 4, 3\].*\(3, 2\) float32; \(4,\).*\(3,\)"):
        TensorDataset(mg.zeros(3, 2), mg.zeros(4), mg.zeros(3))


def test_a_tensor_dataset_of_nothing_is_refused():
    with pytest.raises(ValueError, match="TensorDataset: at least one tensor is needed"):
        TensorDataset()


def test_a_tensor_dataset_of_a_0_d_tensor_is_refused():
    with pytest.raises(ValueError, match=r"TensorDataset: a 0-d tensor has no rows: \(\) float32"):
        TensorDataset(mg.tensor(1.0))


def test_a_tensor_dataset_of_lists_is_refused_with_the_remedy():
    with pytest.raises(TypeError, match=r"TensorDataset: tensors are needed, got list \[1, 2\](?s:.*)minigrad\.tensor"):
        TensorDataset([1, 2])


def test_a_sample_out_of_range_is_an_index_error(pairs):
    with pytest.raises(IndexError, match="4"):
        pairs[4]


@pytest.mark.parametrize("indices", [[2, 0], (2, 0), np.array([2, 0], np.uint8), range(2, -1, -2), "tensor"])
def test_a_subset_holds_the_samples_at_the_indices(pairs, indices):
    subset = Subset(pairs, mg.tensor([2, 0]) if isinstance(indices, str) else indices)
    assert len(subset) == 2
    assert [target.item() for _, target in subset] == [12, 10]
    assert subset[-1][1].item() == 10


def test_a_subset_of_a_subset_counts_in_the_inner_one():
    inner = Subset("abcdef", [5, 4, 3])
    assert list(Subset(inner, [2, 0])) == ["d", "f"]


def test_a_subset_may_be_empty(pairs):
    assert list(Subset(pairs, [])) == []


def test_a_later_change_of_the_indices_does_not_reach_the_subset():
    indices = np.array([0, 1])
    subset = Subset("ab", indices)
    indices[0] = 1
    assert list(subset) == ["a", "b"]


@pytest.mark.parametrize("index", [-1, 4])
def test_a_subset_refuses_indices_that_the_data_set_does_not_have(pairs, index):
    with pytest.raises(IndexError, match=f"Subset: index {index} is out of range for 4 samples"):
        Subset(pairs, [0, index])


@pytest.mark.parametrize("indices", [[0.0, 1.0], [[0, 1]], [True, False]])
def test_a_subset_refuses_indices_that_are_no_integers_in_one_axis(pairs, indices):
    with pytest.raises(TypeError, match="Subset: the indices are integers in one axis, got list"):
        Subset(pairs, indices)


def test_a_subset_refuses_a_sample_that_it_does_not_have(pairs):
    with pytest.raises(IndexError, match="Subset: index 2 is out of range for 2 samples"):
        Subset(pairs, [0, 1])[2]


def test_a_subset_refuses_a_slice(pairs):
    with pytest.raises(TypeError, match="Subset: the index of a sample is an integer, got slice"):
        Subset(pairs, [0, 1])[0:1]


def test_a_subset_of_what_is_no_data_set_is_refused():
    with pytest.raises(TypeError, match="Subset: a data set needs __len__ and __getitem__, got int 3"):
        Subset(3, [0])


def test_a_class_that_inherits_dataset_must_say_its_length_and_its_samples():
    class Forgetful(Dataset):
        def __len__(self):
            return 3

    with pytest.raises(TypeError, match="__getitem__"):
        Forgetful()


def test_the_repr_of_a_subset_is_one_line_whatever_the_data_set(pairs):
    assert repr(Subset(pairs, [0, 1])) == "Subset(2 of TensorDataset((4, 3) float32; (4,) int64))"
    assert repr(Subset(["line\n"] * 1000, [0])) == "Subset(1 of list of 1000)"
