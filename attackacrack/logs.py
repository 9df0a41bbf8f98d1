"""Lines of the log: for people, or one JSON object each; in both without secrets and personal data."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from attackacrack.masking import masked, masked_value

# What a caller may add with extra={...}.
EXTRAS = ("company", "entity", "run", "intuit_tid", "status", "ms")


class LineFormatter(logging.Formatter):
    """As logging's own. Masked is the finished line: arguments, traceback and all."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class JsonFormatter(logging.Formatter):
    """One line an event: time (UTC), level, logger, message, the extras that it has, and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        event |= {name: masked_value(getattr(record, name), name) for name in EXTRAS if hasattr(record, name)}
        if record.exc_info:
            event["exception"] = masked(self.formatException(record.exc_info))
        if record.stack_info:
            event["stack"] = masked(record.stack_info)
        return json.dumps(event, ensure_ascii=False, default=str)
