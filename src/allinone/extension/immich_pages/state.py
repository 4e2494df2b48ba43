"""How everything stands beside an Immich: services, index, queues, gateway with its models."""

import asyncio
import json
import math
import time
from typing import Any

import httpx
from fastapi import Request
from nicegui import ui
from prometheus_client.parser import text_string_to_metric_families

from allinone import __version__
from allinone.errors import AllInOneError
from allinone.extension.immich_pages.visitor import Visitor, head, open_visitor
from allinone.extension.pages.facts import definition_list
from allinone.extension.pages.frame import every, raw, set_content
from allinone.extension.pages.markup import Html, element, join
from allinone.immich.job_queue import ImmichQueues

POLL = 5.0
SECONDS = 3.0

Rows = list[tuple[str, str]]


async def state_page(request: Request) -> None:
    """`/status`."""
    page = StatePage(await open_visitor(request))
    await page.build()


class StatePage:
    """One visitor's look at the state."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._queues = ImmichQueues(visitor.house.services.settings)

    async def build(self) -> None:
        """Look, show, and look again now and then."""
        texts = self._visitor.texts
        ui.page_title(f"{texts.state} · {texts.laboratory}")
        raw(head(self._visitor, "", "state"), tag="header", classes="site-head")
        with ui.element("div").classes("status-page").props("id=status"):
            raw(join(texts.state), tag="h1")
            self._parts = {name: raw(Html(), tag="section") for name in ("services", "index", "queues", "models")}
        await self._look()
        every(POLL, self._look)

    async def _look(self) -> None:
        texts = self._visitor.texts
        services, index, queues, models = await asyncio.gather(
            self._services(), self._index(), self._waiting(), self._models()
        )
        for name, heading, rows in (
            ("services", texts.services, services),
            ("index", texts.index, index),
            ("queues", texts.queues, queues),
            ("models", texts.models, models),
        ):
            set_content(self._parts[name], join(element("h2", heading), definition_list(rows)))

    async def _services(self) -> Rows:
        texts = self._visitor.texts
        checks = json.loads(await self._visitor.api.text("/readyz")).get("checks", {})
        names = {"immich": "Immich", "database": "PostgreSQL"}
        rows = [(names.get(name, name), texts.good if said == "ok" else str(said)) for name, said in checks.items()]
        return [*rows, ("immich-all-in-one", __version__)]

    async def _index(self) -> Rows:
        texts = self._visitor.texts
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(await self._visitor.api.text("/metrics")):
            for sample in family.samples:
                if not sample.labels:
                    found[sample.name] = sample.value
        photos, behind = found.get("allinone_immich_documents"), found.get("allinone_immich_behind_seconds")
        complete = bool(found.get("allinone_immich_complete"))
        late = texts.unknown if behind is None or math.isnan(behind) else texts.seconds.format(count=f"{behind:.0f}")
        return [
            (texts.index_photos, texts.unknown if photos is None else f"{photos:,.0f}"),
            (texts.index_complete, texts.yes if complete else texts.index_running),
            (texts.index_behind, late),
        ]

    async def _waiting(self) -> Rows:
        try:
            return [(name, f"{count:,}") for name, count in (await self._queues.waiting()).items()]
        except AllInOneError as error:
            return [("Redis", str(error))]

    async def _models(self) -> Rows:
        texts, url = self._visitor.texts, self._visitor.house.services.settings.machine_learning_url
        if not url:
            return [("IMMICH_MACHINE_LEARNING_URL", texts.unknown)]
        begun = time.perf_counter()
        try:
            async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as http:
                answer = await http.get(f"{url}/status")
                status: dict[str, Any] = answer.json()
        except httpx.HTTPError as error:
            return [(_shown(url, self._visitor), type(error).__name__)]
        except ValueError:
            return [(_shown(url, self._visitor), texts.not_ours)]
        took = (time.perf_counter() - begun) * 1000
        rows = [(_shown(url, self._visitor), f"{texts.good} ({took:.0f} ms)")]
        for backend in status.get("backends", []):
            reason = backend.get("reason") or backend.get("notice") or ""
            rows.append((str(backend.get("name")), f"{backend.get('state')} {reason}".strip()))
        return rows


def _shown(url: str, visitor: Visitor) -> str:
    """Addresses inside the house are for administrators."""
    return url if visitor.me.get("isAdmin") else "inference-gateway"
