"""A visitor's file that takes long to read: shown, cancelled, read again; others at once."""

from __future__ import annotations

import threading
import weakref

import pytest
from streamlit.testing.v1 import AppTest

from htm_engine.data.room import Room
from htm_engine.errors import Cancelled, DataError
from studio.kit import reading
from tests.studio.waiting import has, until


class Disk:
    """What a file is read from, slowly."""

    def __init__(self):
        self.go_on, self.ended, self.reads = threading.Event(), threading.Event(), 0

    def read(self, told):
        self.reads += 1
        try:
            while not self.go_on.wait(0.02):
                told(0.5)
        finally:
            self.ended.set()
        return "what was in it"


DISK = Disk()


def page():
    import streamlit as st

    from htm_engine.errors import DataError
    from studio.kit import reading
    from tests.studio.kit.test_reading import DISK

    if st.toggle("taken away", key="away"):
        reading.forget("here")
        return
    try:
        st.write(f"found: {reading.of('here', 'a file', DISK.read)}")
    except DataError as exc:
        st.error(str(exc))


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(reading, "WAIT", 0.05)
    monkeypatch.setattr("tests.studio.kit.test_reading.DISK", Disk())
    from tests.studio.kit import test_reading

    yield AppTest.from_function(page), test_reading.DISK
    test_reading.DISK.go_on.set()


def found(app):
    return [line.value for line in app.markdown if line.value.startswith("found")]


def test_what_takes_long_is_watched_and_then_there(app):
    app, disk = app
    app.run()
    assert found(app) == ["found: None"] and has("reading_cancel_here")(app)
    disk.go_on.set()
    until(app, lambda app: found(app) == ["found: what was in it"])
    assert disk.reads == 1 and not has("reading_cancel_here")(app)


def test_it_can_be_cancelled_and_read_after_all(app):
    app, disk = app
    app.run()
    app.button(key="reading_cancel_here").click().run()
    assert disk.ended.wait(60)
    until(app, has("read_again_here"))
    disk.go_on.set()
    app.button(key="read_again_here").click().run()
    until(app, lambda app: found(app) == ["found: what was in it"])
    assert disk.reads == 2


def test_what_nobody_looks_at_is_not_read_on_and_begun_again(app, monkeypatch):
    app, disk = app
    app.run()
    monkeypatch.setattr(reading, "GONE", 0.0)
    assert disk.ended.wait(60)
    disk.go_on.set()
    until(app, lambda app: found(app) == ["found: what was in it"])
    assert disk.reads == 2


def test_what_takes_longer_than_others_can_wait_is_refused_and_can_be_read_again(app, monkeypatch):
    app, disk = app
    app.run()
    monkeypatch.setattr(reading, "MOST", -1.0)
    app.button(key="reading_cancel_here").click().run()
    assert disk.ended.wait(60)
    until(app, has("read_again_here"))
    app.button(key="read_again_here").click().run()
    until(app, lambda app: app.error)
    assert reading.TOO_LONG in app.error[0].value and has("read_again_here")(app)
    monkeypatch.setattr(reading, "MOST", 60.0)
    disk.go_on.set()
    app.button(key="read_again_here").click().run()
    until(app, lambda app: found(app) == ["found: what was in it"])


class Upload:
    """A file that tells whether anybody holds it still."""

    def read(self, told):
        if self.fails:
            raise DataError("It is no picture.")
        return "what was in it"


@pytest.mark.parametrize("fails", [False, True])
def test_the_bytes_of_a_file_are_held_no_longer_than_it_is_read(fails):
    upload = Upload()
    upload.fails, held = fails, weakref.ref(upload)
    job = reading.Reading(upload.read)
    del upload
    job.start()
    assert job.join(60) and job.state == ("failed" if fails else "finished")
    assert held() is None
    assert job.items == ([] if fails else ["what was in it"])


def test_the_bytes_of_a_file_whose_reading_never_began_are_held_no_longer():
    upload = Upload()
    job, held = reading.Reading(upload.read), weakref.ref(upload)
    del upload
    job.cancel()
    assert held() is None and job.state == "stopped"


def test_a_file_that_is_taken_away_is_not_read_on_and_forgotten(app):
    app, disk = app
    app.run()
    assert not disk.ended.is_set()
    app.toggle(key="away").set_value(True).run()
    assert disk.ended.wait(60)  # and nobody let it go on
    assert "_reading_here" not in app.session_state and not has("reading_cancel_here")(app)
    app.toggle(key="away").set_value(False).run()
    disk.go_on.set()
    until(app, lambda app: found(app) == ["found: what was in it"])
    app.toggle(key="away").set_value(True).run()
    assert "_reading_here" not in app.session_state


def test_who_waits_for_room_can_be_asked_to_go():
    room = Room(1)

    def ask():
        raise Cancelled("nobody waits")

    with room.of(1), pytest.raises(Cancelled), room.of(1, ask):
        raise AssertionError("there was no room")
    with room.of(1, ask):  # at once, so nobody is asked
        pass
