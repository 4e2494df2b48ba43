"""Dashboard and rules speak of metrics that exist, in a language that Prometheus understands."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.compose_projects import ROOT, merged

MONITORING = ROOT / "deploy/monitoring"
OTHERS = {"up", "process_resident_memory_bytes"}
SUFFIXES = ("_total", "_bucket", "_count", "_sum")


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("dashboard", MONITORING / "dashboard.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def metrics_in_code() -> set[str]:
    """Names given to prometheus-client, without the ending that it adds to counters."""
    found = set()
    for source in (ROOT / "src").rglob("*.py"):
        text = source.read_text()
        if "prometheus_client" in text:
            found.update(re.findall(r'(?:Counter|Gauge|Histogram)\(\s*"(allinone_\w+)"', text))
    return {name.removesuffix("_total") for name in found}


def queries() -> list[str]:
    panels = json.loads((MONITORING / "grafana/dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((MONITORING / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def used(expression: str) -> set[str]:
    """Metrics of an expression."""
    without_labels = re.sub(r"\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)", " ", expression)
    words = set(re.findall(r"[a-z_][a-z0-9_:]*", without_labels))
    return {word for word in words if word.startswith(("allinone", "process_")) or word == "up"}


def bare(name: str) -> str:
    return next((name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)), name)


def test_the_dashboard_is_what_its_program_writes() -> None:
    assert (MONITORING / "grafana/dashboard.json").read_text() == generator().text()


@pytest.mark.parametrize("expression", [*queries(), *(rule["expr"] for rule in rules())])
def test_queries_speak_of_metrics_that_exist(expression: str) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    names = used(expression)
    assert names
    assert {bare(name) for name in names} <= metrics_in_code() | recorded | OTHERS | {bare(name) for name in OTHERS}


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    checked = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": checked}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads((MONITORING / "grafana/dashboard.json").read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_prometheus_looks_at_services_and_ports_that_the_compose_files_have() -> None:
    services = merged(
        ("docker-compose.yml", "immich-all-in-one/deploy/compose.yaml"), "cuda", "openvino", "monitoring", "s3"
    )
    known = set(services["services"])
    for job in yaml.safe_load((MONITORING / "prometheus.yaml").read_text())["scrape_configs"]:
        for look_up in job["dns_sd_configs"]:
            assert set(look_up["names"]) <= known, job["job_name"]


def test_the_most_important_is_shown() -> None:
    shown = set().union(*(used(query) for query in queries()))
    wanted = {"requests_total", "request_seconds", "search_seconds", "gateway_waiting", "backend_up", "queue_depth"}
    assert {word for word in wanted if any(word in name for name in shown)} == wanted
