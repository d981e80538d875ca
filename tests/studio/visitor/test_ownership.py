"""Whose a run is: the browser's cookie says so, whatever mask it wears."""

from __future__ import annotations

from studio.visitor import ownership


def masked(token: bytes, mask: bytes) -> str:
    worn = bytes(byte ^ mask[place % 4] for place, byte in enumerate(token))
    return f"2|{mask.hex()}|{worn.hex()}|1795720922"


def test_a_cookie_is_known_under_every_mask_and_rubbish_is_nobody():
    one = masked(b"sixteen bytes it", b"\x01\x02\x03\x04")
    assert one != masked(b"sixteen bytes it", b"\xaa\xbb\xcc\xdd")
    assert ownership.token(one) == b"sixteen bytes it"
    assert ownership.token(masked(b"sixteen bytes it", b"\xaa\xbb\xcc\xdd")) == b"sixteen bytes it"
    for rubbish in ("", "2|||", "2|xx|yy|0", "a|b", "2||00|1"):
        assert ownership.token(rubbish) == b""


def test_who_began_a_run_owns_it_and_others_do_not(monkeypatch):
    monkeypatch.setattr(ownership, "_OWNERS", {})
    monkeypatch.setattr(ownership, "whoever", lambda: "lecturer")
    ownership.own("run")
    assert ownership.mine("run")
    monkeypatch.setattr(ownership, "whoever", lambda: "student")
    assert not ownership.mine("run") and ownership.mine("a run that nobody began")


def test_a_run_without_a_name_is_nobody_elses(monkeypatch):
    """Where no history can be written runs have none, and each visitor's is that visitor's."""
    monkeypatch.setattr(ownership, "_OWNERS", {})
    for visitor in ("one", "other"):
        monkeypatch.setattr(ownership, "whoever", lambda visitor=visitor: visitor)
        ownership.own("")
    monkeypatch.setattr(ownership, "whoever", lambda: "one")
    assert ownership.mine("")
