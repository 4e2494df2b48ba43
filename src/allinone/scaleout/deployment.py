"""An HTTP service of ours on Ray Serve: replicas on many machines behind one port on each.

Ray does what clusters need: it places replicas, starts more when they are busy, replaces those of a machine that died,
and exchanges them one after another when a setting changes. Health, admission and deadlines stay the service's own.
"""

import importlib
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from allinone.errors import ConfigurationError
from allinone.scaleout.settings import ScaleoutSettings

NAME = "photos-ai"
WAITING = 256  # requests a replica may hold; it answers "overloaded" by itself long before
DRAIN_SECONDS = 120.0  # for requests that are under way when a replica is exchanged


@dataclass(frozen=True, slots=True)
class Deployed:
    """What runs now: how many replicas are ready, and how many were asked for at least."""

    ready: int
    least: int


def options(settings: ScaleoutSettings, variables: Iterable[str]) -> dict[str, Any]:
    """Ray's options for a deployment. Those of `variables` that are set here go to every replica."""
    environment = {name: os.environ[name] for name in variables if name in os.environ}
    environment.setdefault("ALLINONE_THREADS", str(max(1, round(settings.cpus))))
    chosen: dict[str, Any] = {
        "name": NAME,
        "max_ongoing_requests": WAITING,
        "graceful_shutdown_timeout_s": DRAIN_SECONDS,
        "health_check_period_s": 5,
        "health_check_timeout_s": 20,
        "ray_actor_options": {
            "num_cpus": settings.cpus,
            "num_gpus": settings.gpus,
            "runtime_env": {"env_vars": environment},
        },
        "autoscaling_config": {
            "min_replicas": settings.least,
            "max_replicas": settings.most,
            "target_ongoing_requests": settings.busy,
            "upscale_delay_s": 10,
            "downscale_delay_s": 300,  # models take a while to load: do not give them up at the first pause
        },
    }
    if settings.per_machine is not None:
        chosen["max_replicas_per_node"] = settings.per_machine
    return chosen


def deploy(
    build: Callable[[], ASGIApp], settings: ScaleoutSettings, *, host: str, port: int, variables: Iterable[str]
) -> Deployed:
    """Put the service on the cluster, or exchange the one that is there, and wait until it is ready.

    Args:
        build: makes the application, on the machine of the replica; found there by its module's name.
        settings: how many, and how large.
        host: the address that every machine of the cluster listens on.
        port: the port of the same.
        variables: environment variables that replicas get from ours.

    Raises:
        ConfigurationError: there is no such cluster, or it has no room for the replicas.
    """
    serve = _connect(settings)
    serve.start(proxy_location="EveryNode", http_options={"host": host, "port": port, "request_timeout_s": None})
    service = serve.deployment(serve.ingress(build)()).options(**options(settings, variables))
    try:
        serve.run(service.bind(), name=NAME, route_prefix="/")
    except RuntimeError as error:
        message = f"The cluster did not start {NAME}: {error}. `ray status` tells what it has; ALLINONE_RAY_CPUS and "
        raise ConfigurationError(message + "ALLINONE_RAY_GPUS what a replica asks for.") from error
    return state(settings)


def state(settings: ScaleoutSettings) -> Deployed:
    """What runs now; for a process that is connected already."""
    application = _module("ray.serve").status().applications.get(NAME)
    deployment = application.deployments.get(NAME) if application else None
    return Deployed(deployment.replica_states.get("RUNNING", 0) if deployment else 0, settings.least)


def remove(settings: ScaleoutSettings) -> None:
    """Take the service off the cluster; requests under way are finished.

    Raises:
        ConfigurationError: there is no such cluster.
    """
    _connect(settings).delete(NAME)


def _connect(settings: ScaleoutSettings) -> Any:
    """Join the cluster; returns Ray Serve."""
    address = settings.address.get_secret_value()
    ray = _module("ray")
    try:
        _knock(address)
        ray.init(address=address, namespace="allinone", ignore_reinit_error=True, log_to_driver=False)
    except (OSError, ValueError) as error:
        message = f"No Ray cluster answers at {address!r} ({str(error).splitlines()[0]}). "
        hint = "Start one with `ray start --head --disable-usage-stats`, or set ALLINONE_RAY_ADDRESS."
        raise ConfigurationError(message + hint) from error
    return _module("ray.serve")


def _knock(address: str) -> None:
    """Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=5).close()


def _module(name: str) -> Any:
    """Ray is large and optional: imported by the one command that needs it, when it does."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports home unless told not to before
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = "Ray is not installed. Install it with: pip install 'immich-all-in-one[ray]'"
        raise ConfigurationError(message) from error
