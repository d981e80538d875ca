"""A real server and a real browser.

``server`` is one running app for the whole session, ``fresh_server`` a new one that nobody
has asked anything yet.  ``open_page(path)`` gives a page of a browser, loaded and settled,
that has written down every request, console error and failure.  ``screenshot`` takes
pictures for people to look at, into the directory named by SCREENSHOTS; without one, none.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Playwright,
    sync_playwright,
)

from tests.helpers.places import ROOT

#: Seconds that anything waited for may take: the server may be working for others, and the
#: machine for other tests.
PATIENCE = 180
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]
#: The shell without a window's own pages opens a page for half the work.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: What a visitor leaves in a browser besides what is only kept to load faster.
LEFT = "cookies,local_storage,indexeddb,service_workers"
#: Resolves once the page has kept its height for a few frames.
STANDS_STILL = """async () => {
    const height = () => document.querySelector('[data-testid=stMain]')?.scrollHeight;
    for (let same = 0, before = height(); same < 6;) {
        await new Promise(requestAnimationFrame);
        same = height() === before ? same + 1 : 0;
        before = height();
    }
}"""
SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
#: How a page is looked at: by day, by night, on a telephone.
LOOKS = (("light", 1280, 900), ("dark", 1280, 900), ("light", 390, 844))
IS_DRAWN_IN = """scheme => {
    const app = document.querySelector('[data-testid=stApp]');
    const [red] = getComputedStyle(app).backgroundColor.match(/[0-9]+/);
    return (red < 128) === (scheme === 'dark');
}"""


@dataclass
class Server:
    """A running app: its address and the file its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class Visit:
    """A browser's page with what it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def note_error(visit: Visit, line: ConsoleMessage) -> None:
    where = str(line.location.get("url", ""))
    # On a deep link Streamlit's client looks for its server below the page's path first.
    if line.type == "error" and not where.endswith(("/_stcore/health", "/_stcore/host-config")):
        visit.errors.append(f"{line.text} ({where})")


def complaints(visit: Visit) -> list[str]:
    """What the browser wrote down, but for pictures that were gone before it asked for them.

    A page that draws a picture anew tells its server to forget the one before; a busy browser
    may ask for that one too late.  What stands on the page in the end has to be there.
    """
    gone = re.compile(
        r"(?:Failed to load resource|Image source error).*(/media/\w+\.(?:png|jpe?g|webp|gif))",
        re.S,
    )
    shown = visit.page.locator("img").evaluate_all("all => all.map(e => e.src)")
    return [
        error
        for error in visit.errors
        if not (missed := gone.search(error)) or any(missed.group(1) in one for one in shown)
    ]


def start_server(log: Path, below: str = "") -> Server:
    """Start the app on a free port, at a path; its output goes to a file, as a pipe would fill."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}{below and f'/{below}'}"
    # Both ways to start it are tried: below a path, the one of ./run and of the container.
    how = ["studio.serving"] if below else ["streamlit", "run", str(ROOT / "app.py")]
    command = [sys.executable, "-m", *how]
    options = ["--server.headless=true", "--server.address=127.0.0.1", f"--server.port={port}"]
    options += [f"--server.baseUrlPath={below}"] if below else []
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            # Other tests of the same worker look at a history without what is done here.
            env=os.environ | {"HTM_STUDIO_DATA": str(log.parent / "history")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return Server(url, process, log)
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def find_browser() -> str | None:
    names = [os.environ.get("CHROMIUM", ""), *BROWSERS]
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        message = "no Chromium on this machine; ./check says how to get it"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    running = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield running
    running.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("server") / "log.txt")
    yield running
    stop_server(running)


@pytest.fixture
def fresh_server(tmp_path: Path, browser: Browser) -> Iterator[Server]:
    running = start_server(tmp_path / "server.txt")
    yield running
    stop_server(running)


def wait_ready(page: Page) -> None:
    """Wait until the script has run and drawn something.

    Not for pages with a live timer: those are never done, so wait for their content there.
    """
    page.wait_for_selector(SETTLED)
    page.wait_for_selector("h1")


def looks(page: Page) -> Iterator[str]:
    """Show a page in every look, one after another, and say which.

    A page answers a change of its window at once, and a visit for each look takes seconds.
    """
    for scheme, width, height in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_function(IS_DRAWN_IN, arg=scheme)
        page.wait_for_selector(SETTLED)
        page.evaluate(STANDS_STILL)
        yield f"{scheme}-{width}"


@pytest.fixture
def upload() -> Callable[..., None]:
    """Give a file to an uploader: ``upload(uploader, "a.zip", content)``.

    Streamlit draws an uploader twice within a twentieth of a second, the second time when the
    code of a neighbour has arrived, and a file given in between is lost.  No hand is that
    quick; this one waits until the input it sees is the one that stays.
    """

    def given(area: Locator, name: str, content: bytes, kind: str = "") -> None:
        chosen = area.locator("input[type=file]")
        while not chosen.evaluate("e => e.dataset.stays ? true : (e.dataset.stays = 1, false)"):
            area.page.wait_for_timeout(400)
        kind = kind or "application/octet-stream"
        chosen.set_input_files({"name": name, "mimeType": kind, "buffer": content})

    return given


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[dict[tuple[str, int], BrowserContext]]:
    """Browsers' contexts by language and number; none but ``open_page`` uses them."""
    made: dict[tuple[str, int], BrowserContext] = {}
    yield made
    for context in made.values():
        context.close()


def forget(context: BrowserContext, urls: set[str]) -> None:
    """Leave nothing by which the servers of addresses could know the visitor again."""
    for page in context.pages:  # first, or an answer on its way would bring a cookie back
        page.close()
    context.clear_cookies()
    blank = context.new_page()
    session = context.new_cdp_session(blank)
    for origin in {f"{where.scheme}://{where.netloc}" for where in map(urlsplit, urls)}:
        what = {"origin": origin, "storageTypes": LEFT}
        session.send("Storage.clearDataForOrigin", what)
    blank.close()


@pytest.fixture
def open_page(
    browser: Browser, contexts: dict[tuple[str, int], BrowserContext]
) -> Iterator[Callable[..., Visit]]:
    """Open an address: ``open_page(url, width=1280, height=900, scheme="light", locale="en-US")``.

    Each is a visitor nobody has seen before, yet with Streamlit's own files at hand: a context
    is used again, by one visitor at a time, which saves a second a visit.  Whatever is waited
    for on the page may take ``PATIENCE`` seconds, unless a test says more.
    """
    visits: dict[tuple[str, int], Visit] = {}

    def opened(
        url: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        locale: str = "en-US",
        ready: bool = True,
    ) -> Visit:
        who = (locale, len(visits))
        if who not in contexts:
            contexts[who] = browser.new_context(
                reduced_motion="reduce", accept_downloads=True, locale=locale
            )
            contexts[who].set_default_timeout(PATIENCE * 1000)
        visit = visits[who] = Visit(contexts[who].new_page())
        visit.page.set_viewport_size({"width": width, "height": height})
        visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        visit.page.on("console", lambda line: note_error(visit, line))
        visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
        visit.page.goto(url)
        if ready:
            wait_ready(visit.page)
        return visit

    yield opened
    for who, visit in visits.items():
        try:
            forget(contexts[who], {url for url in visit.requests if url.startswith("http")})
        except Error:  # then the next visitor has a context of their own
            contexts.pop(who).close()


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """Take a picture of the whole page, if pictures are wanted: ``screenshot(page, "home-dark")``.

    None by default, as each takes a second and nothing in the check looks at it.
    """
    folder = os.environ.get("SCREENSHOTS")

    def taken(page: Page, name: str) -> None:
        if not folder:
            return
        path = Path(folder) / f"{name}.png"
        # Streamlit scrolls inside an element, so a full-page shot needs a window as tall as it.
        width = page.viewport_size["width"] if page.viewport_size else 1280
        height = page.evaluate(
            "() => Math.max(...[...document.querySelectorAll('[data-testid=stMain]')]"
            ".map(e => e.scrollHeight), window.innerHeight)"
        )
        page.set_viewport_size({"width": width, "height": int(height)})
        page.evaluate(STANDS_STILL)
        page.screenshot(path=str(path))

    return taken
