"""A class of visitors on one server: the time pages take, errors, memory.

    python benchmarks/load.py [--visitors 1 10 30] [--minutes 5] [--seed S]

For each number of visitors a fresh server, and sessions that speak Streamlit's own protocol
over a WebSocket as its browser client does: a page is asked for, messages are read until the
script has finished, timers of fragments are answered, buttons are pressed by their ids.  A
third of them train, one network after the other, with pauses; a third move the quality of
the compress page; a third go from page to page.  Everybody thinks for three to nine seconds
in between.  Pictures that a page names are not fetched, and nothing is drawn: what is
measured is the server.

Page changes are those of the visitors who go from page to page, from the question to the end
of the script;
``alone`` is the same with one visitor who only browses.  Memory is what the server's process
holds at its worst, and what the processes hold that it has started (Linux): with
``HTM_WORKERS=0`` trainings run in the server's threads, else in such where there is room.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from common import ROOT, provenance, table
from page_load import serve
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

PAGES = ("", "train", "inside", "compress", "text", "series", "generate", "formulas", "runs")
#: Seconds after which an answer counts as lost.
PATIENCE = 120.0
TRAINED = "data=digits&epochs=40&patience=100&seed={seed}"


@dataclass
class Seen:
    """What all visitors of a run met."""

    changes: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    trained: int = 0
    trainers: int = 0  #: visitors of whom a training has ended
    errors: list[str] = field(default_factory=list)
    lost: int = 0


class Visitor:
    """One session."""

    def __init__(self, url: str, seen: Seen, seed: int) -> None:
        self.url, self.seen, self.rng = url.replace("http", "ws") + "/_stcore/stream", seen, None
        self.rng = random.Random(seed)
        self.page, self.query, self.script = "", "", ""
        self.has_trained = False
        self.buttons: dict[str, str] = {}
        self.texts: set[str] = set()
        self.finished = asyncio.Event()
        self.timers: dict[str, asyncio.Task] = {}

    async def live(self, kind: str, end: float) -> None:
        """Come, do what this kind of visitor does, and leave."""
        try:
            async with connect(self.url, subprotocols=["streamlit"], max_size=None) as self.socket:
                reader = asyncio.create_task(self.read())
                await self.open("")
                await getattr(self, kind)(end)
                self.forget_timers()
                reader.cancel()
        except (OSError, TimeoutError) as exc:
            self.seen.lost += 1
            self.seen.errors.append(f"{kind}: {type(exc).__name__} {exc}")
        except Exception as exc:
            if "ConnectionClosed" not in type(exc).__name__:
                raise
            self.seen.lost += 1

    # ------------------------------------------------------------------ kinds
    async def browse(self, end: float) -> None:
        """From page to page."""
        while await self.think(end):
            began = time.perf_counter()
            await self.open(self.rng.choice([page for page in PAGES if page != self.page]))
            self.seen.changes.append(time.perf_counter() - began)

    async def train(self, end: float) -> None:
        """Train, watch until it is over, and train again."""
        await self.open("train", TRAINED.format(seed=self.rng.randrange(1000)))
        while await self.think(end):
            await self.press("train")
            while "(finished)" not in " ".join(self.texts) and time.monotonic() < end:
                await asyncio.sleep(1.0)
            over = "(finished)" in " ".join(self.texts)
            self.seen.trained += over
            self.seen.trainers += over and not self.has_trained
            self.has_trained = self.has_trained or over

    async def compress(self, end: float) -> None:
        """Another quality, another picture."""
        while await self.think(end):
            began = time.perf_counter()
            quality, picture = self.rng.randint(1, 10), self.rng.randrange(300)
            await self.open("compress", f"quality={quality}&picture={picture}")
            self.seen.answers.append(time.perf_counter() - began)

    async def think(self, end: float) -> bool:
        """Three to nine seconds; False once the time is over."""
        await asyncio.sleep(3 + 6 * self.rng.random())
        return time.monotonic() < end

    # --------------------------------------------------------------- protocol
    async def open(self, page: str, query: str = "") -> None:
        """Ask for a page and wait until its script has finished."""
        self.page, self.query, self.script = page, query, ""
        self.forget_timers()
        self.buttons, self.texts = {}, set()
        await self.ask()

    async def press(self, key: str) -> None:
        """Press the button of this key."""
        found = [each for each in self.buttons if each.endswith(f"-{key}")]
        if not found:
            self.seen.errors.append(f"{self.page}: no button {key}")
            return
        self.texts = set()
        message = BackMsg()
        message.rerun_script.widget_states.widgets.add(id=found[0], trigger_value=True)
        await self.ask(message)

    async def ask(self, message: BackMsg | None = None, fragment: str = "") -> None:
        """Send a question; unless it is of a fragment's timer, wait for the answer."""
        message = message or BackMsg()
        message.rerun_script.query_string = self.query
        # As the browser has it: a page by its name once, from then on by what the server calls it.
        if self.script:
            message.rerun_script.page_script_hash = self.script
        else:
            message.rerun_script.page_name = self.page
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        else:
            self.finished.clear()
        await self.socket.send(message.SerializeToString())
        if not fragment:
            await asyncio.wait_for(self.finished.wait(), PATIENCE)

    async def read(self) -> None:
        """Take what the server sends."""
        async for data in self.socket:
            message = ForwardMsg.FromString(data)
            kind = message.WhichOneof("type")
            if kind == "navigation":  # all of a page begins, and with it new fragments
                self.forget_timers()
                self.script = message.navigation.page_script_hash
            elif kind == "delta":
                self.element(message.delta)
            elif kind == "auto_rerun":
                one = message.auto_rerun
                if one.fragment_id in self.timers:
                    self.timers[one.fragment_id].cancel()
                self.timers[one.fragment_id] = asyncio.create_task(
                    self.timer(one.fragment_id, one.interval)
                )
            elif kind == "stop_auto_rerun":
                for name in [n for n in self.timers if n == message.stop_auto_rerun.fragment_id]:
                    self.timers.pop(name).cancel()
            elif kind == "script_finished" and not message.script_finished:
                self.finished.set()  # 0: the whole page, successfully

    def forget_timers(self) -> None:
        """Ask for no fragment any more."""
        for timer in self.timers.values():
            timer.cancel()
        self.timers = {}

    async def timer(self, fragment: str, interval: float) -> None:
        """Ask for a fragment again and again."""
        while True:
            await asyncio.sleep(interval)
            await self.ask(fragment=fragment)

    def element(self, delta) -> None:
        """Note exceptions, buttons and what progress bars say."""
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.seen.errors.append(f"{self.page}: {element.exception.message[:200]}")
        elif kind == "button":
            self.buttons[element.button.id] = element.button.label
        elif kind == "progress":
            self.texts.add(element.progress.text)


def resident(process: subprocess.Popen, what: str) -> int:
    """Bytes that a process holds, ``VmRSS`` now or ``VmHWM`` at its worst."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    return 0


def family(process: subprocess.Popen) -> int:
    """Bytes that the processes which a server has started hold at their worst, together."""
    parents, held = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        number = int(status.parent.name)
        parents[number] = int(lines["PPid"])
        held[number] = int(lines.get("VmHWM", "0 kB").split()[0]) * 1024
    found, more = {process.pid}, True
    while more:
        new = {number for number, parent in parents.items() if parent in found} - found
        found, more = found | new, bool(new)
    return sum(held[number] for number in found - {process.pid} if number in held)


async def crowd(url: str, kinds: list[str], seconds: float, seed: int) -> Seen:
    """So many visitors of these kinds, who come within the first seconds."""
    seen, end = Seen(), time.monotonic() + seconds
    visitors = [Visitor(url, seen, 100 * seed + number) for number in range(len(kinds))]

    async def one(visitor: Visitor, kind: str, number: int) -> None:
        await asyncio.sleep(0.3 * number)
        await visitor.live(kind, end)

    await asyncio.gather(*(one(v, k, n) for n, (v, k) in enumerate(zip(visitors, kinds))))  # noqa: B905
    return seen


def measured(kinds: list[str], seconds: float, seed: int):
    """A fresh server with its own history, and this crowd."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HTM_STUDIO_DATA"] = folder
        process, url = serve(ROOT / "app.py", ROOT)
        try:
            asyncio.run(crowd(url, ["browse"], 12, seed))  # everything is imported and compiled
            before = resident(process, "VmRSS")
            seen = asyncio.run(crowd(url, kinds, seconds, seed))
            if process.poll() is not None:
                seen.errors.append("the server has died")
                return seen, before, 0, 0
            return seen, before, resident(process, "VmHWM"), family(process)
        finally:
            process.kill()
            process.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 30])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    provenance("load", "shipped model", args.seed)
    rows, alone = [], None
    for count in args.visitors:
        kinds = [("browse", "train", "compress")[number % 3] for number in range(count)]
        seen, before, most, others = measured(kinds, 60 * args.minutes, args.seed)
        middle = statistics.median(seen.changes)
        late = sorted(seen.changes)[int(0.95 * (len(seen.changes) - 1))]
        alone = alone or middle
        rows.append(
            [
                count,
                len(seen.changes),
                f"{middle:.2f}",
                f"{late:.2f}",
                f"{middle / alone:.1f}",
                f"{statistics.median(seen.answers):.2f}" if seen.answers else "",
                seen.trained,
                f"{seen.trainers} of {kinds.count('train')}",
                len(seen.errors),
                seen.lost,
                f"{most / 2**20:.0f}",
                f"{others / 2**20:.0f}",
                f"{(most - before) / 2**20 / count:.1f}",
            ]
        )
        for line in sorted(set(seen.errors)):
            print("error:", line, file=sys.stderr)
    head = [
        "visitors",
        "page changes",
        "median, s",
        "95 %, s",
        "of alone",
        "compress, s",
        "trainings ended",
        "of visitors",
        "errors",
        "lost",
        "memory, MB",
        "workers, MB",
        "MB a session",
    ]
    table(head, rows)


if __name__ == "__main__":
    main()
