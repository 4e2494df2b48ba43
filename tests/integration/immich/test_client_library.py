"""aioimmich, the client that Home Assistant uses, runs against the extension as it does against Immich."""

import aiohttp
from aioimmich import Immich as Client
from tests.support.immich.following import follower
from tests.support.immich.serving import Serving
from tests.support.immich.site import ImmichSite

from allinone.database.pool import Database
from allinone.extension.immich_app import create_immich_app
from allinone.immich.settings import ImmichSettings


async def test_aioimmich(immich_site: ImmichSite, dsn: str) -> None:
    rows = immich_site.rows
    anna = rows.add_user("anna", admin=True)
    asset = rows.add_asset(anna, ["電子發票證明聯"], shows="paper")
    rows.add_asset(anna, shows="beach")
    async with follower(immich_site, dsn) as following:
        await following.catch_up()
    settings = ImmichSettings(**immich_site.settings())
    extension = Serving(create_immich_app(settings, database=Database(dsn)))
    extension.start()
    try:
        async with aiohttp.ClientSession() as session:
            client = Client(session, anna.api_key, "127.0.0.1", extension.port, use_ssl=False)
            await client.async_setup()
            me = await client.users.async_get_my_user()
            assert me.user_id == str(anna.id)
            assert (await client.server.async_get_about_info()).version == "v3.1.0"
            found = await client.search.async_smart_search("ocr:发票")
            assert [one.asset_id for one in found] == [str(asset)]
            thumbnail = await client.assets.async_view_asset(str(asset), "thumbnail")
            assert thumbnail.startswith(b"\xff\xd8")
    finally:
        extension.stop()
