import hashlib
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import digits, load_digits

FOLDER = Path(digits.__file__).parent
# Of scikit-learn's images and labels, both as uint8; taken when the file was made.
SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
# The number of each digit in the test set, from the original's description.
COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_digits_have_the_promised_shapes_and_dtypes():
    data, target, images = load_digits()
    assert (data.shape, data.dtype) == ((1797, 64), mg.float32)
    assert (target.shape, target.dtype) == ((1797,), mg.int64)
    assert (images.shape, images.dtype) == ((1797, 8, 8), mg.float32)
    assert not data.requires_grad


def test_the_elements_are_sixteenths_from_0_to_1():
    data = load_digits().data.numpy()
    assert data.min() == 0
    assert data.max() == 1
    assert np.array_equal(data * 16, np.round(data * 16))


def test_each_digit_is_there_as_often_as_its_source_says():
    assert np.bincount(load_digits().target.numpy()).tolist() == COUNTS


def test_the_file_holds_the_numbers_that_were_put_in():
    with np.load(FOLDER / "digits.npz", allow_pickle=False) as stored:
        held = stored["images"].tobytes() + stored["labels"].tobytes()
    assert hashlib.sha256(held).hexdigest() == SHA256


def test_the_digits_are_bitwise_those_of_scikit_learn():
    sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn, not installed")
    theirs = sklearn_datasets.load_digits()
    ours = load_digits(dtype=mg.float64)
    assert (ours.data * 16).numpy().tobytes() == theirs.data.astype(np.float64).tobytes()
    assert (ours.images * 16).numpy().tobytes() == theirs.images.astype(np.float64).tobytes()
    assert ours.target.numpy().tobytes() == theirs.target.astype(np.int64).tobytes()


def test_the_images_are_a_view_of_the_data_and_each_call_has_its_own():
    first, second = load_digits(), load_digits()
    first.data[0, 0] = 5
    assert first.images[0, 0, 0].item() == 5
    assert second.data[0, 0].item() == 0


def test_both_dtypes_hold_the_same_numbers():
    assert np.array_equal(load_digits(dtype=mg.float64).data.numpy(), load_digits(dtype=mg.float32).data.numpy())


@pytest.mark.parametrize("dtype", [mg.int64, "complex128"])
def test_a_dtype_that_is_not_floating_is_refused(dtype):
    with pytest.raises(TypeError, match=f"load_digits: .*dtype.*{np.dtype(dtype)}"):
        load_digits(dtype=dtype)


def test_the_file_is_small_and_has_its_source_and_licences_beside_it():
    assert (FOLDER / "digits.npz").stat().st_size < 80_000
    text = (FOLDER / "digits.txt").read_text(encoding="utf-8")
    for part in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "scikit-learn developers", "DISCLAIMED"):
        assert part in text
