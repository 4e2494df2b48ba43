import base64
from uuid import UUID

import psycopg
import pytest

from support.extension_site import ExtensionSite, FixedEncoder

NOBODY = "7d0c5c8f-5b1e-4a0e-9b56-0d1f4f0a8a11"


@pytest.fixture
async def site(dsn, tmp_path):
    site = ExtensionSite(dsn, tmp_path)
    await site.open()
    return site


async def test_a_photo_in_immichs_shape(site):
    photo = await site.add("收據 1.jpg", ["總計 560", "發票"], make="Kestrel")
    async with site.client() as client:
        asset = (await client.get(f"/api/assets/{photo}")).json()
        lines = (await client.get(f"/api/assets/{photo}/ocr")).json()
        again = (await client.get(f"/api/assets/{photo}/ocr")).json()
    assert asset["originalFileName"] == "收據 1.jpg"
    assert asset["localDateTime"] == "2024-01-02T12:00:00.000Z"
    assert asset["exifInfo"]["make"] == "Kestrel"
    assert len(base64.b64decode(asset["checksum"])) == 20
    assert [one["text"] for one in lines] == ["總計 560", "發票"]
    assert [one["id"] for one in lines] == [one["id"] for one in again]
    assert len({one["id"] for one in lines}) == 2
    assert all(UUID(one["id"]).version == 4 for one in lines)
    corners = [lines[0][name] for name in ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")]
    assert corners == pytest.approx([0.1, 0.1, 0.9, 0.1, 0.9, 0.15, 0.1, 0.15])


async def test_photos_that_are_not_here_are_refused_in_immichs_words(site):
    other = ExtensionSite(site.dsn, site.root.parent / "other")
    await other.open()
    foreign = await other.add("foreign.jpg", ["發票"])
    async with site.client() as client:
        for identity in (NOBODY, foreign):
            for path in ("", "/ocr", "/thumbnail", "/original"):
                answer = await client.get(f"/api/assets/{identity}{path}")
                assert answer.status_code == 400
                assert answer.json()["message"].startswith("Not found or no asset.")
            assert (await client.get(f"/allinone/api/jobs/{identity}")).status_code == 400
        for identity in ("1", "..%2f..%2fetc%2fpasswd", "7d0c5c8f-5b1e-1a0e-9b56-0d1f4f0a8a11"):
            answer = await client.get(f"/api/assets/{identity}")
            assert answer.status_code in (400, 404)
        found = await client.post("/api/search/smart", json={"query": "ocr:發票"})
    assert found.json()["assets"]["items"] == []


async def test_thumbnails_can_be_kept_by_the_browser_but_by_nobody_between(site):
    photo = await site.add("a.jpg")
    async with site.client() as client:
        small = await client.get(f"/api/assets/{photo}/thumbnail?size=thumbnail")
        large = await client.get(f"/api/assets/{photo}/thumbnail?size=preview")
        kept = await client.get(
            f"/api/assets/{photo}/thumbnail?size=thumbnail", headers={"if-none-match": small.headers["etag"]}
        )
        wrong = await client.get(f"/api/assets/{photo}/thumbnail?size=poster")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert (large.status_code, large.headers["content-type"]) == (200, "image/jpeg")
    assert small.headers["etag"] != large.headers["etag"]
    assert "private" in small.headers["cache-control"]
    assert (kept.status_code, kept.content) == (304, b"")
    assert wrong.status_code == 400
    assert "size" in wrong.json()["message"][0]


async def test_the_original_comes_whole_and_in_parts(site):
    photo = await site.add("a.jpg")
    content = (site.root / "a.jpg").read_bytes()
    async with site.client() as client:
        whole = await client.get(f"/api/assets/{photo}/original")
        part = await client.get(f"/api/assets/{photo}/original", headers={"range": "bytes=2-9"})
        beyond = await client.get(f"/api/assets/{photo}/original", headers={"range": "bytes=999999-"})
        head = await client.head(f"/api/assets/{photo}/original")
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["content-type"] == "image/jpeg"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in whole.headers["content-security-policy"]
    assert (part.status_code, part.content) == (206, content[2:10])
    assert beyond.status_code == 416
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(content)))


async def test_a_file_that_is_no_photo_any_more_is_not_handed_out(site):
    page = await site.add("page.jpg")
    (site.root / "page.jpg").write_text("<script>alert(1)</script>")
    link = await site.add("link.jpg")
    (site.root / "link.jpg").unlink()
    (site.root / "link.jpg").symlink_to("/etc/passwd")
    gone = await site.add("gone.jpg")
    (site.root / "gone.jpg").unlink()
    async with site.client() as client:
        for photo in (page, link, gone):
            answer = await client.get(f"/api/assets/{photo}/original")
            assert answer.status_code == 404
            assert "root:" not in answer.text
            assert "<script>" not in answer.text


async def test_a_photo_is_read_again_on_request(site):
    photo = await site.add("a.jpg", ["發票"])
    body = {"name": "refresh-ocr", "assetIds": [str(photo), str(photo)]}
    async with site.client() as client:
        before = (await client.get(f"/allinone/api/jobs/{photo}")).json()
        answer = await client.post("/api/assets/jobs", json=body)
        after = (await client.get(f"/allinone/api/jobs/{photo}")).json()
        await client.post("/api/assets/jobs", json=body)
    assert before == {"assetId": str(photo), "ocr": None, "clip": None}
    assert (answer.status_code, answer.content) == (204, b"")
    assert (after["ocr"]["state"], after["clip"]) == ("waiting", None)
    with psycopg.connect(site.dsn) as connection:
        jobs = connection.execute("select task_name, args->>'asset_id' from procrastinate_jobs").fetchall()
    assert jobs == [("refresh_ocr", str(photo))]


async def test_jobs_that_cannot_be_done_do_nothing(site):
    photo = await site.add("a.jpg")
    async with site.client() as client:

        async def problem(**body):
            answer = await client.post("/api/assets/jobs", json=body)
            assert answer.status_code == 400
            return str(answer.json()["message"])

        unknown = await problem(name="refresh-faces", assetIds=[str(photo)])
        assert "'refresh-ocr' or 'refresh-smart-search'" in unknown
        missing = await problem(name="refresh-ocr", assetIds=[str(photo), NOBODY])
        assert missing == "Not found or no asset.update access"
        assert "at most 1000" in await problem(name="refresh-ocr", assetIds=[NOBODY] * 1001)
        assert "must be a UUID" in await problem(name="refresh-ocr", assetIds=["x"])
        assert "assetIds is missing" in await problem(name="refresh-ocr")
        assert "must be a list" in await problem(name="refresh-ocr", assetIds=str(photo))
        assert "models pull" in await problem(name="refresh-smart-search", assetIds=[str(photo)])
        assert (await client.post("/api/assets/jobs", json={"name": "refresh-ocr", "assetIds": []})).status_code == 204
    with psycopg.connect(site.dsn) as connection:
        assert connection.execute("select count(*) from procrastinate_jobs").fetchone() == (0,)


async def test_the_clip_vector_is_made_again_where_there_is_a_model(site):
    photo = await site.add("a.jpg")
    body = {"name": "refresh-smart-search", "assetIds": [str(photo)]}
    async with site.client(FixedEncoder(RuntimeError())) as client:
        assert (await client.post("/api/assets/jobs", json=body)).status_code == 204
        assert (await client.get(f"/allinone/api/jobs/{photo}")).json()["clip"]["state"] == "waiting"


async def test_progress_and_what_cannot_be_read(site):
    await site.add("a.jpg")
    bad = await site.add("bad.jpg")
    with psycopg.connect(site.dsn) as connection:
        connection.execute(
            "update library_asset set status = 'failed', failure = 'cut off', failed_at = now() where id = %s", [bad]
        )
    async with site.client() as client:
        progress = (await client.get("/allinone/api/progress")).json()
        failures = (await client.get("/allinone/api/failures")).json()["items"]
        wrong = await client.get("/allinone/api/failures?limit=0")
        metrics = (await client.get("/metrics")).text
    assert (progress["total"], progress["done"], progress["failed"], progress["waiting"]) == (2, 1, 1, 0)
    assert len(progress["notices"]) == 1
    assert [(one["path"], one["reason"]) for one in failures] == [(str(site.root / "bad.jpg"), "cut off")]
    assert wrong.status_code == 400
    assert 'allinone_library_photos{state="failed"} 1.0' in metrics
