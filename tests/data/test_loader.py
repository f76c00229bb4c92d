import numpy as np
import pytest

import minigrad as mg
from minigrad.data import DataLoader, Subset, TensorDataset


class OneByOne:
    """The same samples as a TensorDataset, which a loader must ask for one by one."""

    def __init__(self, *tensors):
        self.tensors = tensors

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, index):
        return tuple([each[index] for each in self.tensors])


class Doubled(TensorDataset):
    def __getitem__(self, index):
        return tuple([2 * each for each in super().__getitem__(index)])


def tensors(length=10):
    data = mg.randn(length, 2, 3, generator=mg.Generator(3), dtype=mg.float64)
    return data, mg.arange(length), mg.arange(length) > 4


def order_of(loader):
    return [target.tolist() for (target,) in loader]


def numbers(length, **options):
    return DataLoader(TensorDataset(mg.arange(length)), **options)


def test_batches_come_in_order_and_the_last_may_be_smaller():
    assert order_of(numbers(5, batch_size=2)) == [[0, 1], [2, 3], [4]]


def test_drop_last_leaves_out_a_smaller_batch():
    assert order_of(numbers(5, batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("length", [0, 1, 3, 4, 5])
def test_the_length_is_the_number_of_batches(length, drop_last):
    loader = numbers(length, batch_size=2, drop_last=drop_last)
    assert len(loader) == len(order_of(loader))


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_empty_data_set_has_no_batches(shuffle):
    assert order_of(numbers(0, batch_size=2, shuffle=shuffle)) == []


def test_a_shuffled_epoch_holds_each_sample_once():
    loader = numbers(50, batch_size=7, shuffle=True, generator=mg.Generator(0))
    drawn = [number for batch in order_of(loader) for number in batch]
    assert drawn != list(range(50))
    assert sorted(drawn) == list(range(50))


def test_each_epoch_has_another_order_and_the_same_seed_the_same_orders():
    first = numbers(50, shuffle=True, generator=mg.Generator(1))
    second = numbers(50, shuffle=True, generator=mg.Generator(1))
    epochs = [order_of(first), order_of(first), order_of(first)]
    assert epochs[0] != epochs[1] != epochs[2]
    assert [order_of(second), order_of(second), order_of(second)] == epochs


def test_another_seed_gives_another_order():
    orders = [order_of(numbers(50, shuffle=True, generator=mg.Generator(seed))) for seed in (0, 1)]
    assert orders[0] != orders[1]


def test_without_a_generator_manual_seed_decides():
    loader = numbers(50, shuffle=True)
    orders = []
    for _ in range(2):
        mg.manual_seed(5)
        orders.append(order_of(loader))
    assert orders[0] == orders[1]


def test_loading_in_order_draws_nothing():
    generator = mg.Generator(0)
    order_of(numbers(5, generator=generator))
    assert generator.get_state() == (0, 0)


def test_the_state_of_the_generator_resumes_the_orders():
    generator = mg.Generator(2)
    loader = numbers(50, shuffle=True, generator=generator)
    order_of(loader)
    state = generator.get_state()
    expected = order_of(loader)
    resumed = mg.Generator(0)
    resumed.set_state(state)
    assert order_of(numbers(50, shuffle=True, generator=resumed)) == expected


def test_two_iterators_at_once_do_not_disturb_each_other():
    alone = numbers(20, batch_size=3, shuffle=True, generator=mg.Generator(4))
    expected = [order_of(alone), order_of(alone)]
    loader = numbers(20, batch_size=3, shuffle=True, generator=mg.Generator(4))
    first, second = iter(loader), iter(loader)
    interleaved = [[], []]
    # The second starts first: an epoch's order is drawn when its iterator is made.
    for (b,), (a,) in zip(second, first, strict=True):
        interleaved[0].append(a.tolist())
        interleaved[1].append(b.tolist())
    assert interleaved == expected


def subset(dataset):
    return Subset(dataset, [9, 0, 3, 3, 7])


def subset_of_a_subset(dataset):
    return Subset(subset(dataset), [4, 1, 2])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 10])
@pytest.mark.parametrize("part", [lambda dataset: dataset, subset, subset_of_a_subset])
def test_whole_rows_and_one_by_one_give_identical_batches(part, batch_size, shuffle):
    loaders = []
    for kind in (TensorDataset, OneByOne):
        dataset = part(kind(*tensors()))
        loaders.append(DataLoader(dataset, batch_size, shuffle, generator=mg.Generator(6)))
    for rows, singles in zip(*loaders, strict=True):
        assert type(rows) is type(singles) is tuple
        for one, other in zip(rows, singles, strict=True):
            assert one.dtype == other.dtype
            assert one.shape == other.shape
            assert one.numpy().tobytes() == other.numpy().tobytes()


def test_a_class_that_changes_the_samples_of_a_tensor_dataset_is_asked_for_them():
    assert order_of(DataLoader(Doubled(mg.arange(4)), batch_size=2)) == [[0, 2], [4, 6]]
    assert order_of(DataLoader(Subset(Doubled(mg.arange(4)), [3, 1]), batch_size=2)) == [[6, 2]]


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_batch_shares_no_memory_with_the_data_set(shuffle):
    data = mg.zeros(4, 2)
    for (batch,) in DataLoader(TensorDataset(data), batch_size=2, shuffle=shuffle, generator=mg.Generator(0)):
        batch += 1
    assert not data.any().item()


def test_gradients_flow_through_the_batches_to_the_data():
    data = mg.ones(4, 2, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(data), batch_size=3):
        (batch * batch).sum().backward()
    assert data.grad.tolist() == [[2, 2]] * 4


def test_a_list_is_a_data_set():
    loader = DataLoader([(0.5, "a"), (1.5, "b"), (2.5, "c")], batch_size=2)
    assert [(data.tolist(), name) for data, name in loader] == [([0.5, 1.5], ["a", "b"]), ([2.5], ["c"])]


@pytest.mark.parametrize("dataset", [TensorDataset(mg.arange(3)), ["a", "b", "c"]])
def test_collate_fn_gets_the_list_of_samples(dataset):
    batches = list(DataLoader(dataset, batch_size=2, collate_fn=lambda samples: samples))
    assert batches[0][1] == dataset[1] if isinstance(dataset, list) else batches[0][1][0].item() == 1
    assert [len(batch) for batch in batches] == [2, 1]


def test_an_error_of_the_data_set_reaches_the_user_as_it_is():
    class Broken(OneByOne):
        def __getitem__(self, index):
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        next(iter(DataLoader(Broken(mg.arange(3)))))


def test_the_repr_names_the_data_set_and_the_options():
    expected = "DataLoader(TensorDataset((3,) int64), batch_size=2, shuffle=False, drop_last=True)"
    assert repr(numbers(3, batch_size=2, drop_last=True)) == expected


@pytest.mark.parametrize("batch_size", [0, -1, np.int64(0)])
def test_a_batch_size_below_1_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"DataLoader: batch_size must be at least 1, got {batch_size}"):
        numbers(3, batch_size=batch_size)


@pytest.mark.parametrize("batch_size", [2.0, True, None, "2"])
def test_a_batch_size_that_is_no_integer_is_refused(batch_size):
    with pytest.raises(TypeError, match=f"DataLoader: batch_size must be an integer, got {type(batch_size).__name__}"):
        numbers(3, batch_size=batch_size)


def test_a_second_tensor_in_the_place_of_the_batch_size_gets_the_remedy():
    with pytest.raises(TypeError, match=r"batch_size must be an integer, got \(3,\) float32(?s:.*)TensorDataset"):
        DataLoader(mg.zeros(3, 2), mg.zeros(3))


def test_what_has_no_length_or_samples_is_refused():
    with pytest.raises(
        TypeError, match=r"DataLoader: a data set needs __len__ and __getitem__, got (?s:.*)TensorDataset"
    ):
        DataLoader(iter([1, 2]))
    with pytest.raises(TypeError, match="DataLoader: a data set needs __len__ and __getitem__, got dict"):
        DataLoader({"data": mg.ones(2)})


def test_a_collate_fn_that_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="DataLoader: collate_fn must be a function, got int 3"):
        numbers(3, collate_fn=3)


def test_a_generator_of_another_library_is_refused():
    with pytest.raises(TypeError, match=r"DataLoader: generator must be a minigrad\.Generator, got Generator"):
        numbers(3, generator=np.random.default_rng(0))
