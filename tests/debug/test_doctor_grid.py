"""The doctor names what was put into a training, and nothing in a healthy one: 10 seeds, 3 widths, 2 activations."""

import pytest

from minigrad import debug, optim
from tests.debug.trainings import DEFICIENT, EXPLODING, FAST, FLAT, VANISHING, drawn, found, grid

CASES = 60
#: The share of the cases that must be diagnosed.
NEEDED = 0.95


@pytest.mark.parametrize("fault", [EXPLODING, VANISHING, DEFICIENT, FAST, FLAT], ids=str)
def test_a_fault_is_named_in_nearly_all_cases(fault):
    missed = []
    count = 0
    for seed, width, activation in grid():
        report = debug.doctor(*drawn(seed, width, activation, [fault]))
        count += 1
        if not found(report, fault):
            missed.append((seed, width, activation, report.names))
    assert count == CASES
    assert len(missed) <= (1 - NEEDED) * CASES, missed


@pytest.mark.parametrize(
    "pair",
    [
        (DEFICIENT, FAST),
        (DEFICIENT, FLAT),
        (DEFICIENT, VANISHING),
        (VANISHING, FAST),
        (FLAT, FAST),
        (EXPLODING, FAST),
    ],
    ids=str,
)
def test_two_faults_at_once_are_both_named(pair):
    missed = []
    for seed, width, activation in grid(widths=(16,)):
        report = debug.doctor(*drawn(seed, width, activation, pair))
        if not (found(report, pair[0]) and found(report, pair[1])):
            missed.append((seed, width, activation, report.names))
    assert len(missed) <= (1 - NEEDED) * 20, missed


def test_healthy_trainings_give_no_finding_at_the_start_on_the_way_and_after_it():
    found = []
    for seed, width, activation in grid():
        training = drawn(seed, width, activation)
        if seed % 4 >= 2:
            training = training._replace(optimizer=optim.Adam(training.model.parameters(), lr=0.01))
        before = debug.doctor(*training)
        for report in (before, *after(training, 20, 150)):
            if not report.healthy:
                found.append((seed, width, activation, report.findings))
        assert report.figures["loss"] < 0.8 * before.figures["loss"]  # it was a training
    assert found == []


def after(training, *steps):
    for each in steps:
        training.run(each)
        yield debug.doctor(*training)
