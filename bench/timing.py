"""Wall-clock times of a few runs, and how they are told."""

import statistics
import time
from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spread(times: list[float], unit: str = "s", scale: float = 1.0) -> str:
    """median (least to most)"""
    low, middle, high = min(times) * scale, statistics.median(times) * scale, max(times) * scale
    return f"{middle:.2f} {unit} ({low:.2f} to {high:.2f})"


def percentile(times: list[float], percent: int) -> float:
    """Of what was measured: never above its maximum, which the other method would guess of few times."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
