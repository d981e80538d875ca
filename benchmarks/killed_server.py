"""The same kill for a whole server: a training begun in a browser, SIGKILL, and a new server.

Nothing looks into the history from outside.  A step counts as finished when the page showed
it, and as kept when the next server's page offers to go on from it or from a later one.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from common import ROOT
from page_load import FLAGS, SETTLED, serve
from playwright.sync_api import Browser, Page, sync_playwright

NEW = "train?v=1&data=digits&epochs=200&patience=100&batch=32"
STEP = re.compile(r"step ([\d,]+) of at most")
OFFER = re.compile(r"Go on from step ([\d,]+)")
SLOW = 60_000  # milliseconds; more than any page takes


@dataclass
class Life:
    """One life of a server, and how the next one found what it left.

    Attributes
    ----------
    seconds : float
        From the training's first sign to the kill.
    said : list of (int, float)
        Steps that the page showed, and when.
    end : str
        "cut off", "finished", or "nothing to go on from".
    kept : int
        Step that the next server offers to go on from.
    listed, told : bool
        Whether the Runs page names the run, and the Train page says where it stopped.
    """

    seconds: float
    said: list[tuple[int, float]] = field(default_factory=list)
    end: str = ""
    kept: int = 0
    listed: bool = False
    told: bool = False

    def lost(self, every: float) -> int:
        """Steps that were due to be kept and are not; a second more, which writing may take."""
        last = max((at for _, at in self.said), default=0.0)
        due = [step for step, at in self.said if at < last - every - 1]
        return max(0, max(due, default=0) - self.kept) if self.end != "finished" else 0


def number(text: str) -> int:
    """Number with commas between thousands."""
    return int(text.replace(",", ""))


def opened(page: Page, url: str) -> str:
    """All words of a page, once they are there."""
    page.goto(url)
    page.wait_for_selector("h1", timeout=SLOW)
    page.wait_for_selector(SETTLED, timeout=SLOW)
    page.wait_for_timeout(500)  # the client draws what the script has sent
    return page.locator("[data-testid=stMain]").inner_text()


def watched(page: Page, seconds: float) -> list[tuple[int, float]]:
    """Steps that a page shows for so long, and when each was seen first."""
    seen: dict[int, float] = {}
    until = time.monotonic() + seconds
    bar = page.locator("[data-testid=stProgress]").first
    while (left := until - time.monotonic()) > 0:
        found = STEP.search(bar.inner_text(timeout=SLOW))
        if found:
            seen.setdefault(number(found[1]), time.monotonic())
        time.sleep(min(0.05, left))
    return sorted(seen.items())


def found_again(page: Page, url: str, run: str, life: Life) -> None:
    """What a new server's pages say of a run."""
    text = opened(page, f"{url}/runs?v=1&runs={run}")
    life.listed = "digits" in text and "There is no such run" not in text
    text = opened(page, f"{url}/train?v=1&run={run}")
    offer = OFFER.search(text)
    life.told = "of at most" in text or "is over" in text or "its beginning" in text
    if offer:
        life.end, life.kept = "cut off", number(offer[1])
    else:
        life.end = "finished" if "is over" in text else "nothing to go on from"


def lives(browser: Browser, folder: str, times: int, every: float, seed: int) -> Iterator[Life]:
    """Kill and start again, so many times; each life as the next server finds it."""
    rng, run, life = random.Random(seed), "", None
    for number_of_life in range(times + 1):
        env = os.environ | {"HTM_STUDIO_DATA": folder}
        process, url = serve(ROOT / "app.py", ROOT, env)
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        try:
            if life is not None:
                found_again(page, url, run, life)
                yield life
            if number_of_life == times:
                return
            if life is not None and life.end == "cut off":
                page.get_by_role("button", name=OFFER).click()
            else:
                opened(page, f"{url}/{NEW}")
                page.get_by_role("button", name="Train", exact=True).click()
            page.get_by_text("(running)").wait_for(timeout=SLOW)
            life = Life(3 * every * rng.random())
            life.said = watched(page, life.seconds)
            run = parse_qs(urlsplit(page.url).query)["run"][0]
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
            page.context.close()


def killed_servers(folder: str, times: int, every: float, seed: int) -> Iterator[Life]:
    """Lives of a server on a folder, by a headless Chromium."""
    with sync_playwright() as running:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = running.chromium.launch(executable_path=chromium, args=FLAGS)
        yield from lives(browser, str(Path(folder)), times, every, seed)
        browser.close()
