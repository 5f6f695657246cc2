"""The page in a real browser, of a daemon that runs while it is looked at.

With STREAMRNN_PICTURES set to a folder, pictures of it are put there.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.tools, pytest.mark.xdist_group("browser")]

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install '.[tools]'")
By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

SETTINGS = ["transport.path=log", "snapshots.every_seconds=2", "anomaly.enabled=true", "anomaly.warm_up=60"]
STREAMRNN = [sys.executable, "-c", "from streamrnn.cli.app import main; main()"]
ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars",
)  # fmt: skip

Browser = Any


def overrides(*more: str) -> list[str]:
    return [word for each in (*SETTINGS, *more) for word in ("--set", each)]


class Running:
    """A daemon and somebody who feeds it, as processes of their own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        (root / "log" / "events").mkdir(parents=True)
        (root / "log" / "events" / "0.jsonl").touch()
        feed = [*STREAMRNN, "feed", *overrides(), "--rate", "300", "--streams", "40"]
        self._feed = subprocess.Popen(feed, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.port = 0
        self.start()

    def start(self) -> None:
        log = self._root / "daemon.log"
        with log.open("w") as file:
            run = [*STREAMRNN, "run", *overrides(f"http.port={self.port}", "logging.format=json")]
            self.process = subprocess.Popen(run, cwd=self._root, stdout=file, stderr=file)
        deadline = time.monotonic() + 110
        while "http://127.0.0.1:" not in (text := log.read_text()):
            assert time.monotonic() < deadline and self.process.poll() is None, text
            time.sleep(0.05)
        self.address = "http://127.0.0.1:" + text.split("http://127.0.0.1:")[1].split('"')[0]
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def end(self) -> None:
        for process in (self._feed, self.process):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    started = Running(tmp_path_factory.mktemp("daemon"))
    yield started
    started.end()


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    binary, driver = next(filter(None, found), None), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium with its driver is on the path")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture
def browser(opened: Browser, running: Running) -> Browser:
    """With the page loaded, and anything that went wrong in it an error."""
    look(opened, 1440, 1000)
    opened.get_log("browser")
    opened.get(running.address)
    wait(opened, lambda: text(opened, "state") == "running")
    return opened


def look(browser: Browser, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def text(browser: Browser, name: str) -> str:
    return str(browser.find_element(By.ID, name).text)


def tile_lines(browser: Browser) -> list[list[str]]:
    """Name, value and note of each tile, asked for at once: they are drawn anew every second."""
    lines = "[...each.children].map((line) => line.textContent)"
    return list(browser.execute_script(f"return [...document.querySelectorAll('#tiles .tile')].map((each) => {lines})"))


def tiles(browser: Browser) -> dict[str, str]:
    return {name: value for name, value, _ in tile_lines(browser)}


def wait(browser: Browser, holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What it returns, once that is true."""
    from selenium.common.exceptions import StaleElementReferenceException

    deadline = time.monotonic() + seconds
    while True:
        try:
            found = holds()
        except StaleElementReferenceException:  # drawn anew meanwhile
            found = None
        if found:
            return found
        assert time.monotonic() < deadline, browser.find_element(By.TAG_NAME, "body").text
        time.sleep(0.1)


def complaints(browser: Browser) -> list[str]:
    return [each["message"] for each in browser.get_log("browser") if each["level"] in ("SEVERE", "WARNING")]


def keep_picture(browser: Browser, name: str, height: int) -> None:
    folder = os.environ.get("STREAMRNN_PICTURES")
    if folder:
        width = browser.execute_script("return innerWidth")
        look(browser, width, height)
        time.sleep(0.5)
        browser.save_screenshot(str(Path(folder) / f"{name}.png"))


def names(browser: Browser) -> list[str]:
    """The streams that are listed, asked for at once: the list may be drawn anew at any moment."""
    rows = "[...document.querySelectorAll('#streams tbody tr[data-stream]')]"
    return list(browser.execute_script(f"return {rows}.map((each) => each.dataset.stream)"))


def click(browser: Browser, place: int) -> None:
    browser.execute_script(f"document.querySelectorAll('#streams tbody tr[data-stream]')[{place}].click()")


def test_numbers_move_and_charts_are_drawn(browser: Browser) -> None:
    def events() -> int:
        return int(tile_lines(browser)[1][2].split()[0].replace(",", ""))

    before = wait(browser, events)
    wait(browser, lambda: events() > before + 300)
    wait(browser, lambda: tiles(browser)["Skill"].endswith("%"))
    assert tiles(browser)["Dead letters"].isdecimal() and int(tiles(browser)["Live streams"]) >= 30
    wait(browser, lambda: len(browser.find_elements(By.CSS_SELECTOR, ".chart canvas")) == 4)
    assert " outcomes." in text(browser, "learning-note")
    assert wait(browser, lambda: "snapshot" in text(browser, "marks"))
    assert "events-0" in text(browser, "partitions") and "process" in text(browser, "busy")
    assert complaints(browser) == []


def test_a_stream_is_searched_chosen_and_drawn(browser: Browser) -> None:
    wait(browser, lambda: len(names(browser)) > 5)
    name = names(browser)[3]
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    search = browser.switch_to.active_element
    assert search.get_attribute("id") == "search"
    search.send_keys(name.upper())
    wait(browser, lambda: names(browser)[:1] == [name])
    search.send_keys(Keys.ENTER)
    wait(browser, lambda: text(browser, "stream-title") == name)
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#stream-chart canvas"))
    wait(browser, lambda: "Next forecast" in text(browser, "stream-facts"))

    def seen() -> int:
        facts = dict(zip(*[iter(text(browser, "stream-facts").split("\n"))] * 2, strict=False))
        return int(facts["Events"].replace(",", ""))

    before = seen()
    wait(browser, lambda: seen() > before)
    assert browser.current_url.endswith(f"?stream={name}")
    search.clear()
    search.send_keys("no such stream")
    wait(browser, lambda: "No live stream here has" in text(browser, "streams-note"))
    assert names(browser) == [] and complaints(browser) == []
    browser.find_element(By.ID, "close").click()
    wait(browser, lambda: text(browser, "stream-title") == "One stream")
    assert not browser.find_elements(By.CSS_SELECTOR, "#stream-chart canvas")


def test_the_list_is_worked_by_keys(browser: Browser) -> None:
    wait(browser, lambda: len(names(browser)) > 5)
    for button in browser.find_elements(By.CSS_SELECTOR, "#orders button"):
        button.click()
        assert button.get_attribute("aria-pressed") == "true"

    def focused() -> str | None:
        return browser.execute_script("return document.activeElement.dataset.stream ?? null")

    def press(key: str) -> Callable[[], str | None]:
        def pressed() -> str | None:
            browser.switch_to.active_element.send_keys(key)
            return focused()

        return pressed

    browser.execute_script("document.querySelector('#streams tbody tr[data-stream]').focus()")
    first = focused()
    wanted = wait(browser, press(Keys.ARROW_DOWN))
    assert wanted != first and wanted in names(browser)
    wait(browser, press(Keys.ENTER))
    wait(browser, lambda: text(browser, "stream-title") == wanted)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    wait(browser, lambda: text(browser, "stream-title") == "One stream")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_it_fits_and_can_be_read(browser: Browser, width: int, theme: str) -> None:
    browser.execute_script(f"localStorage.setItem('theme', '{theme}'); location.reload()")
    look(browser, width, 1000)
    wait(browser, lambda: len(names(browser)) > 5)
    wait(browser, lambda: browser.execute_script("return document.documentElement.dataset.theme") == theme)
    click(browser, 4)
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, "#stream-chart canvas"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    small = browser.execute_script(CONTRAST)
    assert small == [], "too little contrast"
    if os.environ.get("STREAMRNN_PICTURES"):  # of a daemon that has worked for a while
        wait(browser, lambda: int(text(browser, "learning-note").split()[-2].replace(",", "")) > 20_000, 240)
    keep_picture(browser, f"page-{theme}-{'wide' if width > 500 else 'narrow'}", 2600 if width < 500 else 1330)


def test_a_daemon_that_stands_still_and_one_that_is_dead_are_shown_as_such(browser: Browser, running: Running) -> None:
    wait(browser, lambda: len(names(browser)) > 5)
    running.process.send_signal(signal.SIGSTOP)
    wait(browser, lambda: text(browser, "state") == "no contact")
    running.process.send_signal(signal.SIGCONT)
    wait(browser, lambda: text(browser, "state") == "running")
    running.process.kill()
    running.process.wait()
    wait(browser, lambda: text(browser, "state") == "no contact")
    assert "does not answer since" in text(browser, "alarm")
    assert int(tiles(browser)["Live streams"]) >= 30  # the last that was known stays
    running.start()
    wait(browser, lambda: text(browser, "state") == "running")
    assert not browser.find_element(By.ID, "alarm").is_displayed()


# Texts whose contrast with their ground is below 4.5, by the formula of the WCAG.
CONTRAST = """
const light = (rgb) => {
  const [r, g, b] = rgb.map((each) => (each /= 255) <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
const ground = (node) => {
  for (; node; node = node.parentElement) {
    const found = parts(getComputedStyle(node).backgroundColor);
    if (found.length < 4 || found[3] === 1) return found.slice(0, 3);
  }
  return [255, 255, 255];
};
const bad = [];
for (const node of document.querySelectorAll("body *")) {
  const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
  if (!own || !node.offsetParent || getComputedStyle(node).visibility === "hidden") continue;
  const [a, b] = [light(parts(getComputedStyle(node).color).slice(0, 3)), light(ground(node))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) bad.push(`${node.tagName} ${node.textContent.slice(0, 30)} ${contrast.toFixed(2)}`);
}
return bad;
"""
