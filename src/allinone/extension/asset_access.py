"""Which photos may be asked for: those of the library served here, in Immich's words."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from allinone.errors import InvalidRequest, NotFound
from allinone.extension.services import Services
from allinone.library.filters import AssetFilters
from allinone.library.store import LibraryAsset

Permission = Literal["asset.read", "asset.update", "asset.view", "asset.download"]


async def find_asset(services: Services, asset_id: UUID, permission: Permission) -> LibraryAsset:
    """The photo with this id.

    Raises:
        InvalidRequest: it is not in this library. Immich says the same where it exists and is another user's.
    """
    try:
        asset = await services.library.get(asset_id)
    except NotFound as error:
        raise _refusal(permission) from error
    if asset.library_id != services.library_id:
        raise _refusal(permission)
    return asset


async def require_assets(services: Services, asset_ids: Sequence[UUID], permission: Permission) -> None:
    """All photos are in this library.

    Raises:
        InvalidRequest: one is not, and so nothing is to be done for the others either.
    """
    read = await services.library.select(asset_ids, AssetFilters(services.library_id))
    known = {asset.id for asset in read}
    for asset_id in asset_ids:
        if asset_id not in known:  # not read yet, or not readable: it may still be tried again
            await find_asset(services, asset_id, permission)


def _refusal(permission: Permission) -> InvalidRequest:
    return InvalidRequest(f"Not found or no {permission} access")
