"""A real browser without a window, where the machine has one: Debian's chromium and its driver."""

import shutil

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install minigrad[test]")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # which root cannot have, and pages of this project alone are read
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have a small one
    "--disable-extensions",
    "--no-first-run",
    "--window-size=1280,800",
)


def start(profile):
    """Return a browser with a profile of its own, or skip the test where there is none."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium or chromedriver is not installed (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))


def wait_until(driver, condition):
    """Wait until a condition on the browser holds, for five seconds at most."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 5, 0.02).until(condition)
