"""Being asked to stop: noted when it happens, acted on where nothing is lost.

A signal that raises an exception can strike anywhere, in the middle of a save too. One
that is only noted strikes where the loop looks, and a second one changes nothing. ::

    with Stop() as stop:
        for state in states:
            ...
            if stop.status:
                break
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Stop"]


class Stop:
    """Notes Ctrl-C and SIGTERM while it is entered.

    status : the exit status that says so, 130 or 143; 0 as long as nobody asked

    Outside the main thread Python hears no signals, and it notes none.

    >>> with Stop() as stop:
    ...     signal.raise_signal(signal.SIGINT)
    ...     signal.raise_signal(signal.SIGTERM)  # the first one is told
    >>> stop.status
    130
    """

    def __init__(self) -> None:
        self.status = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Remember the first signal that came."""
        self.status = self.status or 128 + number
