"""The page of a trace in a real browser: it steps, jumps, finds the NaN, and shows what Python computed."""

import json

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.data import moons
from tests.debug import browser

NAME = '</script><b id="injected">w'


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    driver = browser.start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def network():
    mg.manual_seed(0)
    x, y = moons(60, noise=0.1, seed=0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))
    loss = nn.functional.cross_entropy(model(x), y)
    return debug.trace(loss)


@pytest.fixture(scope="module")
def moons_page(network, tmp_path_factory):
    return network.to_html(tmp_path_factory.mktemp("pages") / "moons.html").as_uri()


@pytest.fixture(scope="module")
def broken_page(tmp_path_factory):
    x = mg.tensor([0.5, -0.25, 2.0], requires_grad=True, name=NAME)
    logarithm = x.log()
    loss = (logarithm * x).sum()
    return debug.trace(loss).to_html(tmp_path_factory.mktemp("pages") / "broken.html").as_uri()


def open_page(driver, address):
    """Load a page anew, also where only the part behind # differs; fail on anything that its script complained of."""
    driver.get("about:blank")
    driver.get_log("browser")
    driver.get(address)
    assert driver.get_log("browser") == []


def position(driver):
    return driver.find_element("id", "position").text


def press(driver, *keys):
    for key in keys:
        driver.find_element("tag name", "body").send_keys(key)


def numbers_of(driver, name):
    """Return the numbers of the array that the panel shows under a name, as they stand in its cells."""
    rows = driver.execute_script(
        "return [...document.querySelectorAll(`.panel .array[data-name='${arguments[0]}'] tr`)]"
        ".map((row) => [...row.cells].filter((cell) => 'value' in cell.dataset).map((cell) => cell.dataset.value))",
        name,
    )
    return np.array([[float(number) for number in row] for row in rows if row])


def keys():
    return browser.webdriver.Keys


def test_arrow_keys_slider_and_buttons_step_and_the_address_says_where(chromium, moons_page):
    open_page(chromium, moons_page)
    assert position(chromium) == "forward 1 of 4"
    press(chromium, keys().ARROW_RIGHT, keys().ARROW_RIGHT, keys().ARROW_LEFT)
    assert position(chromium) == "forward 2 of 4"
    assert chromium.current_url.endswith("#step-2")
    press(chromium, keys().END)
    assert position(chromium) == "backward 4 of 4"
    press(chromium, keys().HOME, "b")
    assert position(chromium) == "backward 1 of 4"
    slider = chromium.find_element("id", "slider")
    slider.send_keys(keys().ARROW_RIGHT)
    assert (position(chromium), slider.get_attribute("value")) == ("backward 2 of 4", "6")
    chromium.find_element("id", "back").click()
    assert position(chromium) == "backward 1 of 4"
    chromium.find_element("id", "last").click()
    assert not chromium.find_element("id", "next").is_enabled()


def test_the_address_opens_a_step_and_a_change_of_it_goes_there(chromium, moons_page):
    open_page(chromium, moons_page + "#step-6")
    assert position(chromium) == "backward 2 of 4"
    chromium.execute_script("location.hash = '#step-3'")
    browser.wait_until(chromium, lambda driver: position(driver) == "forward 3 of 4")


def test_a_click_and_the_enter_key_on_a_box_go_to_its_step(chromium, moons_page, network):
    open_page(chromium, moons_page)
    boxes = chromium.find_elements("css selector", "g.operation")
    assert [box.get_attribute("role") for box in boxes] == ["button"] * 4
    boxes[2].click()
    assert position(chromium) == "forward 3 of 4"
    press(chromium, "b")
    boxes[1].send_keys(keys().ENTER)
    assert position(chromium) == "backward 3 of 4"
    assert "current" in boxes[1].get_attribute("class")
    # A leaf leads to the step that gives to it.
    leaf = chromium.find_elements("css selector", "g.leaf")[0]
    leaf.click()
    assert position(chromium) == "backward 4 of 4"
    assert "near" in leaf.get_attribute("class")
    assert len(chromium.find_elements("css selector", "path.hot")) == 3  # what arrived, weight and bias


def test_the_panel_shows_the_numbers_that_python_computed(chromium, moons_page, network):
    open_page(chromium, moons_page)
    press(chromium, "b")
    for step in network.steps:
        shown = numbers_of(chromium, "grad_output")
        expected = np.atleast_2d(step.grad_output)[: len(shown), : shown.shape[1]]
        # Five digits are written of a number, four where a corner is shown: half a unit in the last place.
        np.testing.assert_allclose(shown, expected, rtol=5e-4)
        for each in step.contributions:
            if each.grad is not None:
                table = np.atleast_2d(each.grad)
                shown = numbers_of(chromium, f"grad_{each.input}")
                np.testing.assert_allclose(shown, table[: len(shown), : shown.shape[1]], rtol=5e-4)
        press(chromium, keys().ARROW_RIGHT)
    assert position(chromium) == "backward 4 of 4"


def test_the_source_line_has_its_caret_and_the_rule_its_formula(chromium, moons_page, network):
    open_page(chromium, moons_page + "#step-5")
    source = chromium.find_element("css selector", "pre.source").text.splitlines()
    assert source[0] == "loss = nn.functional.cross_entropy(model(x), y)"
    assert chromium.find_element("css selector", "pre.source mark").text == source[0].removeprefix("loss = ")
    assert chromium.find_element("css selector", ".rule").text == network.steps[0].rule


def test_the_first_nan_is_one_key_or_button_away(chromium, broken_page):
    open_page(chromium, broken_page)
    press(chromium, keys().END)
    chromium.find_element("id", "broken").click()
    assert position(chromium) == "forward 1 of 3"
    assert chromium.find_element("css selector", ".panel .badge.bad").text == "NaN"
    assert chromium.find_element("css selector", "pre.source mark").text == "x.log()"
    assert np.isnan(numbers_of(chromium, "output")[0]).tolist() == [False, True, False]
    press(chromium, "n")
    assert position(chromium) != "forward 1 of 3"
    assert chromium.find_elements("css selector", ".panel .badge.bad")


def test_a_name_that_looks_like_markup_is_shown_and_does_nothing(chromium, broken_page):
    open_page(chromium, broken_page)
    assert chromium.find_elements("id", "injected") == []
    assert NAME in [text.text for text in chromium.find_elements("css selector", "g.leaf text")]


def test_a_page_without_a_nan_says_so(chromium, moons_page):
    open_page(chromium, moons_page)
    assert not chromium.find_element("id", "broken").is_enabled()


def test_without_scripts_the_graph_and_a_table_of_all_steps_are_there(chromium, moons_page, network):
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chromium.get("about:blank")
        chromium.get(moons_page)
        assert chromium.find_element("css selector", "svg.minigrad-graph").is_displayed()
        assert not chromium.find_element("id", "slider").is_displayed()
        rows = chromium.find_elements("css selector", ".all tbody tr")
        assert len(rows) == 8
        assert rows[4].is_displayed()
        text = rows[-1].text
        assert "linear" in text
        assert f"0.bias: (4,) {network.steps[-1].contributions[2].grad[0]:.5g}" in text
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_dark_mode_has_light_ink_on_dark_paper(chromium, moons_page):
    brightness = {}
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        open_page(chromium, moons_page)
        for name, selector, style in (("paper", ".panel", "background-color"), ("ink", "g.operation text", "fill")):
            colour = chromium.find_element("css selector", selector).value_of_css_property(style)
            channels = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
            brightness[scheme, name] = sum(channels) / 3
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert brightness["light", "paper"] - brightness["light", "ink"] > 150
    assert brightness["dark", "ink"] - brightness["dark", "paper"] > 150


def test_nothing_is_asked_of_a_network(chromium, moons_page):
    chromium.get_log("performance")
    open_page(chromium, moons_page)
    asked = []
    for entry in chromium.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"].partition("#")[0])
    assert set(asked) <= {moons_page, "about:blank"}
    assert moons_page in asked


def test_a_fold_opens_at_the_steps_inside(chromium, tmp_path):
    mg.manual_seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Sigmoid()) for _ in range(60)])
    page = debug.trace(model(mg.ones(2, 3)).sum()).to_html(tmp_path / "deep.html").as_uri()
    open_page(chromium, page)
    assert len(chromium.find_elements("css selector", ".overview g.fold")) == 60
    opened = [detail for detail in chromium.find_elements("css selector", ".detail") if detail.is_displayed()]
    assert [detail.find_element("tag name", "h2").text for detail in opened] == ["Inside of 0: 3 operations"]
    chromium.find_elements("css selector", ".overview g.fold")[5].click()
    assert position(chromium) == "forward 16 of 181"
    (opened,) = [detail for detail in chromium.find_elements("css selector", ".detail") if detail.is_displayed()]
    assert opened.find_element("css selector", "g.current text").text == "linear"
    # What the fold reads from outside is there too.
    assert [text.text for text in opened.find_elements("css selector", "g.outside text")] == ["sigmoid", "(2, 3)"]


def test_the_keyboard_reaches_every_control_and_each_has_a_name(chromium, moons_page):
    open_page(chromium, moons_page)
    reached = []
    for _ in range(5):
        press(chromium, keys().TAB)
        reached.append(chromium.switch_to.active_element.get_attribute("id"))
    assert reached == ["slider", "next", "last", "turn", ""]  # at the first step there is no way back; then the graph
    assert chromium.switch_to.active_element.get_attribute("class") == "overview"
    names = chromium.execute_script(
        "return [...document.querySelectorAll('button, input, [role=button], canvas, svg')]"
        ".map((each) => each.getAttribute('aria-label') || each.textContent.trim())"
    )
    assert "" not in names


def test_a_trace_in_a_notebook_steps_inside_of_its_frame(chromium, network, tmp_path):
    notebook = tmp_path / "notebook.html"
    notebook.write_text(f"<!doctype html><title>notebook</title>{network._repr_html_()}", encoding="utf-8")
    open_page(chromium, notebook.as_uri())
    chromium.switch_to.frame(chromium.find_element("tag name", "iframe"))
    chromium.find_element("id", "next").click()
    assert position(chromium) == "forward 2 of 4"
    chromium.switch_to.default_content()
    assert chromium.get_log("browser") == []
    assert chromium.current_url == notebook.as_uri()


def test_a_drawing_in_a_file_follows_the_colour_scheme(chromium, tmp_path):
    w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
    path = tmp_path / "graph.svg"
    debug.draw((w * w).sum(), path)
    fills = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        open_page(chromium, path.as_uri())
        assert chromium.find_element("css selector", "g.leaf text").is_displayed()
        fills.append(chromium.find_element("css selector", "g.leaf text").value_of_css_property("fill"))
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert fills[0] != fills[1]
