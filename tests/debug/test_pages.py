"""The page of a trace as a file: self-contained, harmless whatever names it holds, small, whole or not there."""

import json
import os
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.debug.array_pictures import ArrayPool, describe_array
from minigrad.debug.folding import MOST_OPERATIONS, by_module
from minigrad.debug.graphs import graph_of
from minigrad.debug.pages import page_of


def traced():
    x = mg.tensor([[1.0, 2.0]])
    W = mg.tensor([[3.0], [4.0]], requires_grad=True, name="W")
    h = x @ W
    loss = (h * h).sum()
    return debug.trace(loss)


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])


def network(layers):
    mg.manual_seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(12, 12), nn.Tanh()) for _ in range(layers)])
    return model(mg.randn(50, 12)).sum()


def test_a_page_refers_to_nothing_outside_of_itself():
    page = page_of(traced())
    assert re.findall(r"https?://[^\"'\s]*", page) == ["http://www.w3.org/2000/svg"]  # the name of a language
    assert not re.search(r"\b(src|href|action)\s*=|@import|url\(|fetch\(|XMLHttpRequest|WebSocket", page)
    assert "default-src 'none'" in page


def test_names_and_sources_cannot_end_the_script_or_begin_markup():
    name = "</script><b>&\u2028]]>\x00"
    W = mg.tensor([1.0, 2.0], requires_grad=True, name=name)
    page = page_of(debug.trace((W * "</script>".count("<")).sum()))
    assert page.count("</script>") == 3  # those of the page itself
    assert "<b>" not in page
    assert data_of(page)["vertices"][0]["label"] == name


def test_forward_steps_come_before_backward_ones_with_what_python_computed():
    trace = traced()
    data = data_of(page_of(trace))
    operations = [data["vertices"][step["vertex"]]["label"] for step in data["steps"]]
    assert operations == ["matmul", "mul", "sum", "sum", "mul", "matmul"]
    assert data["forward"] == 3
    arrays = data["arrays"]
    square = data["steps"][4]
    assert arrays[square["gradient"]]["numbers"] == [[1]]
    first, second = square["gives"]
    assert arrays[first["array"]]["numbers"] == [[11]]
    assert "before" not in first
    assert arrays[second["after"]]["numbers"] == [[22]]
    product = data["steps"][5]
    assert product["gives"][0] is None  # x needs no gradient
    assert arrays[product["gives"][1]["array"]]["numbers"] == [[22], [44]]
    place = data["places"][data["vertices"][product["vertex"]]["place"]]
    assert (place["source"], place["caret"]) == ("h = x @ W", [4, 5])


def test_a_nan_is_flagged_and_written_as_a_word():
    x = mg.tensor([-1.0, 1.0, np.inf], requires_grad=True, name="x")
    data = data_of(page_of(debug.trace((x.log() * x).sum())))
    assert data["steps"][0]["flags"] == ["inf", "nan", "zero"] or data["steps"][0]["flags"] == ["inf", "nan"]
    assert data["arrays"][data["steps"][0]["output"]]["numbers"] == [["nan", 0, "inf"]]
    assert data["arrays"][data["steps"][0]["output"]]["figures"] == [0, 0, 0, 0]  # of the finite number


def test_a_trace_of_a_recording_shows_its_values_and_names():
    with debug.recording() as recorded:
        W = mg.tensor([1.0, 2.0], requires_grad=True, name="W")
        loss = (W + 1).tanh().sum()
        loss.backward()
    data = data_of(page_of(recorded.trace()))
    assert data["arrays"][data["steps"][0]["output"]]["numbers"] == [[2, 3]]


def test_more_than_150_operations_are_folded_by_module():
    loss = network(90)
    graph = graph_of(loss)
    folds = by_module(graph)
    assert [fold.label for fold in folds[:3]] == ["0", "1", "2"]
    assert len(folds) + 1 <= MOST_OPERATIONS
    page = page_of(debug.trace(loss))
    assert page.count('class="fold"') == 90
    assert page.count('class="detail"') == 90
    assert by_module(graph_of(network(70))) == []


@pytest.mark.parametrize("operations", [200, 1000])
def test_operations_without_modules_are_folded_by_their_order(operations):
    h = x = mg.tensor([1.0], requires_grad=True)
    for _ in range(operations):
        h = h * x
    folds = by_module(graph_of(h))
    assert len(folds) <= MOST_OPERATIONS
    assert max([len(fold.operations) for fold in folds]) <= MOST_OPERATIONS
    assert sum([len(fold.operations) for fold in folds]) == operations


def test_500_operations_stay_below_a_megabyte():
    trace = debug.trace(network(250))
    assert len(trace.steps) == 501
    assert len(page_of(trace).encode()) < 1_000_000
    with debug.recording() as recorded:
        network(250).backward()
    assert len(page_of(recorded.trace()).encode()) < 1_000_000


def test_of_many_steps_the_table_has_each_source_line_once():
    page = page_of(debug.trace(network(60)))
    rows = page.partition("<tbody>")[2].partition("</table>")[0]
    assert rows.count("<tr>") == 242
    assert page.count("<td>return model(mg.randn(50, 12)).sum()") == 1


def test_a_table_has_a_row_for_each_step():
    table = re.search(r"<tbody>(.*)</table>", page_of(traced()), re.DOTALL)[1]
    assert table.count("<tr>") == 6
    assert "W: (2, 1) 22 44 norm 49.193, grad_y = x.T @ grad_output" in table


def test_a_trace_without_a_step_is_refused(tmp_path):
    trace = debug.trace(mg.ones((), requires_grad=True))
    with pytest.raises(ValueError, match=r"(?s)to_html: the trace has no step: .*requires grad"):
        trace.to_html(tmp_path / "page.html")
    assert os.listdir(tmp_path) == []


def test_the_title_is_the_loss_and_its_expression():
    assert "<title>Backward pass of loss = (h * h).sum()</title>" in page_of(traced())


def test_a_page_that_cannot_be_written_says_which_and_leaves_nothing_half_written(tmp_path):
    trace = traced()
    with pytest.raises(
        FileNotFoundError, match=r"(?s)to_html: '.*nowhere/page\.html' cannot be written: .*Give a path"
    ):
        trace.to_html(tmp_path / "nowhere" / "page.html")
    path = tmp_path / "page.html"
    path.mkdir()
    with pytest.raises(OSError, match="cannot be written"):
        trace.to_html(path)
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_write_that_fails_half_way_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("before")

    def interrupted(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        traced().to_html(path)
    assert (path.read_text(), os.listdir(tmp_path)) == ("before", ["page.html"])


def test_a_name_that_no_file_can_hold_is_written_all_the_same(tmp_path):
    x = mg.tensor([1.0], requires_grad=True, name="half \ud800")
    assert "half ?" in debug.trace(x * 2).to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    debug.draw(x * 2, tmp_path / "graph.txt")


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.html").touch()
    (tmp_path / "link.html").symlink_to(tmp_path / "real.html")
    traced().to_html(tmp_path / "link.html")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real.html").stat().st_size > 0


def test_a_page_replaces_the_one_before_and_can_be_read_by_others(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("before")
    before = os.umask(0o022)
    try:
        assert traced().to_html(path) == path
    finally:
        os.umask(before)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["page.html"]


def test_a_notebook_is_given_the_page_in_a_frame_that_may_run_scripts_alone():
    trace = traced()
    bundle = trace._repr_mimebundle_()
    assert bundle["text/plain"] == str(trace)
    assert bundle["text/html"].startswith('<iframe sandbox="allow-scripts"')
    assert "<script" not in bundle["text/html"]


# Arrays --------------------------------------------------------------------------------------------------------------


def cells(array):
    return describe_array(np.asarray(array, np.float32))["picture"].split(" ")


def test_up_to_36_numbers_are_written_and_above_a_corner_and_a_picture():
    small, large = describe_array(np.ones((6, 6))), describe_array(np.ones((6, 7)))
    assert (len(small["numbers"]), "picture" in small) == (6, False)
    assert (len(large["corner"]), len(large["corner"][0]), "numbers" in large) == (4, 4, False)


def test_a_picture_shows_sign_and_size_and_never_a_small_number_as_zero():
    array = np.zeros((6, 7))
    array[0, 0], array[1, 1], array[2, 2] = 2, -2, 1e-9
    rows = cells(array)
    assert (rows[0][0], rows[1][1], rows[2][2], rows[3][3]) == ("y", "a", "n", "m")


def test_in_a_coarse_picture_the_largest_number_of_a_cell_wins_and_a_nan_before_all():
    array = np.zeros((100, 100))
    array[50, 50], array[99, 99] = -3, 5
    rows = cells(array)
    assert (len(rows), len(rows[0])) == (24, 40)
    assert rows[12][20] == chr(ord("m") - 8)  # 3 / 5 of 12 shades, rounded up
    assert rows[-1][-1] == "y"
    array[99, 98] = np.nan
    assert cells(array)[-1][-1] == "N"


def test_an_array_of_ten_million_numbers_is_described():
    array = np.ones((2500, 4000), np.float32)
    array[-1, -1] = 3
    found = describe_array(array)
    assert found["figures"][2:] == [1, 3]
    assert set(found["picture"]) == set("qy ")  # 1 and 3, of 12 shades


@pytest.mark.parametrize(
    "array", [np.array(2.0), np.zeros((0, 3)), np.arange(50), np.ones((2, 3, 4, 5)), np.array([True])]
)
def test_any_shape_and_dtype_is_described(array):
    found = describe_array(array)
    assert found["shape"] == list(array.shape)
    json.dumps(found, allow_nan=False)


def test_equal_arrays_are_described_once():
    pool = ArrayPool(10)
    numbers = [pool.add(np.ones(3)), pool.add(np.zeros(3)), pool.add(np.ones(3)), pool.add(np.ones(3, np.float32))]
    assert numbers == [0, 1, 0, 2]
    assert pool.add("text") is None
