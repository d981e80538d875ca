"""Runs pytest; a browser test that failed runs once more by itself, and the check says which.

    .venv/bin/python .ci/tests.py [pytest's arguments]

On a busy machine a browser may be late for reasons of its own.  Such a test has a second try,
alone, after all others; what fails again, and whatever else failed, fails the check.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
PYTEST = [sys.executable, "-m", "pytest"]
#: One worker more than the two cores: who drives a browser waits for it half of the time.
WORKERS = "3"
#: pytest's exit code where tests ran and some failed; others mean that it could not run them.
SOME_FAILED = 1


def failed() -> list[str]:
    """Tests that failed in the last run."""
    try:
        return sorted(json.loads(FAILED.read_text("utf-8")))
    except FileNotFoundError:
        return []


def say(text: str, names: list[str]) -> None:
    """Something nobody can overlook."""
    bar = "!" * 88
    print("\n".join(["", bar, text, *(f"    {name}" for name in names), bar]), flush=True)


def main(arguments: list[str]) -> int:
    """Run all, then the failed browser tests alone; pytest's exit code."""
    FAILED.unlink(missing_ok=True)
    code = subprocess.run(
        [*PYTEST, "-n", WORKERS, "--durations=10", *arguments], cwd=ROOT
    ).returncode
    browser = [name for name in failed() if name.startswith("tests/browser/")]
    others = [name for name in failed() if name not in browser]
    if code != SOME_FAILED or not browser:
        return code
    say("BROWSER TESTS FAILED; each runs once more by itself:", browser)
    again = subprocess.run([*PYTEST, "-n", "0", *browser], cwd=ROOT).returncode
    if again:
        say("FAILED AGAIN, by itself, one or more of:", browser)
        return again
    say("PASSED only at the second try, by itself; look at why:", browser)
    if others:
        say("FAILED, and no browser test:", others)
        return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
