"""Data of every origin arrives as uint8 pictures of one size, with where they came from."""

import gzip
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from htm_engine.data import collecting, pixels
from htm_engine.data.datasets import Dataset, dataset_names, describe, load_dataset, load_upload
from htm_engine.data.scenes import SCENES, draw_scenes
from htm_engine.data.uploads import Limits
from htm_engine.errors import DataError
from tests.helpers.foreign import GREY, RGB, idx, npy, npz, png_of_size, saved, zipped


@pytest.fixture
def folder(tmp_path):
    for label, level in [("cats", 50), ("dogs", 200)]:
        (tmp_path / label).mkdir()
        for index in range(3):
            picture = np.full((10, 12), level + index, np.uint8)
            Image.fromarray(picture).save(tmp_path / label / f"{index}.png")
    return tmp_path


# -- named sets --------------------------------------------------------------------------


@pytest.mark.parametrize("name", dataset_names())
def test_named_set_is_complete_and_described(name):
    data = load_dataset(name, limit=40)
    assert len(data) == 40
    assert data.X.dtype == np.uint8
    assert data.y.shape == (40,)
    assert data.y.max() < len(data.label_names)
    assert data.source.endswith(".") and data.licence and describe(name)


@pytest.mark.parametrize("name", dataset_names())
def test_colour_and_size_are_given_as_asked(name):
    data = load_dataset(name, limit=5, colour=True, size=(12, 20))
    assert data.X.shape == (5, 12, 20, 3)


@pytest.mark.parametrize("name", dataset_names())
def test_same_seed_gives_the_same_pictures(name):
    first, again, other = (load_dataset(name, limit=60, random_state=s) for s in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_digits_use_the_whole_range():
    X, y = load_dataset("digits")
    assert X.shape == (1797, 8, 8)
    assert (X.min(), X.max()) == (0, 255)
    assert np.bincount(y).size == 10


def test_photo_patches_of_train_and_test_share_no_pixels():
    from sklearn.datasets import load_sample_image

    china = load_sample_image("china.jpg")
    data = load_dataset("photo-patches", split="test", colour=True, limit=20)
    patches = data.X[data.y == 0]
    right = np.lib.stride_tricks.sliding_window_view(china[:, 480:], (16, 16), axis=(0, 1))
    flat = right.reshape(-1, 3, 16, 16).transpose(0, 2, 3, 1)
    assert all((flat[:, 0, 0] == p[0, 0]).all(axis=1).any() for p in patches)


def test_scenes_are_drawn_fast_and_balanced():
    start = time.process_time()
    X, y = draw_scenes(4000)
    assert time.process_time() - start < 4
    assert X.shape == (4000, 32, 32)
    assert np.bincount(y).tolist() == [400] * len(SCENES)
    assert X.reshape(4000, -1).max(axis=1).min() > 200  # every picture has ink


def test_scenes_have_smooth_edges():
    X, _ = draw_scenes(50)
    assert len(np.unique(X)) > 100


def test_scenes_of_one_kind_vary():
    X, y = draw_scenes(200)
    for kind in range(len(SCENES)):
        assert len(np.unique(X[y == kind], axis=0)) == 20


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(DataError, match="digits, photo-patches, scenes"):
        load_dataset("mnist-please")
    with pytest.raises(DataError, match="digits, photo-patches, scenes"):
        describe("nothing")


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_impossible_path_is_refused(path):
    with pytest.raises(DataError, match="There is no dataset"):
        load_dataset(path)


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 0},
        {"size": 0},
        {"size": 5000},
        {"size": (3, 3, 3)},
        {"split": "all"},
        {"random_state": -1},
    ],
)
def test_impossible_option_is_refused(options):
    with pytest.raises(DataError):
        load_dataset("scenes", **options)


def test_set_without_a_test_part_says_so():
    with pytest.raises(DataError, match="digits has no test part"):
        load_dataset("digits", split="test")


# -- Dataset -----------------------------------------------------------------------------


def test_split_divides_without_overlap():
    X = np.arange(50, dtype=np.uint8).reshape(50, 1, 1)
    data = Dataset("d", X, np.arange(50), tuple(map(str, range(50))), "s", "l")
    train, held_out = data.split(0.2, random_state=3)
    assert (len(train), len(held_out)) == (40, 10)
    assert sorted([*train.y, *held_out.y]) == list(range(50))
    np.testing.assert_array_equal(train.X[:, 0, 0], train.y)


def test_split_and_take_refuse_the_impossible():
    data = load_dataset("scenes", limit=1)
    with pytest.raises(DataError, match="one picture only"):
        data.split()
    with pytest.raises(DataError, match="between 0 and 1"):
        data.split(1.0)
    with pytest.raises(DataError, match="At least one"):
        data.take(0)


def test_fingerprint_depends_on_content_alone():
    X = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)
    a = Dataset("a", X, None, (), "s", "l")
    b = Dataset("b", np.asfortranarray(X), None, (), "other", "l")
    changed = X.copy()
    changed[3, 3, 3] += 1
    assert a.fingerprint == b.fingerprint
    assert len(a.fingerprint) == 16
    assert a.fingerprint != Dataset("a", changed, None, (), "s", "l").fingerprint
    assert a.fingerprint != Dataset("a", X.reshape(2, 8, 4), None, (), "s", "l").fingerprint


# -- folders and ZIP files -----------------------------------------------------------------


def test_folder_gives_pictures_and_labels(folder):
    data = load_dataset(folder)
    assert data.X.shape == (6, 10, 12)
    assert data.label_names == ("cats", "dogs")
    assert data.y.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.X[:, 0, 0].tolist() == [50, 51, 52, 200, 201, 202]


def test_zip_gives_the_same_as_its_folder(folder):
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*.png"):
            archive.write(file, f"mine/{file.relative_to(folder).as_posix()}")
    from_zip = load_dataset(path)
    uploaded = load_upload("all.zip", path.read_bytes())
    path.unlink()
    assert load_dataset(folder).fingerprint == from_zip.fingerprint == uploaded.fingerprint


def test_non_picture_is_left_out_and_reported(folder):
    (folder / "cats" / "notes.txt").write_text("meow")
    (folder / "cats" / "cut.png").write_bytes(saved(RGB)[:60])
    (folder / "cats" / "bomb.png").write_bytes(png_of_size(9000, 9000))
    (folder / ".hidden").write_text("quiet")
    data = load_dataset(folder)
    assert len(data) == 6
    assert [s.split()[0] for s in data.skipped] == [
        "cats/bomb.png",
        "cats/cut.png",
        "cats/notes.txt",
    ]


def test_collection_without_any_picture_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no picture that can be read. a.txt is a text, not"):
        load_upload("it.zip", zipped({"a.txt": b"hello"}))
    with pytest.raises(DataError, match="no picture"):
        load_dataset(tmp_path)


def test_nested_zip_is_reported():
    data = load_upload("it.zip", zipped({"a.png": saved(GREY), "b.zip": zipped({"c": b"c"})}))
    assert len(data) == 1
    assert "inside the ZIP" in data.skipped[0]


def test_limit_chooses_readable_pictures(folder):
    (folder / "broken.png").write_text("no")
    for seed in range(5):
        data = load_dataset(folder, limit=4, random_state=seed)
        assert len(data) == 4
        assert (np.diff(data.X[:, 0, 0].astype(int)) > 0).all()


def test_total_of_pixels_is_capped():
    files = {f"{i}.png": saved(GREY) for i in range(10)}
    with pytest.raises(DataError, match="megapixels together"):
        load_upload("it.zip", zipped(files), limits=Limits(max_pixels_total=200))


def test_what_fails_to_be_decoded_counts_and_what_is_refused_by_its_header_does_not(monkeypatch):
    begun, decoded = [], pixels.decoded
    monkeypatch.setattr(pixels, "decoded", lambda *a, **k: begun.append(1) or decoded(*a, **k))
    limits = Limits(max_pixels_each=GREY.size, max_pixels_total=2 * GREY.size)
    torn = saved(GREY)[:-30]
    with pytest.raises(DataError, match="megapixels together"):
        load_upload("it.zip", zipped({f"{i}.png": torn for i in range(9)}), limits=limits)
    assert len(begun) == 2  # the one beyond the bound is not begun
    files = {"a.png": saved(GREY), "b.png": torn} | {
        f"{i}.png": png_of_size(9000, 9) for i in "cdef"
    }
    data = load_upload("it.zip", zipped(files), limits=limits)
    assert (len(data), len(data.skipped), len(begun)) == (1, 5, 4)


def test_train_and_test_folders_are_the_parts():
    files = {
        f"{part}/{k}/{i}.png": saved(GREY)
        for part in ("train", "test")
        for k in "ab"
        for i in range(2 if part == "test" else 3)
    }
    train = load_upload("it.zip", zipped(files))
    test = load_upload("it.zip", zipped(files), split="test")
    assert (len(train), len(test)) == (6, 4)
    assert train.label_names == test.label_names == ("a", "b")


@pytest.mark.parametrize(
    ("shapes", "shape"),
    [
        ([(40, 60), (40, 60)], (40, 60)),
        ([(40, 60), (40, 61)], (32, 32)),
        ([(65, 65), (65, 65)], (65, 65)),
        ([(256, 200), (256, 200)], (256, 200)),
        ([(257, 65), (257, 65)], (32, 32)),
        ([(1, 1)], (1, 1)),
        ([(1, 1), (300, 2)], (32, 32)),
    ],
)
def test_size_of_pictures_is_their_own_or_32(shapes, shape):
    files = {f"{i}.png": saved(np.zeros(s, np.uint8)) for i, s in enumerate(shapes)}
    assert load_upload("it.zip", zipped(files)).picture_shape == shape


def test_wide_picture_is_cropped_at_its_centre():
    wide = np.zeros((20, 60), np.uint8)
    wide[:, 20:40] = 255
    assert load_upload("a.png", saved(wide), size=20).X.min() == 255


def test_grey_and_colour_pictures_mix():
    files = {"a.png": saved(GREY), "b.png": saved(RGB)}
    grey = load_upload("it.zip", zipped(files), colour=False)
    colour = load_upload("it.zip", zipped(files), colour=True)
    assert grey.X.shape == (2, 6, 8)
    assert colour.X.shape == (2, 6, 8, 3)
    luma = np.array(Image.fromarray(RGB).convert("L"))
    np.testing.assert_array_equal(grey.X[1], luma)


def test_uploads_stay_in_the_colours_they_have():
    files = {"a.png": saved(GREY), "b.png": saved(RGB)}
    assert load_upload("it.zip", zipped(files)).X.shape == (2, 6, 8, 3)
    assert load_upload("b.png", saved(RGB)).X.shape == (1, 6, 8, 3)
    # Grey that is stored as RGB is grey.
    stored = {f"{i}.png": saved(np.repeat(GREY[..., None], 3, 2)) for i in range(2)}
    assert load_upload("it.zip", zipped(stored)).X.shape == (2, 6, 8)
    assert load_upload("a.png", saved(np.repeat(GREY[..., None], 3, 2))).X.shape == (1, 6, 8)


def test_files_stay_as_they_are_where_nobody_says_and_named_sets_grey(tmp_path):
    (tmp_path / "b.png").write_bytes(saved(RGB))
    assert load_dataset(tmp_path, colour=None).X.shape == (1, 6, 8, 3)
    assert load_dataset(tmp_path).X.shape == (1, 6, 8)
    assert load_dataset("photo-patches", limit=3, colour=None).X.shape == (3, 16, 16)


def test_too_many_large_pictures_become_small_before_memory_is_full(monkeypatch):
    monkeypatch.setattr(collecting, "MOST_KEPT", 3 * 100 * 100)
    files = {f"{i}.png": saved(np.zeros((100, 100), np.uint8)) for i in range(5)}
    assert load_upload("it.zip", zipped(files)).picture_shape == (32, 32)


# -- arrays ------------------------------------------------------------------------------


def test_fashion_mnist_folder_has_both_parts(tmp_path):
    folder = tmp_path / "fashion_mnist"
    folder.mkdir()
    for prefix, n in [("train", 30), ("t10k", 20)]:
        X = np.full((n, 28, 28), n, np.uint8)
        y = (np.arange(n) % 10).astype(np.uint8)
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(X)))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(y))
    train, test = load_dataset(folder), load_dataset(folder, split="test")
    assert (train.X.shape, test.X.shape) == ((30, 28, 28), (20, 28, 28))
    assert train.label_names[9] == "Ankle boot"
    assert test.y.tolist() == list(range(10)) * 2


def test_single_idx_file_is_read(tmp_path):
    path = tmp_path / "some-images"
    path.write_bytes(idx(np.zeros((3, 5, 5), np.uint8)))
    assert load_dataset(path).X.shape == (3, 5, 5)


def test_npz_keys_give_pictures_and_labels():
    X = np.zeros((4, 5, 5), np.uint8)
    for keys in [("X", "y"), ("images", "labels"), ("x_train", "y_train")]:
        data = load_upload("a.npz", npz(**{keys[0]: X, keys[1]: np.array([3, 1, 3, 1])}))
        assert data.y.tolist() == [1, 0, 1, 0]
        assert data.label_names == ("1", "3")


def test_npz_test_part_is_chosen_by_its_key():
    data = npz(x_train=np.zeros((4, 5, 5)), x_test=np.ones((2, 5, 5)), y_test=np.array(["b", "a"]))
    test = load_upload("a.npz", data, split="test")
    assert test.X.min() == 255
    assert test.label_names == ("a", "b")


def test_npz_that_does_not_fit_is_refused():
    X = np.zeros((4, 5, 5))
    with pytest.raises(DataError, match="4 pictures but 3 labels"):
        load_upload("a.npz", npz(X=X, y=np.arange(3)))
    with pytest.raises(DataError, match="it holds foo, bar"):
        load_upload("a.npz", npz(foo=X, bar=X))
    with pytest.raises(DataError, match="not a number"):
        load_upload("a.npz", npz(X=X * np.nan))


def test_rows_are_read_as_square_pictures():
    assert load_upload("a.npy", npy(np.zeros((3, 49)))).X.shape == (3, 7, 7)


def test_npy_file_is_mapped_not_read(tmp_path):
    path = tmp_path / "many.npy"
    X = np.lib.format.open_memmap(path, "w+", np.uint8, (200_000, 28, 28))
    X[7] = 9
    X.flush()
    start = time.process_time()
    data = load_dataset(path)
    assert time.process_time() - start < 0.5
    assert isinstance(data.X, np.memmap)
    assert data.X[7].max() == 9
    assert load_dataset(path, limit=10).X.shape == (10, 28, 28)


def test_damaged_npy_file_is_refused(tmp_path):
    path = tmp_path / "cut.npy"
    for content in [npy(np.zeros((4, 5, 5)))[:-3], b"", b"no", npz(X=np.zeros(3))]:
        path.write_bytes(content)
        with pytest.raises(DataError, match="cut.npy"):
            load_dataset(path)


def test_upload_is_known_by_content_not_by_name():
    assert load_upload("picture.zip", saved(GREY)).X.shape == (1, 6, 8)
    with pytest.raises(DataError, match="empty"):
        load_upload("a.png", b"")


def test_constant_pictures_are_allowed():
    assert len(load_upload("a.npy", npy(np.zeros((3, 4, 4))))) == 3


def test_a_licence_beside_train_and_test_folders_does_not_hide_them(tmp_path):
    for part, count in (("train", 3), ("test", 2)):
        (tmp_path / part / "a").mkdir(parents=True)
        for index in range(count):
            picture = np.full((8, 8), 40 * index, np.uint8)
            (tmp_path / part / "a" / f"{index}.png").write_bytes(saved(picture))
    (tmp_path / "LICENSE").write_text("free")
    assert len(load_dataset(str(tmp_path))) == 3
    assert len(load_dataset(str(tmp_path), split="test")) == 2


def test_a_device_is_called_one():
    with pytest.raises(DataError, match="is a pipe or a device"):
        load_dataset("/dev/zero")
