"""What every page has around its content: the search box, the way to the status page, notices, progress."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from allinone.extension.pages.icons import icon
from allinone.extension.pages.markup import Html, element, join
from allinone.extension.pages.visits import Visit
from allinone.extension.photo_search import Notice
from allinone.http.login import LOGOUT_PATH
from allinone.library.store import IndexProgress

PULL_CLIP = "./run models pull ViT-B-16"


def raw(content: Html, tag: str = "div", classes: str = "") -> ui.html:
    """An element with HTML of ours in it; `Html` has escaped what came from elsewhere."""
    return ui.html(content, sanitize=False, tag=tag).classes(classes)


def every(seconds: float, look: Callable[[], Awaitable[None]]) -> ui.timer:
    """Call `look` again and again while the visitor's browser is connected; it ends with the visit."""
    client = ui.context.client

    async def tick() -> None:
        if client.has_socket_connection:
            await look()

    return ui.timer(seconds, tick, immediate=False)


class Frame:
    """The head of a page, with the parts of it that change by themselves."""

    def __init__(self, visit: Visit, query: str, *, target: str) -> None:
        """Build it into the page; `target` is the id of the element that the skip link leads to."""
        self._visit = visit
        raw(element("a", visit.texts.skip_to_photos, href=f"#{target}", class_="skip"), classes="skip-box")
        with ui.element("header").classes("site-head"):
            raw(_brand(visit), classes="brand-box")
            raw(_search_form(visit, query), classes="search-box")
            self._links = raw(Html(), tag="nav", classes="links").props(f'aria-label="{visit.texts.status}"')
        self._progress = raw(Html(), classes="progress-box")
        self._notices = raw(Html(), classes="notices").props('role="status"')

    def show_progress(self, progress: IndexProgress) -> None:
        """Bring the bar, the link and the folder's notice up to date; nothing is sent where nothing changed."""
        set_content(self._progress, _progress_bar(self._visit, progress))
        set_content(self._links, _links(self._visit, progress.failed))

    def show_notices(self, *notices: Html) -> None:
        """Show lines that the person should know about."""
        set_content(self._notices, join(*notices))


def set_content(part: ui.html, content: Html) -> None:
    """Change what an element holds; nothing is sent where it holds that already."""
    if part.content != content:
        part.set_content(content)


def notice_line(visit: Visit, notice: Notice) -> Html:
    """A notice of the search, in the visitor's language."""
    texts = visit.texts
    line = {
        Notice.NO_CLIP_MODEL: texts.notice_no_clip_model,
        Notice.ENCODER_FAILED: texts.notice_encoder_failed,
        Notice.NOT_EMBEDDED: texts.notice_not_embedded,
    }[notice]
    return element("p", icon("info"), element("span", with_command(line)), class_="notice")


def warning_line(message: str) -> Html:
    """Something that is wrong right now."""
    return element("p", icon("warning"), element("span", message), class_="notice warning")


def folder_line(visit: Visit, message: str) -> Html:
    """What a scan found wrong with the library's folder."""
    return warning_line(visit.texts.notice_folder.format(message=message))


def with_command(text: str) -> Html:
    """`text` with its `{command}` filled in as code."""
    before, _, after = text.partition("{command}")
    return join(before, element("code", PULL_CLIP), after) if "{command}" in text else join(text)


def _brand(visit: Visit) -> Html:
    return element("a", element("span", class_="logo"), element("span", visit.texts.app_name), href=visit.grid_url(),
                   class_="brand")  # fmt: skip


def _search_form(visit: Visit, query: str) -> Html:
    texts = visit.texts
    field = element(
        "input",
        type="search",
        name="q",
        value=query,
        placeholder=texts.placeholder if visit.has_clip else texts.placeholder_text_only,
        aria_label=texts.search_label,
        aria_keyshortcuts="/",
        autocomplete="off",
        autocapitalize="off",
        spellcheck="false",
        enterkeyhint="search",
        maxlength=500,
    )
    clear = element("button", icon("close"), type="button", class_="clear", aria_label=texts.clear_search)
    submit = element("button", icon("search"), type="submit", class_="submit", aria_label=texts.search)
    return element("form", submit, field, clear, element("kbd", "/", aria_hidden="true"),
                   role="search", action=visit.grid_url(), method="get", class_="search")  # fmt: skip


def _links(visit: Visit, failed: int) -> Html:
    links = []
    if failed:
        label = visit.texts.unreadable(failed)
        count = element("span", str(failed), class_="count", aria_hidden="true")
        words = element("span", label, class_="words")
        href = f"{visit.status_url()}#unreadable"
        links.append(element("a", icon("warning"), words, count, href=href, class_="unreadable", aria_label=label))
    words = element("span", visit.texts.status, class_="words")
    links.append(element("a", icon("info"), words, href=visit.status_url(), aria_label=visit.texts.status))
    if visit.services.settings.password is not None:
        words = element("span", visit.texts.log_out, class_="words")
        button = element("button", icon("leave"), words, aria_label=visit.texts.log_out)
        links.append(element("form", button, method="post", action=LOGOUT_PATH))
    return join(*links)


def _progress_bar(visit: Visit, progress: IndexProgress) -> Html:
    finished = progress.done + progress.failed
    if progress.waiting == 0 and not (progress.scanning and progress.total == 0):
        return Html()
    if progress.waiting == 0:
        return element("p", visit.texts.scanning, class_="progress-words")
    words = visit.texts.reading.format(done=finished, total=progress.total)
    bar = element("progress", value=finished, max=progress.total, aria_label=words)
    return join(bar, element("p", words, class_="progress-words"))
