"""Clients that others wrote, through the front door: Immich's own SDK for JavaScript, and aioimmich for Python."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
from aioimmich import Immich
from tests.support.immich.rows import User
from tests.support.immich.site import ImmichSite

from allinone.database.pool import Database
from allinone.extension.immich_app import create_immich_app
from allinone.immich.settings import ImmichSettings
from support.front_door import FrontDoor, running_front_door
from support.http_site import running_site

SDK = Path(__file__).parents[2] / "support" / "immich_sdk"


@dataclass
class House:
    """Front door, extension and Immich, with a user and a photo of hers."""

    door: FrontDoor
    site: ImmichSite
    anna: User
    asset: UUID


@pytest.fixture
def house(immich_site: ImmichSite, dsn: str, tmp_path: Path) -> Iterator[House]:
    anna = immich_site.rows.add_user("anna")
    asset = immich_site.rows.add_asset(anna, ["統一發票"], shows="統一發票")
    app = create_immich_app(ImmichSettings(**immich_site.settings()), database=Database(dsn))
    with (
        running_site(app) as extension,
        running_front_door(immich_site.server, extension.address, tmp_path) as door,
    ):
        yield House(door, immich_site, anna, asset)


@pytest.fixture(scope="session")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Immich's SDK in it, from npm, as the lock file says."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("Immich's own client is tested with Node: apt install nodejs npm")
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(SDK, folder, dirs_exist_ok=True)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=170, check=False)
    assert result.returncode == 0, result.stderr
    return folder


def test_immichs_own_client(house: House, sdk: Path) -> None:
    file = sdk / "a.jpg"
    file.write_bytes(bytes(300_000))
    node = shutil.which("node")
    assert node
    command = [node, str(sdk / "client.mjs"), house.door.url, house.anna.api_key, str(house.asset), str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["email"] == house.anna.email
    assert told["name"].endswith(".jpg")
    assert told["smart"] == told["metadata"] == [str(house.asset)]
    assert told["nextPage"] is None
    assert told["thumbnail"] > 100
    assert told["uploaded"] == "created"
    assert house.site.immich.uploaded[0] > 300_000
    assert told["wrong"]["status"] == 400
    assert told["foreign"] == {"status": 400, "message": "Not found or no asset.update access"}
    assert {"name": "refresh-metadata", "assetIds": [str(house.asset)]} in house.site.immich.jobs


async def test_aioimmich(house: House, tmp_path: Path) -> None:
    host, port = house.door.address.split(":")
    async with aiohttp.ClientSession() as session:
        immich = Immich(session, house.anna.api_key, host, int(port), use_ssl=False)
        await immich.async_setup()
        user = await immich.users.async_get_my_user()
        assert user.email == house.anna.email
        found = await immich.search.async_get_all()
        assert [asset.asset_id for asset in found] == [str(house.asset)]
        thumbnail = await immich.assets.async_view_asset(str(house.asset), size="preview")
        assert thumbnail.startswith(b"\xff\xd8")
        file = tmp_path / "b.jpg"
        file.write_bytes(bytes(200_000))
        assert (await immich.assets.async_upload_asset(str(file))).status == "created"
        about = await immich.server.async_get_about_info()
        assert about.version.startswith("v3")
