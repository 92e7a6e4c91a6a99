"""Observers of orders for other tools: OpenTelemetry spans and Prometheus metrics.

``executor.observe(...)`` takes them. ``pip install 'fastorder[otel]'`` or
``'fastorder[prometheus]'`` brings what each of them needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastorder.telemetry.metrics import PrometheusMetrics
    from fastorder.telemetry.spans import OpenTelemetrySpans

__all__ = ["OpenTelemetrySpans", "PrometheusMetrics"]

_MODULES = {
    "OpenTelemetrySpans": "fastorder.telemetry.spans",
    "PrometheusMetrics": "fastorder.telemetry.metrics",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
