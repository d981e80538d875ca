"""What a page is to somebody who sees, hears or points otherwise.

``axe/`` holds axe-core 4.14.1 by Deque Systems (MPL 2.0, its licence beside it), which only
the tests use.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
#: More stops than any page has.
STOPS = 400
RULES = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => [v.id, v.help, ...v.nodes.map(n => n.html.slice(0, 200))])"""
#: Streamlit pales what a script that runs has not drawn again, and brings it back slowly.
NOTHING_PALE = "() => !document.querySelector('[data-stale=true]')"
DRAWN = """() => Promise.all(document.getAnimations()
    .filter(one => one instanceof CSSTransition).map(one => one.finished.catch(() => {})))"""
#: Takes note of where the focus is; false once it has come round, or left the page.
NOTE = """() => {
    const now = document.activeElement;
    window.stops ??= [];
    if (now === document.body || (window.stops.length > 1 && now === window.stops[0])) return false;
    window.stops.push(now);
    return true;
}"""
#: What can be seen and used, and had the focus neither itself nor by a neighbour from which
#: the arrow keys lead on.
UNREACHED = """() => {
    const seen = e => e.checkVisibility({visibilityProperty: true}) && e.offsetWidth > 0
        && !e.closest('[inert], [aria-hidden=true]');
    const together = '[role=radiogroup], [role=tablist], [role=listbox], [role=grid],'
        + ' [role=group], [role=toolbar]';
    const had = e => window.stops.includes(e)
        || window.stops.some(stop => e.closest(together)?.contains(stop));
    return [...document.querySelectorAll('a[href], button, input, textarea, select, summary')]
        .filter(e => seen(e) && !e.disabled && e.tabIndex >= 0 && !had(e))
        .map(e => e.outerHTML.slice(0, 200));
}"""


def serious(page: Page) -> list[list[str]]:
    """Serious and critical findings of axe-core on the page as it is shown."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    page.wait_for_function(NOTHING_PALE)
    page.evaluate(DRAWN)
    found: list[list[str]] = page.evaluate(RULES)
    return found


def unreached(page: Page) -> list[str]:
    """What on the page can be used and is not come to by the keyboard alone."""
    # Beside all there is: what the mouse is over, such as the sidebar, shows buttons more.
    page.mouse.move(1275, 450)
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        if not page.evaluate(NOTE):
            break
    else:
        return [f"the focus never comes round, in {STOPS} stops"]
    found: list[str] = page.evaluate(UNREACHED)
    return found
