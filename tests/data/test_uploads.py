"""What the gate for foreign bytes lets through, and the sentence it answers the rest with."""

import gzip
import io
import struct
import threading
import tracemalloc
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from htm_engine import HTM, load_dataset
from htm_engine.data import pixels
from htm_engine.data.arrayfiles import read_idx, read_npy, read_npz, to_pictures
from htm_engine.data.datasets import load_upload
from htm_engine.data.pixels import on_white
from htm_engine.data.room import Room
from htm_engine.data.uploads import LOCAL, Limits, read_picture, read_zip, shown
from htm_engine.errors import DataError, HTMError
from tests.helpers.foreign import GREY, RGB, idx, npy, npz, png_of, png_of_size, saved, zipped

# -- pictures ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF"])
def test_grey_comes_back_exactly(kind):
    np.testing.assert_array_equal(read_picture(saved(GREY, kind)).pixels, GREY)


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True})]
)
def test_colour_comes_back_exactly(kind, options):
    np.testing.assert_array_equal(read_picture(saved(RGB, kind, **options)).pixels, RGB)


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_lossy_formats_are_read(kind):
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    pixels = read_picture(saved(flat, kind, quality=90)).pixels
    assert pixels.shape == flat.shape
    assert np.abs(pixels.astype(int) - flat).max() < 12


def test_sixteen_bits_are_scaled_not_clipped():
    levels = np.array([[0, 257, 32768, 65535]], np.uint16)
    picture = read_picture(saved(levels))
    assert picture.pixels.tolist() == [[0, 1, 128, 255]]
    assert "16 bits" in picture.notes[0]


def test_one_bit_picture_becomes_black_and_white():
    image = Image.fromarray(GREY).convert("1", dither=Image.Dither.NONE)
    assert set(read_picture(saved(image)).pixels.ravel().tolist()) == {0, 255}


def test_palette_picture_becomes_colour():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 0, 0])
    image.putpixel((1, 0), 1)
    assert read_picture(saved(image)).pixels.tolist() == [[[10, 20, 30], [200, 0, 0]]]


def test_alpha_is_laid_on_white():
    rgba = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [0, 0, 0, 51]]], np.uint8)
    picture = read_picture(saved(rgba), "a.png")
    assert picture.pixels.tolist() == [[[255] * 3, [10, 20, 30], [204] * 3]]
    assert picture.notes == ("a.png is partly transparent; it was laid on white.",)


def test_alpha_is_kept_on_request():
    rgba = np.dstack([RGB, GREY])
    np.testing.assert_array_equal(read_picture(saved(rgba), keep_alpha=True).pixels, rgba)


def test_grey_with_alpha_stays_grey():
    image = Image.merge("LA", [Image.fromarray(GREY), Image.new("L", (8, 6), 255)])
    np.testing.assert_array_equal(read_picture(saved(image)).pixels, GREY)


def test_transparent_level_of_a_png_becomes_white():
    eight = read_picture(saved(np.array([[7, 9]], np.uint8), transparency=7)).pixels
    sixteen = read_picture(saved(np.array([[257, 514]], np.uint16), transparency=257)).pixels
    assert eight.tolist() == [[255, 9]]
    assert sixteen.tolist() == [[255, 2]]


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_a_transparent_level_is_compared_at_the_files_depth(depth):
    levels = range(1 << depth) if depth < 8 else range(0, 256, 5)
    per = 8 // depth
    for transparent in levels:
        others = [level for level in levels if level != transparent][:per]
        row = [transparent] * per + (others * per)[:per]
        packed = np.packbits([int(bit) for level in row for bit in f"{level:0{depth}b}"]).tobytes()
        data = png_of(depth, 0, [packed], tRNS=struct.pack(">H", transparent))
        alpha = read_picture(data, keep_alpha=True).pixels[..., -1]
        assert alpha.tolist() == [[0] * per + [255] * per], transparent


@pytest.mark.parametrize("kind", [2, 4, 6])
def test_sixteen_bits_a_colour_are_told(kind):
    values = np.array([[0, 257, 32768, 65535, 65535, 65535, 513, 65535]], ">u2")
    width = {2: 3, 4: 2, 6: 4}[kind]
    row = values[0, : len(values[0]) // width * width].tobytes()
    picture = read_picture(png_of(16, kind, [row]), "deep.png", keep_alpha=True)
    assert "deep.png has 16 bits a colour; it was scaled to 8." in picture.notes
    eight = read_picture(saved(RGB), "eight.png")
    assert eight.notes == ()


def test_a_transparent_colour_of_sixteen_bits_is_told_and_not_mistaken():
    row = np.array([258, 258, 258, 259, 259, 259], ">u2").tobytes()
    data = png_of(16, 2, [row], tRNS=struct.pack(">HHH", 258, 258, 258))
    picture = read_picture(data, "deep.png", keep_alpha=True)
    assert picture.pixels.shape == (1, 2, 3)
    assert any("transparent colour" in note for note in picture.notes)


def test_a_deep_avif_is_told():
    data = bytearray(saved(np.full((16, 16, 3), 9, np.uint8), "AVIF"))
    assert read_picture(bytes(data)).notes == ()
    data[data.index(b"av1C") + 6] |= 0x40  # as a file of ten bits says
    assert pixels._bits(bytes(data)) == 10


def test_what_is_not_kept_of_a_file_is_told():
    exif = Image.Exif()
    exif[0x0110] = "A camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for kind in ("PNG", "JPEG", "WEBP"):
        notes = read_picture(saved(RGB, kind, exif=exif, icc_profile=profile), "a").notes
        assert "a has EXIF data, which is not kept." in notes
        assert "a has a colour profile, which is not kept; its colours may shift." in notes
    usual = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6  # a rotation is kept: it is applied
    assert read_picture(saved(RGB, "PNG", exif=exif, icc_profile=usual)).notes == ()


@pytest.mark.parametrize("precision", [12, 16])
def test_a_jpeg_of_more_bits_is_called_rare_and_not_damaged(precision):
    data = bytearray(saved(RGB, "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = precision
    with pytest.raises(DataError, match="JPEG picture of a rare kind"):
        read_picture(bytes(data))


def test_a_bmp_of_a_rare_kind_is_not_called_damaged():
    data = bytearray(saved(RGB, "BMP"))
    data[30:34] = struct.pack("<I", 5)  # PNG within BMP, for printers
    with pytest.raises(DataError, match="BMP picture of a rare kind"):
        read_picture(bytes(data))
    with pytest.raises(DataError, match="damaged or cut short"):
        read_picture(saved(RGB, "BMP")[:70])


def test_a_hundred_megapixels_are_read_where_as_many_are_promised():
    data = saved(Image.new("1", (10_000, 10_000)))
    assert read_picture(data, max_pixels=LOCAL.max_pixels).pixels.shape == (10_000, 10_000)
    with pytest.raises(DataError, match="at most 50 megapixels"):
        read_picture(data)


def test_on_white_is_exact_for_every_level_and_alpha():
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    rgba = np.stack([colour, colour, colour, alpha], axis=-1).astype(np.uint8)
    exact = colour * (alpha / 255) + 255 * (1 - alpha / 255)
    assert np.abs(on_white(rgba)[..., 0] - exact).max() <= 0.5 + 1e-9


def test_cmyk_becomes_rgb_with_a_note():
    picture = read_picture(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    red, green, blue = picture.pixels[4, 4].tolist()
    assert red > 220 and green < 40 and blue < 40
    assert "CMYK" in picture.notes[0]


def test_exif_rotation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned a quarter clockwise
    picture = read_picture(saved(GREY, "PNG", exif=exif))
    np.testing.assert_array_equal(picture.pixels, np.rot90(GREY, -1))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animation_gives_its_first_frame_and_says_so(kind):
    frames = [Image.new("RGB", (9, 7), colour) for colour in ("white", "black")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    picture = read_picture(data, "moving")
    assert picture.pixels.shape[:2] == (7, 9)
    assert picture.pixels.min() > 250
    assert picture.notes == ("moving holds several frames; the first one is used.",)


def test_single_pixel_is_a_picture():
    assert read_picture(saved(np.full((1, 1), 7, np.uint8))).pixels.tolist() == [[7]]


@pytest.mark.parametrize("size", [(9000, 9000), (12000, 12000), (100000, 100000)])
def test_huge_picture_is_refused_before_it_is_decoded(size):
    with pytest.raises(DataError, match=r"^big\.png .*megapixels"):
        read_picture(png_of_size(*size), "big.png")


def test_lower_cap_is_kept():
    with pytest.raises(DataError, match="8 x 6 pixels"):
        read_picture(saved(GREY), max_pixels=47)


def test_a_jpeg_that_claims_more_than_it_can_hold_is_refused_before_it_is_decoded(monkeypatch):
    blank = saved(np.zeros((3072, 11808, 3), np.uint8), "JPEG")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("was decoded"))
    with pytest.raises(DataError, match="damaged or cut short"):
        read_picture(blank[:700])


def test_a_blank_picture_is_not_taken_for_a_cut_one():
    for options in ({}, {"progressive": True, "optimize": True, "quality": 1}):
        blank = saved(np.zeros((1000, 1000, 3), np.uint8), "JPEG", **options)
        assert read_picture(blank).pixels.shape == (1000, 1000, 3)


def test_a_jpeg_in_a_thousand_scans_is_refused():
    data = saved(RGB, "JPEG", progressive=True)
    scan = data.index(b"\xff\xda")
    with pytest.raises(DataError, match="scans; at most 100"):
        read_picture(data[:scan] + data[scan:-2] * 200 + data[-2:])


def test_what_a_phone_appends_to_a_picture_is_no_scan_of_it():
    film = np.random.default_rng(0).bytes(1000) + b"\xff\xda" * 200
    assert read_picture(saved(RGB, "JPEG", progressive=True) + film).pixels.shape == RGB.shape


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "I;16", "L", "1", "RGB", "CMYK", "PA", "La"])
def test_strips_change_nothing(monkeypatch, mode):
    rng = np.random.default_rng(0)
    rgba = Image.fromarray(rng.integers(0, 256, (23, 17, 4), dtype=np.uint8))
    image = Image.new("PA", rgba.size, 3) if mode == "PA" else rgba.convert("RGBA")
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 65536, (23, 17), dtype=np.uint16))
    elif mode not in ("RGBA", "PA"):
        image = (rgba.convert("LA") if mode == "La" else rgba.convert("RGB")).convert(mode)
    whole, notes, _ = pixels.decoded(image, b"", "it", keep_alpha=False)
    monkeypatch.setattr(pixels, "_STRIP", 40)  # two rows
    striped, same_notes, _ = pixels.decoded(image, b"", "it", keep_alpha=False)
    np.testing.assert_array_equal(striped, whole)
    assert notes == same_notes


def test_laying_a_large_picture_on_white_holds_it_hardly_more_than_once():
    data = saved(np.full((2500, 2500, 4), 77, np.uint8))
    tracemalloc.start()
    found = read_picture(data).pixels
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.shape == (2500, 2500, 3)
    assert most < 3 * found.nbytes  # seven times, when each step was over the whole


def test_no_more_of_a_jpeg_is_decoded_than_there_is_a_use_for():
    ramp = np.tile(np.linspace(0, 255, 1600).astype(np.uint8), (800, 1))
    picture = read_picture(saved(ramp, "JPEG"), "wide.jpg", enough=50_000)
    assert 50_000 <= picture.pixels.size <= 4 * 50_000
    assert "wide.jpg is 1600 x 800 pixels" in picture.notes[0]
    np.testing.assert_allclose(picture.pixels[0], np.linspace(0, 255, 400), atol=4)
    assert read_picture(saved(ramp, "JPEG"), enough=ramp.size).pixels.shape == ramp.shape


def test_visitors_decode_within_one_bound_together():
    room, inside, most = Room(10), [0], [0]

    def visit():
        with room.of(4):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            ready.wait(10)
            inside[0] -= 1

    ready = threading.Barrier(2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: visit(), range(8)))
    assert most[0] == 2 and room.taken == 0
    with room.of(11):  # alone, whatever it is
        assert room.taken == 11


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "AVIF"])
def test_truncated_picture_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    data = saved(noise, kind)
    with pytest.raises(DataError, match="^cut"):
        read_picture(data[: len(data) * 2 // 3], "cut")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "it is empty"),
        (b"hello, this is text", "not a picture"),
        (b"%PDF-1.7 ...", "not a picture"),
        (saved(GREY, "TIFF"), "not a picture"),
        (png_of_size(0, 5), "it"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(data, sentence):
    with pytest.raises(DataError, match=sentence):
        read_picture(data, "it")


def test_shown_name_is_short_and_printable():
    name = shown("../" * 40 + "evil\x1b[31m\n.png")
    assert len(name) <= 60
    assert name.isprintable()


# -- ZIP ---------------------------------------------------------------------------------


def test_zip_lists_its_files_and_hides_the_systems():
    data = zipped(
        {
            "b/1.png": b"one",
            "a.png": b"two",
            "__MACOSX/a.png": b"x",
            ".DS_Store": b"x",
            "c/.hidden/d.png": b"x",
            "Thumbs.db": b"x",
            "empty/": b"",
        }
    )
    assert [(m.name, m.read()) for m in read_zip(data)] == [("a.png", b"two"), ("b/1.png", b"one")]


def test_entries_without_a_name_are_passed_over():
    # A name ends at its first zero byte.
    data = zipped({"NAME": b"x", "b.png": saved(GREY)}).replace(b"NAME", b"\0AME")
    assert [member.name for member in read_zip(data)] == ["b.png"]


def test_zip_bomb_is_refused_before_it_is_inflated():
    data = zipped({"a.png": b"\0" * (20 << 20)}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match="would grow from 0.0 to 20 MB"):
        read_zip(data)


def test_total_of_many_entries_is_capped():
    data = zipped({f"{i}.png": bytes(1000) for i in range(20)})
    with pytest.raises(DataError, match="would grow"):
        read_zip(data, limits=Limits(max_total=10_000))


def test_lie_about_the_inflated_size_is_found_out():
    data = zipped({"a.png": b"\0" * 50_000}, compression=zipfile.ZIP_DEFLATED)
    lying = data.replace(struct.pack("<I", 50_000), struct.pack("<I", 100))
    with pytest.raises(DataError, match="a.png is"):
        read_zip(lying)[0].read()


def test_too_many_entries_are_refused_before_they_are_listed():
    data = zipped({str(i): b"" for i in range(30)})
    with pytest.raises(DataError, match="more than 20 files"):
        read_zip(data, limits=Limits(max_files=20))


def test_nested_zip_is_not_opened():
    member = read_zip(zipped({"inner.zip": zipped({"a": b"a"})}))[0]
    with pytest.raises(DataError, match="inner.zip is a ZIP inside the ZIP"):
        member.read()


def test_encrypted_zip_is_refused():
    data = bytearray(zipped({"a.png": b"abc"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DataError, match="encrypted"):
        read_zip(bytes(data))


def test_uncommon_compression_is_refused():
    data = zipped({"a.png": b"abc" * 100}, compression=zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="use plain ZIP"):
        read_zip(data)[0].read()


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK\x03\x04" + bytes(99), zipped({})])
def test_damaged_or_empty_zip_is_refused(data):
    with pytest.raises(DataError, match="ZIP"):
        read_zip(data)


def test_upload_over_the_limit_is_refused():
    with pytest.raises(DataError, match="at most"):
        read_zip(zipped({"a": bytes(3 << 20)}), limits=Limits(max_bytes=1 << 20))


# -- arrays ------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_round_trips(pack):
    X = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    np.testing.assert_array_equal(read_idx(pack(idx(X)), "x"), X)


def test_idx_of_floats_is_big_endian():
    X = np.array([[[0.5, 1.0]]], ">f4")
    np.testing.assert_array_equal(read_idx(idx(X, 13), "x"), X)


def test_idx_is_refused_when_its_header_lies():
    good = idx(np.zeros((2, 3, 4), np.uint8))
    huge = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1)
    for data, sentence in [
        (good[:-1], "cut short"),
        (good + b"\0", "more bytes"),
        (good[:9], "cut short inside its header"),
        (huge, "declares .* MB"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 0, 3, 4), "empty"),
        (b"\0\0\x07\x03" + good[4:], "not an IDX"),
        (gzip.compress(good)[:-9], "damaged or cut short"),
        (gzip.compress(b"not idx"), "not an IDX"),
    ]:
        with pytest.raises(DataError, match=sentence):
            read_idx(data, "x")


def test_gzip_bomb_is_not_inflated_beyond_what_the_header_declares():
    bomb = gzip.compress(idx(np.zeros((1, 4, 4), np.uint8)) + bytes(50 << 20))
    with pytest.raises(DataError, match="more bytes"):
        read_idx(bomb, "x")


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_round_trips_in_both_orders(order):
    X = np.asarray(np.arange(24).reshape(2, 3, 4), order=order)
    np.testing.assert_array_equal(read_npy(npy(X), "x"), X)


def test_objects_are_refused_without_being_unpickled():
    stream = io.BytesIO()
    np.save(stream, np.array([{}, None], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="only plain numbers"):
        read_npy(stream.getvalue(), "x")
    with pytest.raises(DataError, match="only plain numbers"):
        read_npz(zipped({"X.npy": stream.getvalue()}), "x")


def test_npy_that_declares_too_much_is_refused_before_allocation():
    data = npy(np.zeros((2, 3), np.uint8)).replace(b"(2, 3)", b"(9**9**9, 3)")
    with pytest.raises(DataError, match="header is damaged"):
        read_npy(data, "x")
    data = npy(np.zeros((1000000, 1), np.uint8)).replace(b"(1000000, 1)", b"(999999999,9)")
    with pytest.raises(DataError, match="declares"):
        read_npy(data, "x")


def test_constant_and_boolean_and_wide_values_become_levels():
    shape = (2, 2, 2)
    for array, level in [
        (np.full(shape, 1.0), 255),
        (np.full(shape, 0.5, np.float32), 128),
        (np.full(shape, 200.4), 200),
        (np.full(shape, 65535, np.uint16), 255),
        (np.full(shape, 77, np.int64), 77),
        (np.ones(shape, bool), 255),
        (np.zeros(shape), 0),
    ]:
        levels = to_pictures(array, "x")
        assert levels.dtype == np.uint8
        assert set(levels.ravel().tolist()) == {level}


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.full((1, 2, 2), np.nan), "not a number"),
        (np.full((1, 2, 2), np.inf), "not a number"),
        (np.full((1, 2, 2), -0.5), "from -0.5 to -0.5"),
        (np.full((1, 2, 2), 300), "from 300"),
        (np.zeros((0, 2, 2)), "is empty"),
        (np.zeros((2, 5)), "no square picture"),
        (np.zeros(4), "has the shape"),
        (np.zeros(()), "has the shape"),
        (np.zeros((1, 2, 2, 5)), "has the shape"),
        (np.zeros((1, 2, 2), complex), "made of numbers"),
    ],
)
def test_values_that_are_no_pictures_are_refused(array, sentence):
    with pytest.raises(DataError, match=sentence):
        to_pictures(array, "x")


# -- whatever is done to a file, only DataError comes out ------------------------------------

SEEDS = {
    "png": saved(RGB),
    "jpeg": saved(RGB, "JPEG"),
    "gif": saved(GREY, "GIF"),
    "webp": saved(RGB, "WEBP"),
    "zip": zipped({"a/1.png": saved(GREY), "b/2.png": saved(RGB)}),
    "deflated": zipped({"1.png": saved(GREY)}, compression=zipfile.ZIP_DEFLATED),
    "idx": idx(np.zeros((2, 3, 3), np.uint8)),
    "idx.gz": gzip.compress(idx(np.zeros((2, 3, 3), np.uint8)), mtime=0),
    "npy": npy(np.zeros((2, 3, 3), np.float32)),
    "npz": npz(X=np.zeros((2, 3, 3)), y=np.arange(2)),
}


@pytest.mark.parametrize("kind", SEEDS)
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_mutated_file_is_read_or_refused(kind, data):
    content = bytearray(SEEDS[kind])
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders warn of damage; only errors matter here
            loaded = load_upload("it", bytes(content[:end]))
    except DataError as exc:
        assert str(exc)
    else:
        assert loaded.X.dtype == np.uint8
        assert len(loaded) > 0


def test_a_want_of_memory_is_not_called_damage(monkeypatch):
    """Whoever sent a good file must not be told that it is bad."""

    def full(*_):
        raise MemoryError

    picture = saved(GREY)
    (member,) = read_zip(zipped({"a.png": picture}))
    monkeypatch.setattr(zipfile.ZipExtFile, "read", full)
    with pytest.raises(DataError, match="not enough memory"):
        member.read()
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", full)
    with pytest.raises(DataError, match="not enough memory"):
        read_picture(picture)


def test_a_mistake_of_ours_is_not_called_damage_inside_a_zip(monkeypatch):
    def mistaken(*_):
        raise TypeError("of the program")

    (member,) = read_zip(zipped({"a.png": saved(GREY)}))
    monkeypatch.setattr(zipfile.ZipExtFile, "read", mistaken)
    with pytest.raises(TypeError):
        member.read()


def test_nor_in_arrays_and_models(monkeypatch, tmp_path):
    def full(*_, **__):
        raise MemoryError

    array, path = npy(GREY), tmp_path / "a.npy"
    path.write_bytes(array)
    packed = gzip.compress(idx(GREY))
    model = HTM(epochs=1, coder=False, sampler=False).fit(np.zeros((8, 4)))
    model.save(tmp_path / "model.npz")
    monkeypatch.setattr(np.lib.format, "read_magic", full)
    monkeypatch.setattr(np, "load", full)
    monkeypatch.setattr(gzip.GzipFile, "read", full)
    for read in (
        lambda: read_npy(array, "a.npy"),
        lambda: read_idx(packed, "a.idx.gz"),
        lambda: load_dataset(path),
        lambda: HTM.load(tmp_path / "model.npz"),
    ):
        with pytest.raises(HTMError, match="There is not enough memory to open"):
            read()


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("小猫/猫咪.png", "gb2312"),
        ("小猫/猫咪.png", "utf-8"),
        ("ネコと犬/a.png", "shift_jis"),
        ("Bäume/größe.png", "cp437"),
        ("Bäume/größe.png", "cp1252"),
        ("pâté/été.png", "cp437"),
        ("plain/a.png", "ascii"),
    ],
)
def test_names_without_the_flag_for_utf8_are_readable(name, encoding):
    raw = name.encode(encoding)
    folder, mark = raw.split(b"/")[0], "x" * len(raw)
    data = zipped({mark: saved(GREY)}).replace(mark.encode(), raw)
    (member,) = read_zip(data)
    assert member.name == name and member.read() == saved(GREY)
    inside = "y" * len(folder) + "/a.png"
    other = zipped({inside: saved(GREY), "b/a.png": saved(GREY)})
    other = other.replace(inside.encode(), folder + b"/a.png")
    assert name.split("/")[0] in load_upload("it.zip", other).label_names
