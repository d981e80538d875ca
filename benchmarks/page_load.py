"""Server start to the home page's first screen, against an empty Streamlit page.

    python benchmarks/page_load.py [--runs 5] [--deep]

Each run starts a fresh server and a fresh browser context, the app and the empty page in
turn, and takes the time from the start of the process until the page has settled and, for
the app, all pictures of its first screen are complete and its text is there.  A visitor then
reads for four seconds, and opens every page from the sidebar, twice.  With ``--deep``, a fresh
server that nobody has asked anything is sent a link to each page instead: seconds from the
request to its result (its first picture or chart; on Text and Runs, the settled page), held
against the home page's, for a server as ``./run`` starts it and for plain ``streamlit run``.
Needs Chromium and playwright (see requirements-dev.txt).
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import ROOT, provenance, table
from playwright.sync_api import sync_playwright

SETTLED = "[data-testid='stApp'][data-test-script-state='notRunning']"
PICTURE = "() => [...document.querySelectorAll('[data-testid=stMain] img')].some(i => i.complete && i.naturalWidth)"  # noqa: E501
#: All of home's first screen: two pictures under the divider, two sheets, and the last letter.
FIRST_SCREEN = """() => {
    const found = [], look = root => {
        found.push(...root.querySelectorAll('img'))
        root.querySelectorAll('*').forEach(e => e.shadowRoot && look(e.shadowRoot))
    }
    look(document.querySelector('[data-testid=stMain]'))
    return found.length >= 4 && found.every(i => i.complete && i.naturalWidth)
        && !!document.querySelector('[data-testid=stHtml] span')
}"""
#: A picture, or a chart that is drawn.
RESULT = f"() => ({PICTURE})() || !!document.querySelector('[data-testid=stMain] .js-plotly-plot .main-svg .layer-above')"  # noqa: E501
#: Pages that show none: there the page is to have settled.
NO_PICTURE = ("Text", "Runs")
#: Links that a stranger might be sent, with a setting or two.
DEEP = {
    "Train": "train?v=1&data=scenes&shown=1",
    "Inside": "inside?v=1&picture=12&level=1&unit=5",
    "Compress": "compress?v=1&quality=4&picture=33",
    "Text": "text?v=1",
    "Generate": "generate?v=1&seed=9",
    "Formulas": "formulas?v=1&picture=7",
    "Runs": "runs?v=1",
}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


def serve(
    script: Path, folder: Path, env: dict[str, str] | None = None, ready: bool = False
) -> tuple[subprocess.Popen, str]:
    """Start a server and wait until it answers; a ready one as ``./run`` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    how = ["studio.serving"] if ready else ["streamlit", "run", str(script)]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [sys.executable, "-m", *how, *options], cwd=folder, env=env, stdout=quiet, stderr=quiet
    )
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    return process, f"http://127.0.0.1:{port}"


def first_paint(browser, script: Path, folder: Path, picture: bool):
    """Seconds from the server's start to the settled page; the page and the server too."""
    began = time.perf_counter()
    process, url = serve(script, folder)
    page = browser.new_context().new_page()
    page.goto(url)
    page.wait_for_selector("[data-testid='stApp']")
    if picture:
        page.wait_for_selector("[data-testid='stMain'] h1")
        page.wait_for_function(FIRST_SCREEN, timeout=60_000)
    else:
        page.wait_for_selector("[data-testid='stMain'] h1")
    return time.perf_counter() - began, page, process


def result_of(browser, name: str, ready: bool) -> tuple[float, float]:
    """Seconds until a fresh server answers, and from a link to its result."""
    began = time.perf_counter()
    process, url = serve(ROOT / "app.py", ROOT, ready=ready)
    page = browser.new_context().new_page()
    asked = time.perf_counter()
    page.goto(f"{url}/{DEEP.get(name, '')}")
    page.wait_for_selector("[data-testid='stMain'] h1")
    if name in NO_PICTURE:
        page.wait_for_selector(SETTLED, timeout=60_000)
    else:
        page.wait_for_function(RESULT, timeout=60_000)
    end = time.perf_counter()
    page.context.close()
    process.kill()
    return asked - began, end - asked


def deep(browser, runs: int) -> None:
    """Cold links against the cold home page."""
    for ready, words in ((True, "./run"), (False, "streamlit run app.py")):
        found = {name: [] for name in ("home", *DEEP)}
        for _ in range(runs + 1):
            for name, took in found.items():
                took.append(result_of(browser, name, ready))
        rows, home = [], 0.0
        for name, took in found.items():  # the first round warms the disk's cache
            starts, seconds = (statistics.median(part) for part in zip(*took[1:], strict=True))
            home = home or seconds
            rows.append((name, f"{starts:.2f}", f"{seconds:.2f}", f"{seconds / home:.2f}"))
        table(
            (
                f"{words}: cold link to",
                "server answers after, s",
                "result after, s",
                "of the home page's",
            ),
            rows,
        )
        print()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--deep", action="store_true")
    args = parser.parse_args()
    provenance("page_load", "shipped model", 0)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    app, empty = [], []
    changes: dict[str, list[float]] = {}
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        blank = Path(folder) / "blank.py"
        blank.write_text("import streamlit as st\nst.title('Nothing')\n")
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        if args.deep:
            deep(browser, args.runs)
            return
        for _ in range(args.runs + 1):
            seconds, _, process = first_paint(browser, blank, Path(folder), False)
            process.kill()
            empty.append(seconds)
            seconds, page, process = first_paint(browser, ROOT / "app.py", ROOT, True)
            app.append(seconds)
            time.sleep(4)
            for _ in range(2):  # the first visit imports, the second is what visitors feel
                for link in page.locator("[data-testid='stSidebarNavLink']").all():
                    name = link.inner_text().split()[-1]
                    began = time.perf_counter()
                    link.click()
                    page.wait_for_selector(f"h1:has-text('{name}'), h1:has-text('HTM')")
                    if name in NO_PICTURE:
                        page.wait_for_selector(SETTLED, timeout=60_000)
                    else:
                        page.wait_for_function(RESULT, timeout=60_000)
                    changes.setdefault(name, []).append(time.perf_counter() - began)
            process.kill()
        browser.close()
    app, empty = app[1:], empty[1:]  # the first pair warms the disk's cache
    ratio = statistics.median(a / e for a, e in zip(app, empty, strict=True))
    table(
        ("page", "first paint s, median", "ratio, median of pairs"),
        [
            ("an empty Streamlit page", f"{statistics.median(empty):.2f}", "1"),
            ("home, all of its first screen", f"{statistics.median(app):.2f}", f"{ratio:.2f}"),
        ],
    )
    print()
    rows = []
    for name, seconds in changes.items():
        first, later = seconds[2::2], seconds[3::2]
        rows.append((name, f"{statistics.median(first):.2f}", f"{statistics.median(later):.2f}"))
    table(("page change to", "first visit s", "second visit s"), rows)


if __name__ == "__main__":
    main()
