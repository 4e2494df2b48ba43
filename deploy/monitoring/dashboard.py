"""Writes Grafana's dashboard: python deploy/monitoring/dashboard.py. Edit here, not in the JSON; a test compares."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "grafana/dashboard.json"
SOURCE = {"type": "prometheus", "uid": "allinone-prometheus"}
WIDTH, HEIGHT = 8, 8  # of a panel, on Grafana's grid of 24 columns


def rate(metric: str, by: str) -> str:
    """A counter, per second."""
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


def quantile(fraction: float, metric: str, by: str) -> str:
    """A quantile of a histogram."""
    return f"histogram_quantile({fraction}, {rate(f'{metric}_bucket', f'le, {by}')})"


# title, unit, then pairs of a query and its legend
Panel = tuple[str, str, tuple[tuple[str, str], ...]]

ROWS: dict[str, tuple[Panel, ...]] = {
    "Is it well?": (
        (
            "Services that answer",
            "none",
            (('up{job=~"photos-ai|inference-gateway|extension"}', "{{job}} {{instance}}"),),
        ),
        ("Requests by answer", "reqps", ((rate("allinone_http_requests_total", "job, status"), "{{job}} {{status}}"),)),
        ("Failed requests", "percentunit", (("allinone:http_errors:ratio5m", "{{job}}"),)),
    ),
    "Search": (
        (
            "Time of a search",
            "s",
            (
                (quantile(0.5, "allinone_search_seconds", "kind"), "{{kind}} median"),
                (quantile(0.95, "allinone_search_seconds", "kind"), "{{kind}} 95 %"),
            ),
        ),
        (
            "Searches",
            "reqps",
            (
                (rate("allinone_search_seconds_count", "kind"), "{{kind}}"),
                (rate("allinone_search_encoder_failures_total", "job"), "by text alone: the model failed"),
            ),
        ),
        (
            "Photos of the folder",
            "short",
            (
                ("sum by (state) (allinone_library_photos)", "{{state}}"),
                ("max(allinone_library_scanning)", "scanning"),
            ),
        ),
        ("Photos read anew", "short", ((rate("allinone_refresh_jobs_total", "job"), "asked for"),)),
        (
            "Pages of Immich's that were passed on",
            "reqps",
            ((rate("allinone_immich_pages_total", "outcome"), "{{outcome}}"),),
        ),
        ("What our script did not recognise", "short", ((rate("allinone_script_problems_total", "kind"), "{{kind}}"),)),
    ),
    "Gateway": (
        (
            "Requests by task",
            "reqps",
            ((rate("allinone_gateway_requests_total", "task, status"), "{{task}} {{status}}"),),
        ),
        (
            "Time of a request, waiting included",
            "s",
            (
                (quantile(0.5, "allinone_gateway_request_seconds", "task"), "{{task}} median"),
                (quantile(0.95, "allinone_gateway_request_seconds", "task"), "{{task}} 95 %"),
            ),
        ),
        (
            "Queue",
            "short",
            (
                ("sum(allinone_gateway_waiting)", "waiting for a backend"),
                ("sum by (backend, place) (allinone_gateway_outstanding)", "at {{backend}} {{place}}"),
            ),
        ),
        ("Backends in use", "none", (("allinone_gateway_backend_up", "{{backend}} {{place}}"),)),
        (
            "Attempts by outcome",
            "reqps",
            ((rate("allinone_gateway_attempts_total", "backend, outcome"), "{{backend}} {{outcome}}"),),
        ),
        (
            "Time a backend takes",
            "s",
            ((quantile(0.95, "allinone_gateway_backend_seconds", "task, backend"), "{{task}} {{backend}} 95 %"),),
        ),
    ),
    "photos-ai": (
        (
            "Waiting for a model",
            "short",
            (("sum by (instance, queue) (allinone_queue_depth)", "{{queue}} {{instance}}"),),
        ),
        ("Time of a batch", "s", ((quantile(0.95, "allinone_batch_seconds", "model"), "{{model}} 95 %"),)),
        (
            "Items in a batch",
            "short",
            (
                (
                    f"{rate('allinone_batch_size_sum', 'model')} / {rate('allinone_batch_size_count', 'model')}",
                    "{{model}}",
                ),
            ),
        ),
        ("Models in memory", "none", (("allinone_model_loaded", "{{model}} {{instance}}"),)),
        ("Threads at work", "short", (("sum by (instance, group) (allinone_threads_busy)", "{{group}} {{instance}}"),)),
        (
            "Memory",
            "bytes",
            (
                ("process_resident_memory_bytes", "{{job}} {{instance}}"),
                ("allinone_request_bytes", "requests at {{instance}}"),
                ("allinone_gateway_request_bytes", "requests at the gateway"),
            ),
        ),
    ),
}


def panels() -> Iterator[dict[str, Any]]:
    """Rows with their panels, three abreast."""
    top, number = 0, 0
    for row, members in ROWS.items():
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row,
            "collapsed": False,
            "panels": [],
            "gridPos": _place(0, top, 24, 1),
        }
        top += 1
        for index, (title, unit, queries) in enumerate(members):
            number += 1
            yield _panel(
                number, title, unit, queries, _place(index % 3 * WIDTH, top + index // 3 * HEIGHT, WIDTH, HEIGHT)
            )
        top += -(-len(members) // 3) * HEIGHT


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(
    number: int, title: str, unit: str, queries: tuple[tuple[str, str], ...], place: dict[str, int]
) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + index), "datasource": SOURCE, "expr": query, "legendFormat": legend}
        for index, (query, legend) in enumerate(queries)
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": {"unit": unit, "min": 0, "custom": {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never"}},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": targets,
    }


def dashboard() -> dict[str, Any]:
    """The whole of it, as Grafana imports it."""
    return {
        "uid": "immich-all-in-one",
        "title": "immich-all-in-one",
        "tags": ["immich"],
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "timezone": "browser",
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "panels": list(panels()),
        "templating": {"list": []},
        "annotations": {"list": []},
    }


def text() -> str:
    """The file's contents."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
