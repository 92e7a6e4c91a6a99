"""Lines of the log on the error stream, as ``FASTORDER_LOG`` asks for them."""

from __future__ import annotations

import os
from typing import Any

from fastorder.errors import ConfigurationError
from fastorder.runtime.log import log

VARIABLE = "FASTORDER_LOG"
FORMS = ("json", "text")


def follow_the_environment() -> None:
    """Write the log to the error stream where ``FASTORDER_LOG`` is set; once.

    Raises:
        ConfigurationError: it names no form that there is.
    """
    form = os.environ.get(VARIABLE, "")
    if not form:
        return
    if form not in FORMS:
        raise ConfigurationError(f"{VARIABLE} must be json or text, was {form!r}")
    logger = log()
    if any(each.name == VARIABLE for each in logger.handlers):
        return
    import logging  # loaded with the executor

    handler = logging.StreamHandler()
    handler.name = VARIABLE
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_json_formatter() if form == "json" else text)
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


def _json_formatter() -> Any:
    """One JSON object a line; what a record knows of an order are members of it."""
    import logging  # loaded with the executor

    class JsonLines(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return as_json(self, record)

    return JsonLines()


def as_json(formatter: Any, record: Any) -> str:
    """A record as one line of JSON: at, level, message, and what it knows."""
    import json  # the log alone needs it
    from datetime import datetime, timezone

    at = datetime.fromtimestamp(record.created, timezone.utc)
    line = {
        "at": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "message": record.getMessage(),
        **getattr(record, "change", {}),
    }
    if record.exc_info:
        line["exception"] = formatter.formatException(record.exc_info)
    return json.dumps(line, default=str)
