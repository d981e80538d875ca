"""The hand-sized network learns, and the code beside the formulas gives the page's numbers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from htm_engine import HTM, load_dataset
from htm_engine.model import competition
from studio.formulas import handsized, snippets, walkthrough
from studio.visitor.session import SHIPPED
from tests.helpers.places import ROOT

#: Runs programs one after another, each on its own: to import the engine takes seconds.
EACH = "import runpy, sys\nfor path in sys.argv[1:]:\n    runpy.run_path(path)\n    print(';')"


def printed(folder: Path, *programs: str) -> list[list[float]]:
    """Numbers that programs print, run as a reader would, in the project's folder."""
    files = [folder / f"{number}.py" for number in range(len(programs))]
    for file, program in zip(files, programs, strict=True):
        file.write_text(program, "utf-8")
    command = [sys.executable, "-c", EACH, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    parts = done.stdout.replace("[", " ").replace("]", " ").split(";")[:-1]
    return [[float(word) for word in part.split()] for part in parts]


@pytest.mark.parametrize("shape", handsized.SHAPES)
@pytest.mark.parametrize("rank", [0, 1])
def test_every_training_ends_lower_and_the_units_take_part(shape, rank):
    toys, losses = handsized.trajectory(handsized.Settings(shape, rank, rate=0.6))
    assert len(toys) == len(losses) == handsized.STEPS + 1
    assert losses[-1] < losses[0] - 0.1
    x = handsized.points(handsized.Settings(shape, rank))
    wins = np.bincount(handsized.look(toys[-1], x).activation.argmax(1), minlength=3)
    # Through two clouds goes one line: with rank 1 two units may be enough.
    assert (wins > 0).sum() >= (2 if shape == "clouds" and rank else 3)


def test_lines_are_told_by_lines_and_not_by_points():
    ends = [
        handsized.trajectory(handsized.Settings("lines", rank, rate=0.6))[1][-1] for rank in (0, 1)
    ]
    assert ends[1] < ends[0] / 2


def test_a_step_follows_the_gradient_of_the_mean_loss():
    settings = handsized.Settings("clouds", 1, temperature=2.0)
    toy, x, tiny = handsized.start(settings), handsized.points(settings), 1e-6
    moved = handsized.step(toy, x, 1e-3)
    for name, scale in (("w", 1.0), ("b", 1.0), ("m", handsized.S2)):
        own = getattr(toy, name)
        gradient = (own - getattr(moved, name)) / 1e-3 / scale
        place = np.unravel_index(np.abs(gradient).argmax(), own.shape)
        sides = []
        for sign in (1, -1):
            other = own.copy()
            other[place] += sign * tiny
            sides.append(handsized.look(replace(toy, **{name: other}), x).loss)
        assert (sides[0] - sides[1]) / (2 * tiny) == pytest.approx(gradient[place], rel=1e-3)


def test_regions_are_the_activation_s():
    toy = handsized.trajectory(handsized.Settings())[0][50]
    axis, winners, shares = handsized.regions(toy)
    a = competition.activation(np.array([[axis[7], axis[40]]]) @ toy.w.T + toy.b, 1.0)[0]
    assert winners[40, 7] == a.argmax()
    assert shares[40, 7] == pytest.approx(a.max())


@pytest.mark.parametrize("rank", [0, 1])
def test_the_code_of_the_small_network_prints_its_numbers(tmp_path, rank):
    settings = handsized.Settings("lines", rank, temperature=1.5)
    toy = handsized.trajectory(settings)[0][20]
    x = handsized.points(settings)[[4]]
    (numbers,) = printed(tmp_path, snippets.of_hand(toy, x[0], 0.3))
    seen = handsized.look(toy, x)
    assert numbers[0] == pytest.approx(seen.loss, rel=1e-3)
    after = handsized.look(handsized.step(toy, x, 0.3), x).activation[0]
    assert numbers[1:] == pytest.approx(after.tolist(), abs=1e-4)


def test_the_code_beside_each_formula_prints_the_numbers_of_the_page(tmp_path):
    where = snippets.Where(f"assets/{SHIPPED.name}", "digits", 3, 0, 2, 8.0, 2, 0.5)
    model, digits = HTM.load(SHIPPED), load_dataset("digits")
    walk = walkthrough.begin(model, digits.X[3], 0, 2, 8.0)
    now, moved = walkthrough.stand(walk, 2), walkthrough.stand(walkthrough.step(walk, 0.5))
    unit = int(now.evidence.argmax())
    expected = {
        "evidence": [unit, now.evidence[unit]],
        "shares": [unit, now.activation[unit], now.kept[unit]],
        "loss": [now.loss, now.responsibility.max()],
        "step": [moved.loss],
    }
    assert set(expected) == set(snippets.SECTIONS)
    programs = [snippets.of_patch(section, where) for section in expected]
    *found, pca = printed(tmp_path, *programs, snippets.of_pca("digits"))
    for section, numbers in zip(expected, found, strict=True):
        assert numbers == pytest.approx(expected[section], rel=1e-4), section
    assert pca == [29.0]
