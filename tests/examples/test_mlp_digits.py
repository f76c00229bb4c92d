"""The main job: a network reads handwritten digits."""

import re


def test_a_quick_run_trains_on_one_split_and_says_so(example, capsys):
    numbers = example("mlp_digits").main(quick=True)
    assert len(numbers["accuracies"]) == 1
    assert numbers["mean"] >= 0.96
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"held-out accuracy 0\.\d{4} \(mean of seed 0 alone, minimum 0\.\d{4}\)", last)


def test_the_mean_of_five_splits_is_at_least_97_percent_and_the_last_line_says_it(example, capsys):
    numbers = example("mlp_digits").main()
    assert len(numbers["accuracies"]) == 5
    assert numbers["mean"] >= 0.97
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"held-out accuracy {numbers['mean']:.4f} (mean of seeds 0-4, minimum {numbers['minimum']:.4f})"
    assert re.fullmatch(r"held-out accuracy 0\.9[78]\d\d \(mean of seeds 0-4, minimum 0\.9\d{3}\)", last)
