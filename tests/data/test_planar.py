import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import circles, moons, spirals

MAKERS = [moons, circles, spirals]


@pytest.mark.parametrize("make", MAKERS)
def test_points_and_classes_have_the_promised_shapes_and_dtypes(make):
    data, target = make(101)
    assert (data.shape, data.dtype) == ((101, 2), mg.float32)
    assert (target.shape, target.dtype) == ((101,), mg.int64)
    assert np.isfinite(data.numpy()).all()


@pytest.mark.parametrize("make", MAKERS)
def test_the_seed_decides_the_points(make):
    first, again, other = make(60, seed=1), make(60, seed=1), make(60, seed=2)
    assert first.data.numpy().tobytes() == again.data.numpy().tobytes()
    assert first.target.tolist() == again.target.tolist()
    assert first.data.tolist() != other.data.tolist()
    assert first.target.tolist() != other.target.tolist()


@pytest.mark.parametrize("make", MAKERS)
def test_manual_seed_and_the_points_are_independent(make):
    state = mg.manual_seed(0).get_state()
    make(10)
    assert mg.ops.generators.default_generator().get_state() == state


@pytest.mark.parametrize("make", MAKERS)
def test_both_dtypes_show_the_same_points(make):
    double = make(50, dtype=mg.float64).data.numpy()
    assert make(50, dtype=mg.float32).data.numpy().tobytes() == double.astype(np.float32).tobytes()


@pytest.mark.parametrize(("make", "sizes"), [(moons, [51, 50]), (circles, [51, 50]), (spirals, [34, 34, 33])])
def test_the_classes_are_equally_large_and_mixed(make, sizes):
    target = make(101).target.numpy()
    assert np.bincount(target).tolist() == sizes
    # Sorted classes change once or twice.
    assert np.count_nonzero(np.diff(target)) > 10


def test_moons_without_noise_lie_on_their_half_circles():
    data, target = [each.numpy() for each in moons(200, noise=0.0, dtype=mg.float64)]
    upper, lower = data[target == 0], data[target == 1]
    # 1e-12: a few roundings of numbers near 1.
    assert np.abs(np.hypot(upper[:, 0], upper[:, 1]) - 1).max() < 1e-12
    assert np.abs(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5) - 1).max() < 1e-12
    assert upper[:, 1].min() > -1e-12
    assert lower[:, 1].max() < 0.5 + 1e-12


def test_moons_are_placed_as_scikit_learn_places_them():
    sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn, not installed")
    theirs = sklearn_datasets.make_moons(100, shuffle=False)[0]
    data, target = [each.numpy() for each in moons(100, noise=0.0, dtype=mg.float64)]
    for label, expected in enumerate((theirs[:50], theirs[50:])):
        ours = data[target == label]
        # Along the arc x is monotonic, so that sorting by it undoes the shuffle; 1e-12 as above.
        order = np.argsort(ours[:, 0])
        assert np.abs(ours[order] - expected[np.argsort(expected[:, 0])]).max() < 1e-12


def test_circles_without_noise_have_radius_1_and_factor():
    data, target = circles(200, noise=0.0, factor=0.25, dtype=mg.float64)
    radius = np.hypot(*data.numpy().T)
    # 1e-12: a few roundings of numbers near 1.
    assert np.abs(radius - np.where(target.numpy() == 0, 1, 0.25)).max() < 1e-12


def test_spirals_without_noise_are_one_arm_turned_by_equal_angles():
    data, target = [each.numpy() for each in spirals(300, noise=0.0, classes=5, turns=-1.5, dtype=mg.float64)]
    radius = np.hypot(*data.T)
    angle = np.arctan2(data[:, 1], data[:, 0]) - 2 * np.pi * (target / 5 - 1.5 * radius)
    # 1e-12: a few roundings of angles below 10.
    assert np.abs(np.sin(angle)).max() < 1e-12
    assert np.cos(angle).min() > 0
    assert radius.max() == pytest.approx(1, abs=1e-12)
    assert radius.min() > 0


@pytest.mark.parametrize("make", MAKERS)
def test_noise_has_the_standard_deviation_asked_for(make):
    quiet, noisy = make(2000, noise=0.0, dtype=mg.float64), make(2000, noise=0.3, dtype=mg.float64)
    deviation = (noisy.data - quiet.data).numpy().std()
    # 4000 draws: the relative standard error is 1 / sqrt(8000), about 1.1 %; 5 % is more than four of them.
    assert deviation == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("make", MAKERS)
def test_too_few_points_are_refused(make):
    with pytest.raises(ValueError, match=f"{make.__name__}: samples must be at least [23], got 1"):
        make(1)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("noise", [-0.1, float("nan"), float("inf")])
def test_noise_that_is_negative_or_not_finite_is_refused(make, noise):
    with pytest.raises(ValueError, match=f"{make.__name__}: noise must be a finite number .* got {noise}"):
        make(noise=noise)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"samples": 10.0}, "samples must be an integer, got float 10.0"),
        ({"noise": "0.1"}, "noise must be a number, got str '0.1'"),
        ({"dtype": mg.int64}, "dtype must be float32 or float64, got int64"),
    ],
)
def test_arguments_of_another_type_are_refused(make, arguments, problem):
    with pytest.raises(TypeError, match=f"{make.__name__}: {problem}"):
        make(**arguments)


@pytest.mark.parametrize("make", MAKERS)
def test_a_seed_that_is_no_integer_is_refused(make):
    with pytest.raises(TypeError, match="seed is an integer, got NoneType None"):
        make(seed=None)


@pytest.mark.parametrize("factor", [0, 1, -0.5, float("nan")])
def test_a_factor_outside_of_0_to_1_is_refused(factor):
    with pytest.raises(ValueError, match=f"circles: factor must be between 0 and 1, got {factor}"):
        circles(factor=factor)


def test_a_single_spiral_arm_is_refused():
    with pytest.raises(ValueError, match="spirals: classes must be at least 2, got 1"):
        spirals(classes=1)


@pytest.mark.parametrize("turns", [math.inf, math.nan])
def test_spirals_refuse_turns_without_an_end(turns):
    with pytest.raises(ValueError, match="spirals: turns must be finite, got"):
        spirals(turns=turns)
