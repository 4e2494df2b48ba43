import time
from datetime import datetime
from pathlib import Path

import pillow_heif
import pytest
from PIL import ExifTags, Image

from allinone.images.metadata import PhotoMetadata, read_metadata

BASE, GPS = ExifTags.Base, ExifTags.GPS


def photo(tmp_path: Path, *, detail: dict | None = None, place: dict | None = None, **main: object) -> Path:
    exif = Image.Exif()
    for name, value in main.items():
        exif[BASE[name]] = value
    exif.get_ifd(ExifTags.IFD.Exif).update(detail or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(place or {})
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


def test_a_camera_says_everything(tmp_path: Path) -> None:
    path = photo(
        tmp_path,
        Make="Paper Boat\x00\x00",
        Model=" PB-7 ",
        DateTime="2024:01:01 00:00:00",
        detail={
            BASE.DateTimeOriginal: "2023:08:12 15:47:21",
            BASE.SubsecTimeOriginal: "057",
            BASE.OffsetTimeOriginal: "+08:00",
            BASE.LensModel: "27mm f/2.8",
        },
        place={
            GPS.GPSLatitudeRef: "S",
            GPS.GPSLatitude: (25.0, 2.0, 6.0),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (121.0, 30.0, 36.0),
        },
    )
    found = read_metadata(path)
    assert found == PhotoMetadata(
        taken_at=datetime.fromisoformat("2023-08-12T15:47:21.057"),
        utc_offset_minutes=480,
        make="Paper Boat",
        model="PB-7",
        lens_model="27mm f/2.8",
        latitude=pytest.approx(-25.035),
        longitude=pytest.approx(121.51),
    )


def test_heic_says_it_too(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[BASE.DateTime] = "2022:02:01 10:02:18"
    image = Image.new("RGB", (16, 16))
    image.info["exif"] = exif.tobytes()
    path = tmp_path / "photo.heic"
    pillow_heif.from_pillow(image).save(path)
    assert read_metadata(path).taken_at == datetime.fromisoformat("2022-02-01T10:02:18")


@pytest.mark.parametrize(
    "lie",
    [
        "0000:00:00 00:00:00",
        "\x00" * 19,
        "    :  :     :  :  ",
        "2023:13:45 99:99:99",
        "1601:01:01 00:00:00",
        "x",
        "",
        7,
    ],
)
def test_a_date_that_cannot_be_true_is_none(tmp_path: Path, lie: object) -> None:
    assert read_metadata(photo(tmp_path, DateTime=lie)).taken_at is None


def test_a_false_first_date_gives_way_to_the_next(tmp_path: Path) -> None:
    path = photo(tmp_path, DateTime="2024:05:06 07:08:09", detail={BASE.DateTimeOriginal: "0000:00:00 00:00:00"})
    assert read_metadata(path).taken_at == datetime.fromisoformat("2024-05-06T07:08:09")


@pytest.mark.parametrize(
    "place",
    [
        {GPS.GPSLatitude: (95.0, 0.0, 0.0), GPS.GPSLongitude: (200.0, 0.0, 0.0)},
        {GPS.GPSLatitude: (1.0, 2.0), GPS.GPSLongitude: 7.0},
        {GPS.GPSLatitudeRef: "N"},
    ],
)
def test_a_place_that_cannot_be_is_none(tmp_path: Path, place: dict) -> None:
    found = read_metadata(photo(tmp_path, place=place))
    assert (found.latitude, found.longitude) == (None, None)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00", b"Exif\x00\x00MM", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", bytes(range(64))]
)
def test_rubbish_for_exif_is_no_error(tmp_path: Path, exif: bytes) -> None:
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    assert read_metadata(path) == PhotoMetadata()


@pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"<html>", b"\x00\x00\x00\x14ftypisom\x00\x00\x00\x00isom"])
def test_what_cannot_be_read_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    assert read_metadata(path) == PhotoMetadata()


def test_text_that_no_database_takes_is_left_out(tmp_path: Path) -> None:
    found = read_metadata(photo(tmp_path, Make="a\x01b", Model="Kamera\x00rest"))
    assert (found.make, found.model) == (None, "Kamera")


def test_videos_say_when_and_how_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Taipei")
    time.tzset()
    path = tmp_path / "film.mp4"
    write_film(path, {"creation_time": "2023-05-01T12:00:00.000000Z", "location": "+25.0330+121.5654/"})
    found = read_metadata(path)
    monkeypatch.undo()
    time.tzset()
    assert (found.taken_at, found.utc_offset_minutes) == (datetime.fromisoformat("2023-05-01T20:00:00"), 480)
    assert found.duration_ms == pytest.approx(1000, abs=50)
    assert (found.latitude, found.longitude) == (pytest.approx(25.033), pytest.approx(121.5654))


def test_a_video_whose_clock_was_never_set(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    write_film(path, {})
    assert read_metadata(path).taken_at is None


def write_film(path: Path, metadata: dict[str, str]) -> None:
    import av

    with av.open(path, "w") as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuv420p"
        picture = Image.new("RGB", (64, 48), "orange")
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())


def test_a_file_that_is_not_there_is_the_disks_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_metadata(tmp_path / "gone.jpg")
