"""Any place in England and Wales from one command: resolve, plan, fetch, build, say what was found.

``python -m data get "Oldham"`` brings raw files through ``data.fetch`` into the
user's cache, writes the area's configuration beside them, and calls the same
build as everybody. Nothing here knows how a source answers, or how a file is read.
"""

from __future__ import annotations

from data.get.options import GetOptions
from data.get.plan import describe_plan, plan_get
from data.get.run import Got, run_get

__all__ = ["GetOptions", "Got", "describe_plan", "plan_get", "run_get"]
