"""Processor time of this process."""

import os


def cpu_seconds() -> float:
    """Seconds of processor time so far, in user and system mode, with those of children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
