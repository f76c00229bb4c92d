import numpy as np
import pytest

import minigrad as mg
from minigrad.data import TensorDataset, load_digits, random_split, stratified_split


def indices_of(parts):
    return [list(part) for part in parts]


@pytest.mark.parametrize(
    ("lengths", "counts"),
    [
        ([7, 3], [7, 3]),
        ((10, 0), [10, 0]),
        ([0.8, 0.2], [8, 2]),
        ([0.35, 0.65], [4, 6]),
        ([1 / 3, 1 / 3, 1 / 3], [4, 3, 3]),
        ([1.0, 0], [10, 0]),
        ([np.int64(4), 6], [4, 6]),
    ],
)
def test_the_parts_have_the_lengths_or_fractions_and_hold_each_sample_once(lengths, counts):
    parts = indices_of(random_split(range(10), lengths, generator=mg.Generator(0)))
    assert [len(part) for part in parts] == counts
    assert sorted(sample for part in parts for sample in part) == list(range(10))


def test_a_random_split_is_random_and_its_generator_decides():
    first, again, other = [
        indices_of(random_split(range(30), [20, 10], generator=mg.Generator(seed))) for seed in (0, 0, 1)
    ]
    assert first == again
    assert first != other
    assert first[0] != list(range(20))


def test_without_a_generator_manual_seed_decides_the_split():
    splits = []
    for _ in range(2):
        mg.manual_seed(9)
        splits.append(indices_of(random_split(range(30), [20, 10])))
    assert splits[0] == splits[1]


def test_the_parts_hold_the_samples_of_the_data_set():
    dataset = TensorDataset(mg.arange(6.0), mg.arange(6))
    for part in random_split(dataset, [0.5, 0.5], generator=mg.Generator(0)):
        for data, target in part:
            assert data.item() == target.item()


def test_lengths_that_do_not_add_up_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match=r"random_split: the lengths \[7, 4\] add up to 11, .* has 10 samples"):
        random_split(range(10), [7, 4])


def test_fractions_that_do_not_add_up_are_refused_with_their_sum():
    with pytest.raises(ValueError, match=r"random_split: the fractions \[0.5, 0.25\] must add up to 1.* 0.75"):
        random_split(range(10), [0.5, 0.25])


@pytest.mark.parametrize("lengths", [[11, -1], [1.5, -0.5], [float("nan"), 1.0]])
def test_negative_lengths_are_refused(lengths):
    with pytest.raises(ValueError, match=r"random_split: lengths must not be negative, got \["):
        random_split(range(10), lengths)


def test_lengths_that_are_no_sequence_of_numbers_are_refused():
    with pytest.raises(TypeError, match=r"random_split: lengths must be a list or tuple, got float 0.8"):
        random_split(range(10), 0.8)
    with pytest.raises(TypeError, match="random_split: a length must be a number, got str '8'"):
        random_split(range(10), ["8", 2])


def test_a_refused_split_draws_nothing():
    generator = mg.Generator(0)
    with pytest.raises(ValueError, match="add up"):
        random_split(range(10), [1, 2], generator=generator)
    assert generator.get_state() == (0, 0)


def test_a_random_split_of_what_is_no_data_set_is_refused():
    with pytest.raises(TypeError, match="random_split: a data set needs __len__ and __getitem__, got int 10"):
        random_split(10, [5, 5])
    with pytest.raises(TypeError, match=r"random_split: generator must be a minigrad\.Generator, got int 0"):
        random_split(range(10), [5, 5], generator=0)


@pytest.mark.parametrize("seed", range(5))
def test_a_stratified_split_keeps_the_proportions_of_the_classes(seed):
    target = load_digits().target
    train_index, test_index = stratified_split(target, 0.2, seed)
    assert sorted(train_index.tolist() + test_index.tolist()) == list(range(1797))
    for digit in range(10):
        members = (target == digit).sum().item()
        assert (target[test_index] == digit).sum().item() == round(0.2 * members)


def test_a_stratified_split_is_in_random_order_and_the_seed_decides():
    target = mg.tensor([0] * 20 + [1] * 20)
    first, again, other = [stratified_split(target, 0.25, seed) for seed in (0, 0, 1)]
    for side in range(2):
        assert first[side].dtype == mg.int64
        assert first[side].tolist() == again[side].tolist()
        assert first[side].tolist() != other[side].tolist()
        assert first[side].tolist() != sorted(first[side].tolist())


def test_a_stratified_split_leaves_the_generator_of_the_process_alone():
    state = mg.manual_seed(0).get_state()
    stratified_split([0, 0, 1, 1], 0.5, seed=3)
    assert mg.ops.generators.default_generator().get_state() == state


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_both_sides_get_each_class(fraction):
    target = mg.tensor([3, 3, 8, 8, 8, 8])
    for index in stratified_split(target, fraction):
        assert set(target[index].tolist()) == {3, 8}


@pytest.mark.parametrize("target", [[True, False, True, False], (0, 1, 0, 1), np.array([0, 1, 0, 1], np.uint8)])
def test_classes_may_be_bools_lists_and_arrays(target):
    train_index, test_index = stratified_split(target, 0.5)
    assert len(train_index) == len(test_index) == 2


@pytest.mark.parametrize("fraction", [0, 1, 1.5, -0.2, float("nan")])
def test_a_fraction_outside_of_0_to_1_is_refused(fraction):
    with pytest.raises(ValueError, match=f"stratified_split: fraction must be between 0 and 1, got {fraction}"):
        stratified_split([0, 0, 1, 1], fraction)


def test_a_fraction_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="stratified_split: fraction must be a number, got str '20%'"):
        stratified_split([0, 0, 1, 1], "20%")


def test_a_class_with_a_single_sample_is_refused_by_name():
    with pytest.raises(ValueError, match=r"stratified_split: class 7 has a single sample(?s:.*)random_split"):
        stratified_split([0, 0, 7])


def test_classes_that_are_no_integers_are_refused():
    with pytest.raises(TypeError, match=r"stratified_split: the classes must be integers, got \(2,\) float32"):
        stratified_split(mg.tensor([0.5, 1.5]))


@pytest.mark.parametrize("target", [mg.zeros(2, 2, dtype=mg.int64), mg.zeros(0, dtype=mg.int64)])
def test_classes_that_are_empty_or_not_in_one_axis_are_refused(target):
    with pytest.raises(
        ValueError, match=r"stratified_split: target must have one axis and at least one element, got \("
    ):
        stratified_split(target)


def test_a_seed_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match=r"seed is an integer, got float 0\.5"):
        stratified_split([0, 0, 1, 1], 0.5, seed=0.5)
