"""Run the engines, the peers in processes of their own, and keep every run's times for the next stage."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Worker
from benchmarks.validation.cases import ROOT, Case, common_settings, write_json
from benchmarks.validation.compare import Agreement, Stage, count_agreement, find_causes, find_differences
from benchmarks.validation.own import Asked, answer, find_ride, make_ready

WORKERS = ROOT / "benchmarks" / "workers"
UNREACHED = np.iinfo(np.uint32).max
# nigiri is asked for journeys of at most this: longer ones count as none on both sides.
NIGIRI_LONGEST_S = 5_400
Settings = dict[str, Any]


@dataclass
class Runner:
    """Runs of one case; the same settings are run once."""

    case: Case
    folder: Path
    peers_python: Path
    began_s: float = field(default_factory=time.monotonic)
    _done: dict[str, np.ndarray] = field(default_factory=dict)

    def own(self, settings: Settings) -> np.ndarray:
        """This engine's times, int32[minutes, origins, destinations], -1 where there is none."""
        return self._keep("own", self._with_files(settings), lambda s, out: np.save(out, answer(s)))

    def peer(self, name: str, settings: Settings) -> np.ndarray:
        """A peer's times, in the same form."""
        return self._keep(name, self._with_files(settings), lambda s, out: self._run_peer(name, s, out))

    def ask_again(
        self, name: str, settings: Settings, own: Settings, places: np.ndarray, before: np.ndarray
    ) -> np.ndarray:
        """A peer's times of chosen (minute, origin, destination), with the stops of our own ride alone.

        ``before``: its times there so far, which stay where we have no ride.
        """
        asked = self.ready(own)
        start_s = asked.query.window_start_s
        rides = [find_ride(asked, row, end, start_s + 60 * minute) for minute, row, end in places.tolist()]
        stops = {
            "board": np.array(["" if ride is None else ride.board for ride in rides]),
            "alight": np.array(["" if ride is None else ride.alight for ride in rides]),
        }
        has_ride = stops["board"] != ""
        if not has_ride.any():
            return before
        chosen = {key: value[has_ride] for key, value in stops.items()}
        np.savez(self.folder / "places.npz", places=places[has_ride], **chosen)  # type: ignore[arg-type]
        filled = self._with_files({**settings, "places": str(self.folder / "places.npz")})
        out = self.folder / "again.npy"
        self._run_peer(name, filled, out, case="again")
        times = before.copy()
        times[has_ride] = np.load(out)
        return times

    def from_files(self, settings: Settings) -> np.ndarray:
        """This engine's times worked out anew from the feed's text files."""
        return self.own({**settings, "from_files": True})

    def ready(self, settings: Settings) -> Asked:
        """This engine with its legs, in this process: to look a journey up."""
        return make_ready(self._with_files(settings))

    def _with_files(self, settings: Settings) -> Settings:
        filled = {**common_settings(self.case), **settings}
        if filled.get("own_streets"):
            filled["own_streets"] = str(self.case.streets[filled["own_streets"]])
        return filled

    def _keep(self, name: str, settings: Settings, run: Any) -> np.ndarray:
        named = [name, settings]
        if "streets" in settings:  # a rule that no way of a map is concerned by leaves the file as it was
            file = self.case.streets[settings["streets"]]
            named = [name, {**settings, "streets": hashlib.sha256(file.read_bytes()).hexdigest()}]
        key = hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:16]
        if key not in self._done:
            out = self.folder / f"{name}-{key}.npy"
            run(settings, out)
            times = np.load(out)
            if times.dtype == np.uint32:
                times = np.where(times == UNREACHED, -1, times.astype(np.int64))
            self._done[key] = times.astype(np.int32)
            out.unlink()
        return self._done[key]

    def _run_peer(self, name: str, settings: Settings, out: Path, *, case: str = "minutes") -> None:
        file = write_json(self.folder / f"{name}.json", {**settings, "minutes_out": str(out)})
        feed = self.case.feeds[settings.get("feed", "raw")]
        if name == "nigiri":
            inputs = [str(feed), str(self._write_legs(settings))]
        else:
            gtfs = self.case.gtfs if name == "cafein" else feed
            inputs = [str(gtfs), str(self.case.streets[settings["streets"]]), str(self.case.points)]
        command = [str(self.peers_python), f"{name}_worker.py", *inputs, str(file)]
        out.unlink(missing_ok=True)
        worker = Worker(name, command, WORKERS)
        worker.start()
        worker.run(case)
        worker.stop()
        if not out.is_file():
            raise RuntimeError(f"{name}: {worker.values.get(case)}")

    def _write_legs(self, settings: Settings) -> Path:
        """This engine's walks to stops in whole minutes, for an engine without streets."""
        asked = make_ready({**settings, "minute_legs": True, "minute_feed": False, "by_stops": False})
        a_minute_mm = asked.query.walk.speed_mm_per_h // 60
        arrays = {"stop_id": asked.engine.pack.stops["stop_id"].to_numpy(dtype=str)}
        for name, legs in (("access", asked.access), ("egress", asked.egress)):
            arrays |= {
                f"{name}_first": legs.indptr,
                f"{name}_stop": legs.target,
                f"{name}_minutes": legs.length_mm // a_minute_mm,
            }
        path = self.folder / "legs.npz"
        np.savez(path, **arrays)  # type: ignore[arg-type]
        return path


@dataclass
class Climbed:
    """What a ladder gave at each stage so far: settings, both engines' times and where they differ."""

    longest_s: int | None = None
    stages: list[Stage] = field(default_factory=list)
    own_settings: list[Settings] = field(default_factory=list)
    peer_settings: list[Settings] = field(default_factory=list)
    own: list[np.ndarray] = field(default_factory=list)
    peer: list[np.ndarray] = field(default_factory=list)
    differs: list[np.ndarray] = field(default_factory=list)
    agreement: list[Agreement] = field(default_factory=list)

    @property
    def plain(self) -> int:
        """The last row at which both engines' answers are compared as they are."""
        return max(row for row, stage in enumerate(self.stages) if not (stage.tolerance or stage.ask_again))

    @property
    def causes(self) -> np.ndarray:
        """Every first-stage difference's stage: see ``find_causes``."""
        return find_causes(self.differs)

    def cut(self, times: np.ndarray) -> np.ndarray:
        """Count what takes longer than the peer was asked for as not reached."""
        return times if self.longest_s is None else np.where(times > self.longest_s, -1, times)


def climb(runner: Runner, peer: str, stages: list[Stage], longest_s: int | None = None) -> Climbed:
    """Run both engines at every stage and find where each difference vanishes."""
    own_settings: Settings = {}
    peer_settings: Settings = {}
    climbed = Climbed(longest_s)
    for stage in stages:
        own_settings, peer_settings = {**own_settings, **stage.own}, {**peer_settings, **stage.peer}
        own = climbed.cut(runner.own(own_settings))
        if stage.ask_again:
            theirs = climbed.peer[-1].copy()
            # Only where ours is the quicker: our stops alone would hide a quicker ride of the peer's.
            quicker = (own >= 0) & ((theirs < 0) | (own < theirs))
            again = np.argwhere(climbed.differs[-1] & quicker)
            place = tuple(again.T)
            theirs[place] = climbed.cut(
                runner.ask_again(peer, peer_settings, own_settings, again, theirs[place])
            )
        else:
            theirs = climbed.cut(runner.peer(peer, peer_settings))
        differs = find_differences(own, theirs)
        for other in stage.tolerance:
            differs &= find_differences(climbed.cut(runner.own({**own_settings, **other})), theirs)
        climbed.stages.append(stage)
        climbed.own_settings.append(own_settings)
        climbed.peer_settings.append(peer_settings)
        climbed.own.append(own)
        climbed.peer.append(theirs)
        climbed.differs.append(differs)
        climbed.agreement.append(count_agreement(own, theirs, differs))
        found = climbed.agreement[-1]
        print(
            f"{runner.case.name}, {peer}, {stage.name}: {found.share:.4%} {found.share_ever:.4%}",
            f"{time.monotonic() - runner.began_s:.0f} s",
            flush=True,
        )
    return climbed
