"""Two pictures under one divider that a hand moves, enlarged as much as wanted.

::

    two picture files ──► Streamlit's media files ──► the browser: one <img> each
    hand on it        ──► "at" (divider, middle) ──► session ──► the link

Mouse, touch and keyboard: the divider is a slider for those who cannot see it; where the
picture is enlarged, everything beside the divider moves the picture, and so do the arrow
keys while the frame has the focus.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.runtime import exists, get_instance

from .settings import Page
from .words import t

#: Names of what a hand moves, in per cent of the frame: the divider, and the middle shown.
HELD = ("wipe", "zoom_x", "zoom_y")
#: Where a hand has moved nothing yet.
MIDDLE = 50
_NAME = "divider"

_HTML = """
<div class="frame" tabindex="0" role="group">
  <div class="side first"><img draggable="false" alt=""></div>
  <div class="side second"><img draggable="false" alt=""></div>
  <span class="name left"></span>
  <span class="name right"></span>
  <div class="handle" tabindex="0" role="slider" aria-orientation="horizontal"
       aria-valuemin="0" aria-valuemax="100"><span class="knob" aria-hidden="true">⇔</span></div>
</div>
"""

_CSS = """
.frame {
  position: relative; overflow: hidden; width: 100%; max-height: 78vh; margin: 0 auto;
  background: var(--st-secondary-background-color); border-radius: var(--st-base-radius);
  border: 1px solid var(--st-border-color); box-sizing: border-box;
  user-select: none; -webkit-user-select: none; touch-action: pan-y; cursor: ew-resize;
}
.frame.near { touch-action: none; cursor: grab; }
.frame.near.moving { cursor: grabbing; }
.frame:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
.side { position: absolute; inset: 0; overflow: hidden; pointer-events: none; }
.side img { position: absolute; max-width: none; display: block; }
.side.coarse img { image-rendering: pixelated; }
.name {
  position: absolute; top: 8px; max-width: 44%; padding: 2px 9px; pointer-events: none;
  background: var(--st-background-color); color: var(--st-text-color); opacity: .92;
  font-family: var(--st-font); font-size: .82rem; line-height: 1.5;
  border-radius: var(--st-base-radius); overflow-wrap: anywhere;
}
.name.left { left: 8px; }
.name.right { right: 8px; text-align: right; }
.handle {
  position: absolute; top: 0; bottom: 0; width: 44px; margin-left: -22px;
  cursor: ew-resize; touch-action: none; outline: none;
}
.handle::before {
  content: ""; position: absolute; top: 0; bottom: 0; left: 20px; width: 2px;
  background: #fff; border: solid #0009; border-width: 0 1px;
}
.knob {
  position: absolute; top: 50%; left: 4px; width: 34px; height: 34px; margin-top: -18px;
  border-radius: 50%; background: var(--st-primary-color); color: #fff;
  border: 1px solid #fff; display: grid; place-items: center; font-size: 17px; line-height: 1;
}
.handle:focus-visible .knob { box-shadow: 0 0 0 3px #fff, 0 0 0 6px var(--st-primary-color); }
"""

_JS = """
const known = new WeakMap()
const within = (value, low, high) => Math.min(high, Math.max(low, value))

export default function (component) {
  const { data, parentElement, setStateValue } = component
  let my = known.get(parentElement)
  if (!my) known.set(parentElement, (my = { at: [50, 50, 50], told: "", sent: [] }))
  const find = name => parentElement.querySelector(name)
  const frame = find(".frame"), handle = find(".handle")
  const sides = [find(".side.first"), find(".side.second")]
  if (!frame || !handle) return

  // Streamlit serves media beside the page, wherever the app lives.
  const path = location.pathname.replace(/\\/+$/, "")
  const base = path.slice(0, path.lastIndexOf("/") + 1) || "/"
  data.pictures.forEach((url, index) => {
    const image = sides[index].firstElementChild
    const full = /^[a-z]+:/.test(url) ? url : base + url.replace(/^\\/+/, "")
    if (image.getAttribute("src") !== full) image.setAttribute("src", full)
    image.alt = data.alts[index]
  })
  find(".name.left").textContent = data.names[0]
  find(".name.right").textContent = data.names[1]
  frame.setAttribute("aria-label", data.label)
  handle.setAttribute("aria-label", data.divider)
  frame.style.aspectRatio = `${data.width} / ${data.height}`
  // A tall picture keeps its shape where the height is bounded.
  frame.style.maxWidth = `calc(78vh * ${data.width / data.height})`

  // What was said before a hand moved on is no order.
  const told = JSON.stringify(data.at)
  if (told !== my.told && !my.sent.includes(told) && !my.moving) my.at = data.at.slice()
  my.told = told
  my.zoom = data.zoom

  const draw = () => {
    const [wipe, x, y] = my.at, zoom = my.zoom
    sides[0].style.clipPath = `inset(0 ${100 - wipe}% 0 0)`
    sides[1].style.clipPath = `inset(0 0 0 ${wipe}%)`
    // Enlarged, every pixel is to be seen; what fits the frame is looked at as a picture.
    const coarse = zoom > 1 && frame.clientWidth * zoom * devicePixelRatio > 1.01 * data.width
    for (const side of sides) {
      const image = side.firstElementChild
      side.classList.toggle("coarse", coarse)
      image.style.width = image.style.height = `${100 * zoom}%`
      image.style.left = `${-(zoom - 1) * x}%`
      image.style.top = `${-(zoom - 1) * y}%`
    }
    handle.style.left = `${wipe}%`
    handle.setAttribute("aria-valuenow", Math.round(wipe))
    handle.setAttribute("aria-valuetext",
      `${Math.round(wipe)} % ${data.names[0]}, ${100 - Math.round(wipe)} % ${data.names[1]}`)
    frame.classList.toggle("near", zoom > 1)
  }
  const tell = () => {
    const whole = my.at.map(Math.round), text = JSON.stringify(whole)
    if (text === my.sent.at(-1)) return
    my.sent = [...my.sent.slice(-9), text]
    setStateValue("at", whole)
  }
  const later = () => { clearTimeout(my.timer); my.timer = setTimeout(tell, 350) }
  const wipeTo = event => {
    const box = frame.getBoundingClientRect()
    my.at[0] = within(100 * (event.clientX - box.left) / box.width, 0, 100)
  }

  frame.onpointerdown = event => {
    if (event.button) return
    const onHandle = handle.contains(event.target)
    my.moving = onHandle || my.zoom === 1 ? "wipe" : "picture"
    my.from = [event.clientX, event.clientY, my.at[1], my.at[2]]
    if (my.moving === "wipe") wipeTo(event)
    frame.classList.add("moving")
    frame.setPointerCapture(event.pointerId)
    if (onHandle || my.moving === "wipe") handle.focus({ preventScroll: true })
    event.preventDefault()
    draw()
  }
  frame.onpointermove = event => {
    if (!my.moving) return
    if (my.moving === "wipe") wipeTo(event)
    else {
      const box = frame.getBoundingClientRect(), over = my.zoom - 1
      my.at[1] = within(my.from[2] - 100 * (event.clientX - my.from[0]) / box.width / over, 0, 100)
      my.at[2] = within(my.from[3] - 100 * (event.clientY - my.from[1]) / box.height / over, 0, 100)
    }
    draw()
  }
  frame.onpointerup = frame.onpointercancel = () => {
    if (!my.moving) return
    my.moving = ""
    frame.classList.remove("moving")
    tell()
  }
  frame.onkeydown = event => {
    const far = event.shiftKey ? 10 : 2, key = event.key
    const step = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far],
                   ArrowDown: [0, far], PageUp: [10, 0], PageDown: [-10, 0],
                   Home: [-100, 0], End: [100, 0] }[key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return
    if (handle.contains(event.target) || parentElement.activeElement === handle) {
      // As sliders do: up is more.
      my.at[0] = within(my.at[0] + (step[0] || -step[1]), 0, 100)
    } else if (my.zoom > 1) {
      my.at[1] = within(my.at[1] + step[0], 0, 100)
      my.at[2] = within(my.at[2] + step[1], 0, 100)
    } else return
    event.preventDefault()
    event.stopPropagation()
    draw()
    later()
  }
  if (!my.watch) {
    my.watch = new ResizeObserver(() => my.draw())
    my.watch.observe(frame)
  }
  my.draw = draw
  draw()
  return () => { my.watch.disconnect(); clearTimeout(my.timer); known.delete(parentElement) }
}
"""

_COMPONENT = st.components.v2.component(_NAME, html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Side:
    """What stands on one side of the divider.

    Parameters
    ----------
    file : bytes
        The picture as a file; both sides have one size in pixels.
    name : str
        Shown on the picture.
    alt : str
        What it shows, for those who cannot see it.
    kind : str
        The file's type, as servers call it.
    """

    file: bytes
    name: str
    alt: str
    kind: str = "image/png"


def show(
    on: Page, key: str, sides: tuple[Side, Side], size: tuple[int, int], zoom: int = 1
) -> None:
    """Draw it.

    Parameters
    ----------
    on : Page
        Whose settings, of those in ``HELD``, a hand on it changes.
    key : str
        Name of this divider on the page.
    sides : (Side, Side)
    size : (int, int)
        Width and height of the pictures in pixels.
    zoom : int
        How many times the picture is larger than what fits the frame.
    """
    at = [int(on.carried(name)) if name in on.controls else MIDDLE for name in HELD]
    first, second = sides
    _COMPONENT(
        data={
            "pictures": [_served(side, f"{key} {place}") for place, side in enumerate(sides)],
            "width": size[0],
            "height": size[1],
            "names": [side.name for side in sides],
            "alts": [side.alt for side in sides],
            "zoom": int(zoom),
            "at": at,
            "label": t("frame.divider_of", first=first.name, second=second.name),
            "divider": t("frame.divider"),
        },
        key=key,
        on_at_change=partial(_take, on, key),
    )


def _take(on: Page, key: str) -> None:
    """Keep what the hand left; a browser's word is checked as a link's is."""
    given: Any = st.session_state.get(key, {}).get("at")
    if not (isinstance(given, list) and len(given) == len(HELD)):
        return
    for name, value in zip(HELD, given, strict=True):
        if name not in on.controls:
            continue
        try:
            st.session_state[name] = on.controls[name].read([str(value)])
        except ValueError:
            continue


def _served(side: Side, place: str) -> str:
    """Address of a picture's file below the app's own, while this visitor sees it."""
    if not exists():
        return ""
    return str(get_instance().media_file_mgr.add(side.file, side.kind, place))
