"""The command line: files come and go as asked, and every mistake ends in one sentence."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from htm_engine import HTM, LayerSpec, load_dataset
from htm_engine.__main__ import main
from htm_engine.cli.pictures import SHIPPED
from htm_engine.coding.collection.codec import compress_collection, inspect_collection
from htm_engine.estimator.presets import read_layers
from tests.helpers.places import ROOT

SMALL = (LayerSpec(4, 8, 4), LayerSpec(2, 8, 4))


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits").X


@pytest.fixture(scope="module")
def model_file(tmp_path_factory, digits):
    path = tmp_path_factory.mktemp("model") / "small.npz"
    HTM(layers=SMALL, epochs=1, random_state=0).fit(digits[:300]).save(path)
    return path


@pytest.fixture
def array_file(tmp_path, digits):
    path = tmp_path / "digits.npy"
    np.save(path, digits[:20])
    return path


def run(capsys, *argv):
    code = main([str(part) for part in argv])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_training_writes_a_model_that_loads(tmp_path, capsys):
    target = tmp_path / "m.npz"
    code, out, err = run(
        capsys,
        "train",
        "digits",
        "-o",
        target,
        "--layers",
        "4x8r4,2x8r4",
        "--epochs",
        2,
        "--limit",
        200,
        "--seed",
        3,
    )
    assert code == 0
    model = HTM.load(target)
    assert [spec.units for spec in model.layers] == [8, 8]
    assert model.fingerprint in out
    assert err.count("epoch") == 2 and "left" in err and "\r" not in err


def test_the_same_seed_trains_the_same_model(tmp_path, capsys):
    for name in "ab":
        arguments = ("--preset", "quick", "--epochs", 1, "--limit", 100)
        assert run(capsys, "train", "digits", "-o", tmp_path / f"{name}.npz", *arguments)[0] == 0
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_a_terminal_gets_one_line_that_is_rewritten(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    arguments = ["--layers", "8x4r2", "--epochs", "2", "--limit", "200"]
    assert main(["train", "digits", "-o", str(tmp_path / "m.npz"), *arguments]) == 0
    assert stream.getvalue().count("\r\x1b[K") > stream.getvalue().count("\n")


def test_pictures_come_back_as_the_file_says(tmp_path, capsys, model_file, array_file, digits):
    file, again = tmp_path / "d.htmc", tmp_path / "again.npy"
    code, out, _ = run(capsys, "compress", array_file, "-m", model_file, "-o", file, "--quality", 8)
    assert code == 0
    assert f"{file.stat().st_size:,}" in out and "PSNR" in out
    assert inspect_collection(file.read_bytes()).pictures == 20
    assert run(capsys, "decompress", file, "-m", model_file, "-o", again)[0] == 0
    error = np.mean((np.load(again).astype(float) - digits[:20]) ** 2)
    assert f"{10 * np.log10(255**2 / error):.2f} dB" in out


def test_the_shipped_model_is_used_where_none_is_given(tmp_path, capsys, array_file):
    file = tmp_path / "d.htmc"
    assert run(capsys, "compress", array_file, "-o", file)[0] == 0
    assert inspect_collection(file.read_bytes()).fingerprint == HTM.load(SHIPPED).fingerprint
    assert run(capsys, "decompress", file, "-o", tmp_path / "again.npy")[0] == 0


def test_the_shipped_model_refuses_pictures_of_another_size(tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.zeros((3, 9, 9), np.uint8))
    code, _, err = run(capsys, "compress", tmp_path / "x.npy", "-o", tmp_path / "x.htmc")
    assert code == 1 and "--model" in err
    assert not (tmp_path / "x.htmc").exists()


def test_pictures_of_another_size_are_fitted_and_that_is_said(tmp_path, capsys, model_file):
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / "a.png")
    arguments = ("-m", model_file, "-o", tmp_path / "a.htmc")
    code, out, err = run(capsys, "compress", tmp_path / "a.png", *arguments)
    assert code == 0 and "1 of 8 x 8" in out and "brought to 8 x 8" in err


@pytest.mark.parametrize("option", [["-q", 60], ["--bytes", 500], ["--lossless"]])
def test_a_networks_file_takes_no_settings_of_photographs(
    tmp_path, capsys, model_file, array_file, option
):
    arguments = ("-m", model_file, "-o", tmp_path / "a.htmc", *option)
    code, _, err = run(capsys, "compress", array_file, *arguments)
    assert code == 1 and "for photographs" in err and not (tmp_path / "a.htmc").exists()


def test_tiles_of_a_large_picture_come_back_as_that_picture(tmp_path, capsys, model_file):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (21, 30), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    file, again = tmp_path / "a.htmc", tmp_path / "again.png"
    arguments = ("-m", model_file, "-o", file, "-q", 10, "--tiles")
    assert run(capsys, "compress", tmp_path / "a.png", *arguments)[0] == 0
    assert run(capsys, "decompress", file, "-m", model_file, "-o", again)[0] == 0
    back = np.asarray(Image.open(again))
    assert back.shape == picture.shape
    assert np.abs(back.astype(int) - picture).mean() < 40


def test_only_one_picture_is_cut_into_tiles(tmp_path, capsys, model_file, array_file):
    arguments = ("-m", model_file, "-o", tmp_path / "a.htmc", "--tiles")
    assert run(capsys, "compress", array_file, array_file, *arguments)[0] == 1


def test_decompress_writes_a_folder_of_pngs(tmp_path, capsys, array_file):
    file, folder = tmp_path / "d.htmc", tmp_path / "again"
    run(capsys, "compress", array_file, "-o", file)
    assert run(capsys, "decompress", file, "-o", folder)[0] == 0
    assert sorted(p.name for p in folder.iterdir())[:2] == ["0000.png", "0001.png"]
    assert len(list(folder.iterdir())) == 20
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "d.htmc", "digits.npy"]


def test_several_inputs_become_one_file(tmp_path, capsys, array_file):
    file = tmp_path / "d.htmc"
    assert run(capsys, "compress", array_file, array_file, "-o", file)[0] == 0
    assert inspect_collection(file.read_bytes()).pictures == 40


def test_nothing_is_overwritten_without_force(tmp_path, capsys, array_file):
    file = tmp_path / "d.htmc"
    file.write_bytes(b"mine")
    code, _, err = run(capsys, "compress", array_file, "-o", file)
    assert code == 1 and "--force" in err and file.read_bytes() == b"mine"
    assert run(capsys, "compress", array_file, "-o", file, "--force")[0] == 0
    assert file.read_bytes() != b"mine"


def test_a_taken_output_is_refused_before_the_training(tmp_path, capsys):
    (tmp_path / "m.npz").write_bytes(b"mine")
    began = time.process_time()
    code, _, err = run(capsys, "train", "digits", "-o", tmp_path / "m.npz", "--epochs", 100000)
    assert code == 1 and "--force" in err and time.process_time() - began < 5


def test_generating_again_with_the_same_seed_draws_the_same(tmp_path, capsys, model_file):
    for name in ("a.png", "b.png", "c.npy"):
        arguments = ("-m", model_file, "-n", 5, "--seed", 7, "-o", tmp_path / name)
        assert run(capsys, "generate", *arguments)[0] == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert np.load(tmp_path / "c.npy").shape == (5, 8, 8)


def test_inspect_tells_models_from_collections(tmp_path, capsys, model_file, digits):
    code, out, _ = run(capsys, "inspect", model_file, "--json")
    facts = json.loads(out)
    assert code == 0 and facts["kind"] == "model" and len(facts["layers"]) == 2
    assert facts["fingerprint"] == HTM.load(model_file).fingerprint
    file = tmp_path / "d.htmc"
    file.write_bytes(compress_collection(HTM.load(model_file), digits[:5], 3))
    code, out, _ = run(capsys, "inspect", file, "--json")
    assert code == 0
    facts = json.loads(out)
    assert (facts["pictures"], facts["quality"]) == (5, 3)
    assert facts["model"] == HTM.load(model_file).fingerprint
    assert "pictures" in run(capsys, "inspect", file)[1]


@pytest.mark.parametrize("content", [b"", b"hello", b"HTMC", b"PK\x03\x04nonsense"])
def test_a_foreign_file_is_told_off_in_a_sentence(tmp_path, capsys, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    code, out, err = run(capsys, "inspect", path)
    assert code == 1 and out == "" and err.startswith("Error: ") and err.count("\n") == 1


def test_a_file_of_another_model_names_both(tmp_path, capsys, model_file, array_file):
    file = tmp_path / "d.htmc"
    run(capsys, "compress", array_file, "-o", file)
    code, _, err = run(capsys, "decompress", file, "-m", model_file, "-o", tmp_path / "x.npy")
    assert code == 1
    assert HTM.load(model_file).fingerprint in err and HTM.load(SHIPPED).fingerprint in err


def test_a_damaged_file_gives_no_pictures(tmp_path, capsys, array_file):
    file = tmp_path / "d.htmc"
    run(capsys, "compress", array_file, "-o", file)
    content = bytearray(file.read_bytes())
    content[40] ^= 4
    file.write_bytes(content)
    code, _, err = run(capsys, "decompress", file, "-o", tmp_path / "x.npy")
    assert code == 1 and "damaged" in err and not (tmp_path / "x.npy").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["train", "nowhere/at/all", "-o", "{tmp}/m.npz"],
        ["train", "digits", "-o", "{tmp}/none/m.npz"],
        ["train", "digits", "-o", "{tmp}/m.txt"],
        ["compress", "{tmp}/none.png", "-o", "{tmp}/m.htmc"],
        ["compress", "digits", "-o", "{tmp}/m.jpg"],
        ["decompress", "{tmp}/none.htmc", "-o", "{tmp}/m.npy"],
        ["generate", "-m", "{tmp}/none.npz", "-o", "{tmp}/m.png"],
        ["generate", "-o", "{tmp}/m.txt"],
        ["inspect", "{tmp}/none"],
    ],
)
def test_missing_files_end_in_a_sentence(tmp_path, capsys, argv):
    code, _, err = run(capsys, *[part.format(tmp=tmp_path) for part in argv])
    assert code == 1 and err.startswith("Error: ") and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["fly"],
        ["train"],
        ["train", "digits", "-o", "m.npz", "--layers", "seven"],
        ["train", "digits", "-o", "m.npz", "--layers", "7x0r3"],
        ["train", "digits", "-o", "m.npz", "--epochs", "0"],
        ["compress", "x", "-o", "x.htmc", "--quality", "101"],
        ["generate", "-o", "x.png", "--temperature", "nan"],
    ],
)
def test_arguments_without_sense_exit_with_2(capsys, argv):
    with pytest.raises(SystemExit) as stopped:
        main(argv)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["train", "compress", "decompress", "generate", "inspect"])
def test_help_of_every_command_has_an_example(capsys, name):
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert f"python -m htm_engine {name}" in " ".join(capsys.readouterr().out.split())


def test_layers_are_read_as_they_are_written():
    first, second = read_layers("7x64r8, 4x16r0k3s2")
    assert first == LayerSpec(7, 64, 8)
    assert second == LayerSpec(4, 16, 0, winners=3, stride=2)


def test_network_that_reads_rows_says_so(tmp_path, capsys, digits):
    rows = digits[:100].reshape(100, -1) / 255
    HTM(layers=(LayerSpec(1, 4, 2),), epochs=1).fit(rows).save(tmp_path / "rows.npz")
    arguments = ("-m", tmp_path / "rows.npz", "-o", tmp_path / "a.png")
    code, _, err = run(capsys, "generate", *arguments)
    assert code == 1 and "64 numbers, not pictures" in err


def test_network_without_tables_says_so(tmp_path, capsys, array_file, digits):
    model = HTM(layers=SMALL, epochs=1, coder=False).fit(digits[:100])
    model.save(tmp_path / "bare.npz")
    arguments = ("-m", tmp_path / "bare.npz", "-o", tmp_path / "a.htmc")
    code, _, err = run(capsys, "compress", array_file, *arguments)
    assert code == 1 and "tables" in err


def test_ctrl_c_saves_what_was_learned(tmp_path):
    """A real process: the signal, its exit code, and a model that still writes files."""
    command = [sys.executable, "-m", "htm_engine", "train", "digits", "-o"]
    arguments = [str(tmp_path / "m.npz"), "--epochs", "100000", "--preset", "quick"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch"):
            break
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    assert process.wait(60) == 130
    process.stderr.close()
    assert "Interrupted" in err and "Traceback" not in err
    assert HTM.load(tmp_path / "m.npz").coder_ is not None
