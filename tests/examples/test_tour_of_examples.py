"""What the tour of the examples shows is what they print."""

import pytest


def missing(shown, printed):
    lines = {line.rstrip() for line in printed.splitlines()}
    return [line for line in shown if line.rstrip() not in lines]


@pytest.mark.parametrize("name", ["tour", "systems", "residual", "step_through_backward", "doctor"])
def test_an_example_prints_what_the_tour_shows(name, example, readme_lines, capsys):
    example(name).main()
    assert missing(readme_lines(name), capsys.readouterr().out) == []


# Not the two that train networks: another processor rounds otherwise, and training makes a digit of that.
def test_linear_regression_prints_what_the_tour_shows(example, readme_lines, capsys):
    pytest.importorskip("sklearn", reason="the last data set comes with scikit-learn")
    example("linear_regression").main()
    assert missing(readme_lines("linear_regression"), capsys.readouterr().out) == []
