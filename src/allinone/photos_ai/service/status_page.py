"""The page at `/`: what is running, for the person who looks."""

import html
from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse

from allinone import __version__
from allinone.http.language import Language, preferred_language
from allinone.photos_ai.engine import EngineState

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
_PAGE = Template("""<!doctype html>
<html lang="$language"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>photos-ai</title><style>
:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}
dt{opacity:.65;margin-top:1rem}dd{margin:0;overflow-wrap:anywhere}
</style></head><body><h1>photos-ai</h1><p>$running</p><dl>$rows</dl></body></html>
""")
_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "running": "The recognition service of immich-all-in-one is running.",
        "version": "Version", "ocr": "Reads text with", "clip": "Compares pictures and words with",
        "faces": "Finds faces with", "device": "Computes on", "threads": "Pictures at a time",
    },
    "zh-Hans": {
        "running": "immich-all-in-one 的识别服务正在运行。",
        "version": "版本", "ocr": "文字识别模型", "clip": "图文搜索模型", "faces": "人脸模型", "device": "计算设备",
        "threads": "同时处理的图片数",
    },
    "zh-Hant": {
        "running": "immich-all-in-one 的辨識服務正在執行。",
        "version": "版本", "ocr": "文字辨識模型", "clip": "圖文搜尋模型", "faces": "人臉模型", "device": "運算裝置",
        "threads": "同時處理的圖片數",
    },
}  # fmt: skip


def status_page(request: Request, state: EngineState) -> HTMLResponse:
    """The page, in the reader's language."""
    language = preferred_language(request.headers.get("accept-language", ""))
    words = _WORDS[language]
    values = {
        "version": __version__,
        "ocr": state.ocr,
        "clip": state.clip or state.clip_notice or "",
        "faces": state.faces or "",
        "device": f"{state.device}. {state.device_notice}" if state.device_notice else state.device,
        "threads": str(state.threads),
    }
    rows = "".join(f"<dt>{words[name]}</dt><dd>{html.escape(value)}</dd>" for name, value in values.items())
    page = _PAGE.substitute(language=language, running=words["running"], rows=rows)
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store", "vary": "accept-language"}
    return HTMLResponse(page, headers=headers)
