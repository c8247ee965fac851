"""Collect what is wrong with a raw file: counted, named, with examples.

An importer adds to one log as it reads. What it could repair or leave out ends
up in the manifest; what it could not is raised at the end, all together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from data.manifest import Fault, Severity

MAX_EXAMPLES = 5
MAX_EXAMPLE_LENGTH = 80


def shorten_example(value: object) -> str:
    """Make one line of a value of the file: control characters out, 80 characters at most."""
    text = "".join(character if character.isprintable() else " " for character in str(value)).strip()
    return text if len(text) <= MAX_EXAMPLE_LENGTH else text[: MAX_EXAMPLE_LENGTH - 1] + "…"


@dataclass
class FaultLog:
    """The faults of one part of the pack, in the order in which they were met.

    Parameters
    ----------
    part
        The part of the pack, for example 'timetable'.
    """

    part: str
    fatal: list[str] = field(default_factory=list)
    _faults: dict[tuple[str, str | None], Fault] = field(default_factory=dict)

    def add(
        self,
        code: str,
        severity: Severity,
        count: int,
        message: str,
        examples: Iterable[object] = (),
        *,
        file: str | None = None,
    ) -> None:
        """Count a fault; the same code of the same file is summed. A count of 0 is no fault."""
        if count <= 0:
            return
        earlier = self._faults.get((code, file))
        shown = list(earlier.examples) if earlier else []
        for value in examples:
            if len(shown) >= MAX_EXAMPLES:
                break
            text = shorten_example(value)
            if text not in shown:
                shown.append(text)
        self._faults[code, file] = Fault(
            part=self.part,
            code=code,
            severity=severity,
            count=int(count) + (earlier.count if earlier else 0),
            message=message,
            examples=tuple(shown),
            file=file,
        )

    def add_fatal(self, message: str) -> None:
        """Note what the importer can't go on without."""
        if message not in self.fatal:
            self.fatal.append(message)

    @property
    def faults(self) -> list[Fault]:
        return list(self._faults.values())
