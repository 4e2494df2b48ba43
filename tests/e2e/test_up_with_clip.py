"""`up` with a CLIP model on disk: photos get vectors, plain queries look at pictures too."""

import json
import shutil
from pathlib import Path

import httpx

from models.tiny_clip import make_clip_model
from support.allinone_process import RunningUp, run_allinone, running_up, wait_for

PHOTOS = ("landscape.jpg", "receipt-taiwan.jpg", "menu.heic")


def everything_read(running: RunningUp) -> bool:
    progress = running.get("allinone/api/progress").json()
    return progress["total"] == len(PHOTOS) and progress["waiting"] == 0 and not progress["scanning"]


def test_pictures_count_wherever_a_model_is_present(tmp_path: Path, samples: Path) -> None:
    photos, data_dir = tmp_path / "photos", tmp_path / "data"
    photos.mkdir()
    for name in PHOTOS:
        shutil.copy(samples / name, photos)
    with running_up(data_dir, "--library", photos) as without:
        wait_for(lambda: everything_read(without), "photos to be read without a model")
        assert without.post("api/search/smart", {"query": "cat"}).headers["x-allinone-notice"] == "no_clip_model"
    quiet = run_allinone("search", "發票", data_dir=data_dir)
    assert (quiet.returncode, "Traceback" in quiet.stderr) == (0, False)
    assert "No CLIP model" in quiet.stderr

    make_clip_model(data_dir / "models")
    with running_up(data_dir, "--library", photos) as running:
        # What was read before the model came gets its vector now, without being read again.
        hits = wait_for(lambda: embedded(running), "all photos to have vectors")
        assert {Path(hit["path"]).name for hit in hits} == set(PHOTOS)
        by_text = running.post("allinone/api/explain", {"query": "發票"}).json()["hits"]
        assert Path(by_text[0]["path"]).name == "receipt-taiwan.jpg"
        again = running.post("api/assets/jobs", {"name": "refresh-smart-search", "assetIds": [hits[0]["assetId"]]})
        assert again.status_code == httpx.codes.NO_CONTENT
    found = json.loads(run_allinone("search", "cat", "--json", data_dir=data_dir).stdout)
    assert {hit["clip"]["similarity"] is not None for hit in found} == {True}
    assert len(found) == len(PHOTOS)


def embedded(running: RunningUp) -> list[dict]:
    hits = running.post("allinone/api/explain", {"query": "cat"}).json()["hits"]
    return hits if len(hits) == len(PHOTOS) and all(hit["clip"] for hit in hits) else []
