"""The home page without a browser: what it shows, and what is handed on to other pages."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from htm_engine import compress_text
from htm_engine.coding.series.table import compress_table
from studio.home import give_back, showcase, view
from studio.visitor import handed
from tests.helpers.foreign import saved, zipped
from tests.helpers.places import ROOT
from tests.studio.waiting import until

#: Files of ours, as versions before have written them, and one of a table.
GOLDEN = {
    name: (ROOT / "tests" / "golden" / f"{name}.htmc").read_bytes()
    for name in ("photo", "collection", "text")
}
CSV = b"hour,load\n" + b"".join(b"%d,%d\n" % (n, n % 24) for n in range(300))
TABLE = compress_table(CSV)


def opened(**query) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def picture(seed: int = 0, side: int = 24) -> bytes:
    rng = np.random.default_rng(seed)
    return saved(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))


def put_in(app: AppTest, *files: tuple[str, bytes], key: str = "home_files") -> AppTest:
    """Give files to an uploader of the page; it hands them on and the page changes."""
    given = [(name, content, "application/octet-stream") for name, content in files]
    app.file_uploader(key=key).set_value(given).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(element.value for kind in kinds for element in kind)


# ------------------------------------------------------------------- what is shown
def test_the_figures_on_the_page_are_those_of_the_files():
    app, found = opened(lang="en"), showcase.read()
    text = said(app)
    assert f"{found.photograph.htm.size:,.0f} bytes" in text
    assert f"{found.collection.htm.size:.0f} bytes each" in text
    assert f"{found.collection.png:,.0f}" in text
    study = view.load_text(view.TEXT.stat().st_mtime)
    assert f"{study.length:,} bytes in {study.sizes[0][1]:,}" in text
    captions = [one.caption for element in app.get("image") for one in element.proto.imgs]
    assert "CC0" in text and "CC BY 4.0" in captions[0]


@pytest.mark.parametrize("name", ["FILE", "BACK", "DRAWN"])
def test_without_a_file_the_page_says_so_and_the_rest_stands(monkeypatch, tmp_path, name):
    monkeypatch.setattr(showcase, name, tmp_path / "gone")
    app = opened(lang="en")
    assert not app.exception and "missing" in app.warning[0].value
    assert app.get("file_uploader") and app.get("page_link")


def test_a_damaged_file_of_numbers_is_said(monkeypatch, tmp_path):
    path = tmp_path / "home.json"
    path.write_text('{"photograph": 3}', encoding="utf-8")
    monkeypatch.setattr(showcase, "FILE", path)
    app = opened(lang="en")
    assert not app.exception and "missing" in app.warning[0].value


@pytest.mark.parametrize("name, stem, query", view.FINISHED, ids=lambda one: str(one))
def test_links_to_finished_things_open_without_a_complaint(name, stem, query):
    app = opened()
    for key, value in {"v": "1", **query}.items():
        app.query_params[key] = value
    app.switch_page(f"pages/{stem}.py").run()
    assert not app.exception and not app.warning and not app.error


# ------------------------------------------------------------------- what is put in
def test_a_picture_goes_to_compress_as_a_photograph():
    app = put_in(opened(), ("cat.png", picture()))
    assert app.title[0].value.endswith("Compress")
    (button,) = (one for one in app.button if one.key == "handed_photo")
    assert "cat" in button.label and f"{len(picture()):,}" in button.label
    assert "_photo_job" in app.session_state
    assert "sample" not in said(app)
    assert app.session_state["_private"] is True


def test_a_zip_goes_to_train_and_stays_while_the_visitor_is_elsewhere():
    many = zipped({f"{number}.png": picture(number, 32) for number in range(5)})
    app = put_in(opened(), ("mine.zip", many))
    assert app.title[0].value.endswith("Train")
    assert "5 pictures of 32x32x3" in said(app)
    app.switch_page("pages/runs.py").run()
    app.query_params["data"] = "upload"
    app.switch_page("pages/train.py").run()
    assert "5 pictures" in said(app)
    app.button(key="handed_data").click().run()
    assert "5 pictures" not in said(app) and not app.exception


def test_several_files_become_one_collection_and_what_is_no_picture_is_named():
    files = [(f"folder/{number}.png", picture(number)) for number in range(4)]
    app = put_in(opened(), *files, ("notes.txt", b"no picture"), ("folder/0.png", picture(9)))
    assert app.title[0].value.endswith("Train")
    assert "5 pictures of" in said(app) and "notes" in said(app)


def test_a_folder_keeps_its_folders_as_labels():
    files = [(f"mine/{kind}/{number}.png", picture(number)) for kind in "ab" for number in (0, 1)]
    app = put_in(opened(), *files, key="home_folder")
    assert app.title[0].value.endswith("Train") and "4 pictures of" in said(app)
    data = app.session_state["_upload"][1]
    assert [name.split("/")[-1] for name in data.label_names] == ["a", "b"]


def test_a_text_goes_to_the_text_page_to_the_byte():
    words = "Nothing is lost. \r\n\0 ☃".encode()
    app = put_in(opened(), ("notes [x](javascript:1).txt", words))
    assert app.title[0].value.endswith("Text")
    (button,) = (one for one in app.button if one.key == "handed_text")
    assert "\\[x\\](javascript\\:" in button.label
    assert app.session_state["_text_job"][0][1] == words
    button.click().run()
    assert not [one for one in app.button if one.key == "handed_text"]


def test_what_is_written_is_shown_on_the_text_page():
    app = opened()
    app.chat_input[0].set_value("a zeppelin & 1+1=2?\nyes").run()
    assert not app.exception and app.title[0].value.endswith("Text")
    assert app.text_area(key="text").value == "a zeppelin & 1+1=2?\nyes"


def test_a_picture_of_the_pages_own_goes_before_what_was_handed_over():
    app = put_in(opened(), ("cat.png", picture()))
    before = app.session_state["_photo_job"][0]
    app.file_uploader(key="photo_upload").upload("dog.png", picture(7)).run()
    assert app.session_state["_photo_job"][0] != before
    assert not [one for one in app.button if one.key == "handed_photo"]


def test_a_table_of_numbers_goes_to_the_series_page():
    app = put_in(opened(), ("load.csv", CSV))
    assert app.title[0].value.endswith("Series") and not app.error
    assert "load" in app.button(key="handed_series").label


def test_a_stored_photograph_is_read_back_at_the_top_of_the_page():
    app = put_in(opened(), ("cat.png.htmc", GOLDEN["photo"]))
    assert app.title[0].value.endswith("Compress") and not app.error
    assert app.subheader[0].value == "Get pictures back"
    assert {"photo_back_png"} <= {one.key for one in app.get("download_button")}


def test_a_stored_text_is_read_back_at_the_top_of_the_page():
    app = put_in(opened(), ("notes.htmc", compress_text(b"Nothing is lost.", "blank")))
    assert app.title[0].value.endswith("Text") and app.subheader[0].value == "Get a text back"
    until(app, lambda app: any("Nothing is lost." in one.value for one in app.code))


def test_a_stored_table_is_given_back_on_the_spot(monkeypatch):
    app = put_in(opened(lang="en"), ("load.csv.htmc", TABLE))
    assert app.title[0].value.endswith("Studio") and f"{len(CSV):,} bytes" in app.success[0].value
    assert give_back.read(TABLE, 10_000) == CSV
    monkeypatch.setattr(give_back, "MOST", 10)
    assert "holds" in put_in(opened(lang="en"), ("load.htmc", TABLE)).error[0].value


@pytest.mark.parametrize(
    ("name", "content", "page"),
    [
        ("broken.png", picture()[:60], "Compress"),
        ("bomb.zip", b"PK\x03\x04" + b"\0" * 60, "Train"),
    ],
)
def test_what_only_looks_like_one_is_refused_by_the_gate_it_comes_to(name, content, page):
    app = put_in(opened(), (name, content))
    assert app.title[0].value.endswith(page)
    assert app.error and name[:4] in app.error[0].value


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("empty.txt", b"")], "empty"),
        ([("a.htmc", b"of somebody else")], "did not write it"),
        ([("a.txt", b"one"), ("b.txt", b"two")], "no picture"),
        ([("a.txt", bytes(30 << 20)), ("b.png", picture() + bytes(30 << 20))], "too large"),
    ],
    ids=["empty", "other", "texts", "large"],
)
def test_what_no_page_takes_is_said_at_once(files, words):
    app = put_in(opened(lang="en"), *files)
    assert app.title[0].value.endswith("Studio")
    assert words in app.error[0].value


# ------------------------------------------------------------------- what files are
def other(names: list[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


def bitmap() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3, 3)).save(stream, "BMP")
    return stream.getvalue()


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros((3, 4, 4), np.uint8))
    return stream.getvalue()


#: Name, content, and where it goes.
KINDS = [
    ("a", saved(np.zeros((4, 4), np.uint8)), "photo"),
    ("a.txt", bitmap(), "photo"),
    ("a.bmp", b"BM is how this sentence begins, and no bitmap is like that.", "text"),
    ("a.docx", other(["word/document.xml"]), "text"),
    ("a.zip", other(["x/1.PNG"]), "data"),
    ("a.npz", other(["X.npy"]), "data"),
    ("a.npy", array(), "data"),
    ("idx3-ubyte", b"\0\0\x08\x03" + bytes(12), "data"),
    ("train-images-idx3-ubyte.gz", b"\x1f\x8b\x08", "data"),
    ("letter.gz", b"\x1f\x8b\x08", "text"),
    ("a.png", b"only its name is a picture's", "text"),
    ("a.csv", b"day,load\n1,20\n2,30\n", "series"),
    ("poem.csv", b"no number is in it", "text"),
    ("a.htmc", GOLDEN["photo"], "photo_back"),
    ("a", GOLDEN["collection"], "collection_back"),
    ("a.htmc", GOLDEN["text"], "text_back"),
    ("a.csv.htmc", TABLE, "numbers_back"),
]


@pytest.mark.parametrize("name, content, place", KINDS, ids=[f"{a}-{c}" for a, _, c in KINDS])
def test_a_file_is_known_by_its_content(name, content, place):
    assert handed.place_of(handed.Handed(name, content)) == place


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP"])
def test_every_format_that_the_gate_reads_is_known(kind):
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(stream, kind)
    assert handed.place_of(handed.Handed("x", stream.getvalue())) == "photo"
