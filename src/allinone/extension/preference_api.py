"""`/allinone/api/search-preference`: how whoever asks wants text and pictures weighed, in all of their searches."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from allinone.extension.immich_pass_through import replied
from allinone.extension.immich_people import user_id_of
from allinone.extension.immich_search_api import credentials_of, read_bounded
from allinone.http.json_body import check, parse
from allinone.immich.client import ImmichClient
from allinone.search.preferences import Preference, Preferences
from allinone.wire.search_preference import SearchPreference

PATH = "/allinone/api/search-preference"

Identify = Callable[[Request], Awaitable[UUID | Response]]
"""Who asks; or the answer for those who may not."""


def preference_routes(preferences: Preferences, identify: Identify) -> APIRouter:
    """GET tells what somebody chose, PUT keeps what they choose in its place."""
    routes = APIRouter()

    @routes.get(PATH)
    async def get(request: Request) -> Response:
        person = await identify(request)
        return person if isinstance(person, Response) else _told(await preferences.of(person))

    @routes.put(PATH)
    async def put(request: Request) -> Response:
        person = await identify(request)
        if isinstance(person, Response):
            return person
        chosen = check(SearchPreference, parse(await read_bounded(request)))
        preference = Preference(chosen.pictureWeight, chosen.cutoff, chosen.fusion)
        await preferences.put(person, preference)
        return _told(preference)

    return routes


def immich_person(client: ImmichClient) -> Identify:
    """Whoever Immich says the request's credentials are of."""
    return partial(_immich_person, client)


async def _immich_person(client: ImmichClient, request: Request) -> UUID | Response:
    reply = await client.get("/api/users/me", credentials_of(request))
    return user_id_of(reply) if reply.ok else replied(reply)


def _told(preference: Preference) -> JSONResponse:
    told = SearchPreference(pictureWeight=preference.picture_weight, cutoff=preference.cutoff, fusion=preference.fusion)
    return JSONResponse(told.model_dump())
