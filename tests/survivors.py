"""Planted faults that change nothing, each with the reason why it cannot be caught."""

EQUIVALENT: dict[str, str] = {}
