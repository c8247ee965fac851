"""Questions with a scenario: asked of the pack as it stands, answered from the changed one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from geo.query import Query

if TYPE_CHECKING:
    from geo.engine import Engine
    from geo.whatif.model import Scenario

Class = TypeVar("Class", bound=type)


class UnderScenario:
    """What an engine knows of scenarios: its own, and how to come to another's.

    Changed engines are never kept here: an engine is shared by all visitors,
    and a scenario is somebody's own. Whoever asks much of one keeps it.
    """

    scenario: Scenario | None = None

    def under(self, scenario: Scenario | None) -> Engine:
        """The engine of the changed pack; it shares what the scenario doesn't touch.

        Raises
        ------
        QueryError
            The scenario can't be put onto the pack; all faults are named.
        """
        from geo.whatif.engine import ScenarioEngine

        base: Any = getattr(self, "base", self)
        if scenario == self.scenario:
            return cast("Engine", self)  # only engines are made of this
        return base if scenario is None else ScenarioEngine(base, scenario)


def answers_under_scenarios(*names: str) -> Callable[[Class], Class]:
    """Let these methods, whose first argument is a query, answer from the engine of its scenario."""

    def decorate(engine: Class) -> Class:
        for name in names:
            setattr(engine, name, _redirect(getattr(engine, name)))
        return engine

    return decorate


def _redirect(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def answer(self: UnderScenario, query: Query, *arguments: Any, **named: Any) -> Any:
        return method(self.under(query.scenario), query, *arguments, **named)

    return answer
