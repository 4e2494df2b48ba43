"""The search laboratory: a search as Immich's own page would make it, with the reasons, and with other weights."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from allinone.errors import AllInOneError
from allinone.extension.immich_pages.visitor import Visitor, head, open_visitor
from allinone.extension.immich_pages.weighing import CUTOFFS, Weighed, weigh
from allinone.extension.pages.frame import every, raw, set_content, warning_line
from allinone.extension.pages.highlighting import excerpt
from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.results import clean_query
from allinone.search.hits import Cutoff

SHOWN_LINES = 3
POLL = 1.5
PAGE, LARGE_PAGE = 100, 250  # photos shown, and asked for at a time where all of a search are
MOST_REFRESHED = 5000


async def laboratory_page(request: Request, q: str = "") -> None:
    """`/?q=...`."""
    page = Laboratory(await open_visitor(request), clean_query(q))
    await page.build()


class Laboratory:
    """One visitor's search."""

    def __init__(self, visitor: Visitor, query: str) -> None:
        self._visitor = visitor
        self._query = query
        settings = visitor.house.services.settings
        self._weight: float = settings.picture_weight
        self._cutoff: Cutoff = settings.cutoff
        self._hits: Sequence[Mapping[str, Any]] = ()
        self._asked: list[UUID] = []

    async def build(self) -> None:
        """Search, and show."""
        texts = self._visitor.texts
        ui.page_title(f"{self._query} · {texts.laboratory}" if self._query else texts.laboratory)
        raw(head(self._visitor, self._query, "laboratory"), tag="header", classes="site-head")
        self._notices = raw(Html(), classes="notices").props('role="status"')
        if not self._query:
            intro = join(element("h1", texts.laboratory), element("p", texts.intro))
            raw(element("div", intro, class_="empty"))
            return
        try:
            explained = await self._explained(1, PAGE)
        except AllInOneError as error:
            set_content(self._notices, warning_line(texts.problem.format(reason=str(error))))
            return
        self._hits = explained["hits"]
        with ui.element("div").classes("laboratory"):
            self._build_controls()
            self._results = raw(self._cards(), classes="cards-box").props('aria-live="polite"')
        every(POLL, self._poll)

    async def _explained(self, page: int, size: int) -> dict[str, Any]:
        body = {"query": self._query, "visibility": "timeline", "page": page, "size": size}
        answer: dict[str, Any] = await self._visitor.api.post("/allinone/api/explain", body)
        return answer

    def _build_controls(self) -> None:
        texts = self._visitor.texts
        with ui.element("div").classes("weights"):
            slider = element("input", type="range", min=0, max=100, step=5, value=round(self._weight * 100),
                             id="weight", aria_describedby="weight-value")  # fmt: skip
            value = element("output", f"{self._weight:.2f}", id="weight-value")
            label = raw(element("label", element("span", texts.weight), slider, value), classes="weight")
            label.on("input", self._on_weight, args=["target.value"], js_handler=_SLIDER)
            options = (
                element("option", name, value=kind, selected=kind == self._cutoff)
                for kind, name in zip(CUTOFFS, texts.cutoffs, strict=True)
            )
            box = element("label", element("span", texts.cutoff), element("select", *options, id="cutoff"))
            raw(box, classes="cutoff").on("change", self._on_cutoff, js_handler="(e) => emit(e.target.value)")
            with ui.element("div").classes("refresh-results"):
                button = raw(join(icon("refresh"), texts.refresh_results), tag="button", classes="button")
                button.props("type=button id=refresh-results").on("click", self._refresh)
                self._progress = raw(Html(), tag="p", classes="quiet").props('role="status"')
        self._hint = raw(self._hint_words(), tag="p", classes="quiet settings-hint")

    def _on_weight(self, event: GenericEventArguments) -> None:
        self._weight = _share(event.args)
        self._show()

    def _on_cutoff(self, event: GenericEventArguments) -> None:
        if event.args in CUTOFFS:
            self._cutoff = event.args
            self._show()

    def _show(self) -> None:
        set_content(self._results, self._cards())
        set_content(self._hint, self._hint_words())

    def _hint_words(self) -> Html:
        settings = f"ALLINONE_SEARCH_PICTURE_WEIGHT={self._weight:.2f} ALLINONE_SEARCH_CUTOFF={self._cutoff}"
        before, _, after = self._visitor.texts.weight_hint.partition("{settings}")
        return join(before, element("code", settings), after)

    def _cards(self) -> Html:
        texts = self._visitor.texts
        weighed = weigh(self._hits, self._weight, self._cutoff)
        if not weighed:
            return element("div", element("h2", texts.nothing), class_="empty")
        cards = (self._card(one) for one in weighed)
        count = element("p", texts.found.format(count=len(weighed)), class_="summary")
        return join(count, element("div", *cards, class_="cards", role="list"))

    def _card(self, one: Weighed) -> Html:
        texts, asset = self._visitor.texts, str(one.hit["assetId"])
        picture = element("img", src=f"/api/assets/{asset}/thumbnail?size=thumbnail", alt="", loading="lazy")
        lines = (one.hit.get("text") or {}).get("lines", [])[:SHOWN_LINES]
        found = [element("span", excerpt(line["text"], line["spans"]), class_="line") for line in lines]
        scores = [
            _bar(name, value)
            for name, value in (
                (texts.total_score, one.total),
                (texts.text_score, one.text),
                (texts.picture_score, one.picture),
            )
            if value is not None
        ]
        caption = element(
            "span", *found, element("span", *scores, class_="scores"),
            element("span", str(one.hit.get("path", "")), class_="file"), class_="caption",
        )  # fmt: skip
        href = f"{self._visitor.base}/photos/{asset}?q={_quoted(self._query)}"
        link = element("a", element("span", picture, class_="thumb"), caption, href=href, data_id=asset)
        return element("div", link, class_="card", role="listitem")

    async def _refresh(self) -> None:
        """Have all of the visitor's own photos that this search finds read anew."""
        api = self._visitor.api
        set_content(self._progress, join(self._visitor.texts.gathering))
        try:
            own = await self._own()
            await api.post("/api/assets/jobs", {"name": "refresh-ocr", "assetIds": [str(asset) for asset in own]})
        except AllInOneError as error:
            set_content(self._progress, Html())
            set_content(self._notices, warning_line(self._visitor.texts.problem.format(reason=str(error))))
            return
        self._asked = own
        await self._poll(ended=not own)

    async def _own(self) -> list[UUID]:
        found: list[UUID] = []
        page: int | None = 1
        while page is not None and len(found) < MOST_REFRESHED:
            explained = await self._explained(page, LARGE_PAGE)
            mine = (hit for hit in explained["hits"] if hit["ownerId"] == self._visitor.me["id"])
            found += [UUID(hit["assetId"]) for hit in mine]
            page = int(explained["nextPage"]) if explained["nextPage"] else None
        return found[:MOST_REFRESHED]

    async def _poll(self, *, ended: bool = False) -> None:
        if not self._asked and not ended:
            return
        try:
            states = await self._visitor.house.refreshes.looked_up("ocr", self._asked)
        except AllInOneError:
            return  # it is looked at again
        finished = [state.state for state in states.values() if state.finished_at]
        texts, failed = self._visitor.texts, finished.count("failed")
        # One that is not remembered any more is not waited for.
        if len(finished) < len(states):
            words = texts.refreshing.format(done=len(finished), total=len(self._asked))
        else:
            words = texts.refreshed.format(done=len(finished) - failed, failed=failed)
            self._asked = []
        set_content(self._progress, join(words))


_SLIDER = """(e) => {
    if (e.target.id !== "weight") return;
    document.getElementById("weight-value").textContent = (e.target.value / 100).toFixed(2);
    emit(e.target.value);
}"""


def _share(value: object) -> float:
    try:
        return min(1.0, max(0.0, float(str(value)) / 100))
    except ValueError:
        return 0.5


def _bar(name: str, value: float) -> Html:
    words = element("span", f"{name} {value:.2f}")
    return element("span", words, element("meter", value=f"{value:.3f}", min=0, max=1, aria_label=name), class_="score")


def _quoted(query: str) -> str:
    return quote(query, safe="")
