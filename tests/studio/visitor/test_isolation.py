"""Two visitors on one server: neither sees, changes or inherits anything of the other's."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from htm_engine import HTM, LayerSpec
from studio.generate import work
from studio.visitor import session
from tests.helpers.places import ROOT


def visitor(page: str = "home", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    return at(app, page, **query)


def at(app: AppTest, page: str, **query: str) -> AppTest:
    for key, value in query.items():
        app.query_params[key] = value
    if page != "home":
        app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception
    return app


def zipped(seed: int) -> bytes:
    """Twenty pictures; names and sizes are the same for every seed."""
    rng, stream = np.random.default_rng(seed), io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(20):
            one = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (12, 12), dtype=np.uint8)).save(one, "PNG")
            archive.writestr(f"{number}.png", one.getvalue())
    return stream.getvalue()


def pictures(app: AppTest) -> list[str]:
    """What pictures show: their addresses are made of their content."""
    return [picture.url for element in app.get("image") for picture in element.proto.imgs]


def test_two_uploads_of_one_name_stay_with_their_owners():
    one, other = (visitor("train", data="upload", side="12") for _ in range(2))
    for app, seed in ((one, 1), (other, 2)):
        app.file_uploader(key="upload").upload("mine.zip", zipped(seed)).run()
        assert not app.exception
    first, second = (app.session_state["_upload"][1] for app in (one, other))
    assert first.fingerprint != second.fingerprint
    assert pictures(one) and pictures(one)[0] != pictures(other)[0]
    third = visitor("train", data="upload", side="12")
    third.file_uploader(key="upload").upload("mine.zip", zipped(1)).run()
    assert pictures(third)[0] == pictures(one)[0]


def test_a_visitors_model_and_data_are_nobody_elses():
    rng = np.random.default_rng(0)
    own = HTM((LayerSpec(8, 6, 2),), epochs=1, coder=False).fit(rng.random((60, 8, 8)))
    stranger = visitor("inside")
    before = pictures(stranger)
    stream = io.BytesIO()
    own.save(stream)
    owner = visitor("train")
    owner.file_uploader(key="model").upload("own.npz", stream.getvalue()).run()
    assert owner.session_state["_current_model"].model.fingerprint == own.fingerprint
    at(owner, "inside")
    at(stranger, "inside")
    assert pictures(stranger) == before and pictures(owner) != before
    assert "_current_model" not in stranger.session_state


def counted() -> None:
    """A page that makes something costly, and says how often it was made."""
    import streamlit as st

    from studio.kit import keeping

    keeping.notice_uploads()

    @keeping.kept(4)
    def costly(key: str) -> list[str]:
        st.session_state["made"] = st.session_state.get("made", 0) + 1
        return [key]

    if st.session_state.get("own"):
        keeping.make_private()
    costly("a")
    costly("a")


def test_what_is_made_for_a_private_visitor_is_kept_in_their_session_alone():
    """The common caches would hold a visitor's pictures long after they left."""

    def made(app: AppTest) -> int:
        app.run()
        assert not app.exception
        return app.session_state.get("made", 0)

    first, second, private = (AppTest.from_function(counted) for _ in range(3))
    private.session_state["own"] = True
    assert made(first) == 1 and made(second) == 0  # all share it
    assert made(private) == 1 and made(private) == 1


def test_an_upload_on_any_page_makes_its_visitor_private():
    app = visitor("compress")
    assert "_private" not in app.session_state
    stream = io.BytesIO()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(stream, "PNG")
    app.file_uploader(key="upload").upload("photo.png", stream.getvalue()).run()
    assert not app.exception and app.session_state["_private"] is True


def test_no_visit_changes_what_all_visitors_share():
    app = visitor()
    model, data = session.shipped().model, session.load_data()
    before = model.fingerprint, data.fingerprint
    arrays = [array.copy() for array in arrays_of(model)]
    for page in ("train", "inside", "compress", "text", "generate", "formulas", "runs"):
        at(app, page)
    assert session.shipped().model is model
    for array, old in zip(arrays_of(model), arrays, strict=True):
        assert np.array_equal(array, old)
    fresh = HTM.load(session.SHIPPED)
    assert (fresh.fingerprint, type(data)(*vars_of(data)).fingerprint) == before
    assert work.drawer(model.fingerprint, data.fingerprint, model, data) is not model
    assert model.sampler_ is None


def arrays_of(model: HTM) -> list[np.ndarray]:
    return [
        value
        for layer in model.hierarchy_.layers
        for value in vars(layer).values()
        if isinstance(value, np.ndarray)
    ]


def vars_of(data):
    return (data.name, data.X, data.y, data.label_names, data.source, data.licence)


@pytest.mark.parametrize("page", ["train", "inside", "compress", "generate", "runs", "formulas"])
def test_values_of_a_link_are_never_believed(page):
    """Numbers out of range, wrong kinds and names of strangers' things end in an open page."""
    evil = [
        "-1",
        "1e308",
        "nan",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "9" * 400,
        "\x00",
    ]
    names = ["picture", "quality", "seed", "level", "unit", "place", "model", "recipe", "run"]
    names += ["runs", "data", "preset", "epochs", "l1units", "count", "heat", "v", "k"]
    for start, value in enumerate(evil):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
        app.switch_page(f"pages/{page}.py")
        for name in names[start % 2 :: 2]:
            app.query_params[name] = value
        app.run()
        assert not app.exception, (page, value)
