"""Checks every file of deploy/ and the workflows by its own tool; `./run check` runs it.

A tool that is not installed is named with how to get it. In continuous integration that is a failure, elsewhere a line.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.compose_projects import BESIDE_IMMICH, COMBINATIONS, PROFILES, ComposeMissing, compose_command, merged  # noqa: E402

CADDYFILE = ROOT / "src/allinone/extension/Caddyfile"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yaml"))
YAMLS = [*sorted(HERE.rglob("*.yaml")), *WORKFLOWS]

Fault = str | None
"""What a tool found wrong; None: nothing."""


class ToolMissing(Exception):
    """A tool is not installed; says how to get it."""


def run(*command: str | Path, cwd: Path = ROOT) -> Fault:
    """Run a tool: what it said where it failed."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() or "failed without a word" if done.returncode else None


def tool(name: str, package: str) -> str:
    """The path of a program that comes with the system, not with Python.

    Raises:
        ToolMissing: it is not there.
    """
    found = shutil.which(name)
    if found is None:
        raise ToolMissing(f"{name} is not installed (Debian: apt install {package})")
    return found


def dockerfile(path: Path) -> Fault:
    """hadolint, which runs ShellCheck over the commands too."""
    return run("hadolint", path)


def combination(files: Sequence[str], profiles: Sequence[str]) -> Fault:
    """Compose merges it, and the result keeps to the compose specification."""
    try:
        compose_command()
    except ComposeMissing as error:
        raise ToolMissing(f"{error} (Debian: docker-compose 2.26 of trixie, see .ci/run)") from error
    try:
        model = merged(files, *profiles)
    except AssertionError as error:
        return str(error)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(model, file)
        file.flush()
        return run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", file.name)


def prometheus() -> Fault:
    """Configuration, rules, and the tests of the rules."""
    promtool = tool("promtool", "prometheus")
    monitoring = HERE / "monitoring"
    return run(promtool, "check", "config", "prometheus.yaml", cwd=monitoring) or run(
        promtool, "test", "rules", "rules.test.yaml", cwd=monitoring
    )


def unit(name: str) -> Fault:
    """systemd's own check, and its verdict on how closely the service is shut in (0 best, 100 worst)."""
    systemd = tool("systemd-analyze", "systemd")
    text = (HERE / "systemd" / name.replace("@x.", "@.")).read_text()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        # its program is not installed on this machine
        copy.write_text(text.replace("/opt/allinone/bin/allinone", "/bin/true"))
        return run(systemd, "verify", "--man=no", copy) or run(
            systemd, "security", "--offline=true", "--threshold=25", "--no-pager", copy
        )


def profile_sets(files: Sequence[str]) -> list[tuple[str, ...]]:
    """None, all, and for the files most people use each by itself; s3.yaml waits for a service of the profile s3."""
    if any(file.endswith("s3.yaml") for file in files):
        return [("s3",), PROFILES]
    return [(), PROFILES, *((one,) for one in PROFILES if files == BESIDE_IMMICH)]


def checks() -> Iterator[tuple[str, Callable[[], Fault]]]:
    """All of them, by name."""
    for path in HERE.rglob("Dockerfile*"):
        yield f"hadolint {path.relative_to(ROOT)}", lambda path=path: dockerfile(path)
    for name, files in COMBINATIONS.items():
        for profiles in profile_sets(files):
            title = f"compose {name}{''.join(f' +{profile}' for profile in profiles)}"
            yield title, lambda files=files, profiles=profiles: combination(files, profiles)
    yield "promtool", prometheus
    yield "caddy validate", lambda: run("caddy", "validate", "--adapter", "caddyfile", "--config", CADDYFILE)
    for name in ("allinone.service", "allinone@x.service"):
        yield f"systemd {name}", lambda name=name: unit(name)
    yield "yamllint", lambda: run("yamllint", "--strict", "-c", HERE / "yamllint.conf", *YAMLS)
    yield (
        "workflows",
        lambda: (
            run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
            or run("check-jsonschema", "--builtin-schema", "custom.github-workflows-require-timeout", *WORKFLOWS)
        ),
    )
    for path in sorted(HERE.rglob("*.sh")):
        yield f"sh -n {path.name}", lambda path=path: run("sh", "-n", path)


def main() -> int:
    """Run all checks side by side; 1 where one failed."""
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [(name, pool.submit(check)) for name, check in checks()]
        for name, verdict in running:
            try:
                fault = verdict.result()
            except ToolMissing as error:
                if os.environ.get("CI"):
                    fault = str(error)
                else:
                    sys.stdout.write(f"not checked: {name}: {error}\n")
                    continue
            if fault is not None:
                failed += 1
                sys.stdout.write(f"FAILED {name}\n{fault}\n")
    sys.stdout.write(f"deploy: {len(running)} checks, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
