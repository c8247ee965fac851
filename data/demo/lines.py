"""The lines of the fictional borough: where they go, how often, on which days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data.demo.land import Sketched

Days = Literal["MF", "SA", "SU", "SCH", "FRSA", "TUFR"]
Via = tuple[Sketched | Literal["station"], ...]


@dataclass(frozen=True)
class Band:
    """Departures from ``first`` to ``last`` (HH:MM, may pass 24:00), every ``every_min`` minutes."""

    days: Days
    first: str
    last: str
    every_min: int


@dataclass(frozen=True)
class Line:
    """One line. ``via`` is in units of the sketch; ``headsigns`` there and back."""

    number: str
    name: str
    operator: str
    via: Via
    headsigns: tuple[str, str]
    bands: tuple[Band, ...]
    route_type: int = 3
    spacing_m: float = 310.0
    circular: bool = False
    one_way: bool = False
    every_nth: int = 1
    limited_in_town: bool = False
    skips_station: bool = False
    withdrawn: bool = False


def _frequent(day: int, evening: int, sunday: int) -> tuple[Band, ...]:
    return (
        Band("MF", "05:35", "06:50", max(2 * day, 15)),
        Band("MF", "07:00", "18:55", day),
        Band("MF", "19:05", "24:15", evening),
        Band("SA", "06:20", "07:50", max(2 * day, 20)),
        Band("SA", "08:00", "18:50", day + 2),
        Band("SA", "19:05", "24:15", evening),
        Band("SU", "08:10", "22:40", sunday),
    )


_BUSES, _VALE, _TRAM, _COMMUNITY, _COACH = "FVB", "VLT", "FTR", "HCT", "NSC"
OPERATORS: tuple[tuple[str, str], ...] = (
    (_BUSES, "Fernley Vale Buses (fictional)"),
    (_VALE, "Vale Line Travel (fictional)"),
    (_TRAM, "Fernley Tramways (fictional)"),
    (_COMMUNITY, "Hillside Community Transport (fictional)"),
    (_COACH, "North Scar Coaches (fictional)"),
)

LINES: tuple[Line, ...] = (
    Line("1", "Fernley - Northgate - Larkfield", _BUSES,
         ("station", (0.02, 0.42), (-0.45, 2.0), (-0.9, 2.95), (-1.15, 3.55), (-2.2, 3.25)),
         ("Larkfield", "Fernley"), _frequent(8, 20, 15)),
    Line("2", "Sandlow - Fernley - Eastmoor", _BUSES,
         ((-3.75, -0.45), (-2.1, -0.25), (-0.43, 0.0), "station", (0.85, 0.5), (3.0, 0.15), (3.75, 0.5)),
         ("Eastmoor", "Sandlow"),
         (*_frequent(10, 20, 20), Band("FRSA", "23:55", "24:40", 45))),
    Line("3", "Fernley - Wharf - Kestrel Moss", _BUSES,
         ("station", (1.35, -0.52), (2.5, -1.3), (3.2, -2.7), (2.75, -3.0), (2.2, -2.75), (2.0, -3.2)),
         ("Kestrel Moss", "Fernley"), _frequent(12, 30, 30)),
    Line("4", "Fernley - Priorsgate", _BUSES,
         ("station", (-0.05, -0.45), (0.2, -1.8), (0.35, -2.9), (0.3, -3.6), (-0.55, -3.3)),
         ("Priorsgate", "Fernley"), _frequent(12, 30, 30)),
    Line("5", "Fernley - Moorfield Estate", _VALE,
         ("station", (-0.95, -0.75), (-1.55, -1.5), (-2.2, -2.3), (-1.75, -2.9), (-1.5, -3.3),
             (-2.6, -3.2)),
         ("Moorfield Estate", "Fernley"),
         (Band("MF", "06:40", "22:40", 60), Band("SA", "07:40", "22:40", 60), Band("SU", "09:40",
             "17:40", 120))),
    Line("6", "Fernley - Infirmary - Abbotsway", _BUSES,
         ("station", (-0.32, 0.28), (-1.7, 1.5), (-2.2, 1.0), (-2.45, 0.5), (-3.1, 1.0), (-3.35, 1.75)),
         ("Abbotsway", "Fernley"),
         (Band("MF", "06:05", "18:50", 15), Band("MF", "19:30", "22:30", 60), Band("SA", "06:50",
             "18:50", 15),
          Band("SA", "19:30", "22:30", 60), Band("SU", "09:00", "18:00", 60))),
    Line("7", "Fernley - Hallowell - Ringland", _VALE,
         ("station", (0.85, 0.5), (1.45, 1.15), (2.2, 1.95), (2.3, 2.65), (1.9, 3.3), (1.0, 3.45)),
         ("Ringland", "Fernley"), (Band("MF", "06:30", "18:30", 20), Band("SA", "07:30", "18:30", 20))),
    Line("8", "Mercer Circular (clockwise)", _VALE,
         ("station", (0.02, 0.42), (-0.1, 1.5), (0.8, 1.6), (1.72, 1.0), (1.85, -0.6), (1.35, -0.52),
             "station"),
         ("Mercer Circular", "Mercer Circular"),
         (Band("MF", "06:50", "20:50", 20), Band("SA", "07:50", "20:50", 20), Band("SU", "09:20",
             "18:20", 60)),
         circular=True, one_way=True),
    Line("9", "Mercer Circular West (anticlockwise)", _VALE,
         ("station", (0.02, 0.42), (-0.1, 1.5), (-1.5, 1.3), (-1.75, 0.0), (-1.1, -1.65), (0.2, -1.85),
             (-0.05, -0.45),
          "station"),
         ("Mercer Circular West", "Mercer Circular West"),
         (Band("MF", "07:00", "19:00", 30), Band("SA", "08:00", "18:00", 30)),
         circular=True, one_way=True),
    Line("10", "Ringland - Abbotsway - Sandlow - Moorfield - Wharf", _VALE,
         ((2.75, 2.9), (0.9, 3.05), (-0.9, 3.1), (-2.6, 2.45), (-3.2, 0.5), (-3.25, -1.2),
         (-2.65, -2.7), (0.35, -2.95),
          (2.2, -2.75), (3.25, -2.75)),
         ("Wharf", "Ringland"),
         (Band("MF", "06:45", "19:15", 30), Band("SA", "07:45", "18:45", 30), Band("SU", "10:00",
             "17:00", 60), Band("SCH", "15:20", "15:20", 60)),
         spacing_m=350.0, skips_station=True),
    Line("11", "Fernley - Mercer Park - Eastmoor South", _VALE,
         ("station", (0.85, 0.5), (1.75, 0.46), (2.0, -0.1), (2.95, -0.75), (3.35, -1.2), (3.6, -0.7)),
         ("Eastmoor South", "Fernley"), (Band("MF", "09:10", "15:40", 30), Band("SA", "09:10",
             "15:10", 60))),
    Line("20", "Fernley - Netherlow - Overscar - Corrowby", _COMMUNITY,
         ("station", (0.85, 0.5), (3.0, 0.15), (4.1, 0.5), (4.4, 1.95), (5.02, 3.05), (4.75, 3.6),
             (4.75, 4.6), (4.95, 4.85)),
         ("Corrowby", "Fernley"), (Band("MF", "07:45", "17:45", 120), Band("SA", "08:45", "16:45", 120)),
         spacing_m=380.0),
    Line("21", "Fernley - Hallowell Road - Highmarl", _VALE,
         ("station", (0.85, 0.5), (2.2, 1.95), (3.35, 3.5), (3.1, 4.2), (2.85, 5.0)),
         ("Highmarl", "Fernley"), (Band("MF", "06:55", "18:55", 60), Band("SA", "08:55", "17:55", 60)),
         spacing_m=360.0),
    Line("22", "Fernley - Marlow Cross - Skelbeck", _COMMUNITY,
         ("station", (-0.32, 0.28), (-2.4, 2.3), (-4.35, 3.75), (-4.8, 3.0), (-4.9, 1.6)),
         ("Skelbeck", "Fernley"), (Band("MF", "07:20", "17:20", 300), Band("SA", "09:50", "14:50", 150)),
         spacing_m=380.0),
    Line("23", "Fernley - Carr End market bus", _COMMUNITY,
         ("station", (-0.05, -0.45), (0.3, -3.6), (0.5, -4.65), (-1.3, -4.8)),
         ("Carr End", "Fernley"), (Band("TUFR", "09:35", "13:35", 120),), spacing_m=380.0),
    Line("X50", "Marram Point - Fernley - Coldwater", _COACH,
         ((0.35, -6.8), (0.25, -3.6), "station", (-0.45, 2.0), (-2.05, 6.8)),
         ("Coldwater", "Marram Point"), (Band("MF", "06:30", "20:30", 60), Band("SA", "07:30",
             "19:30", 60), Band("SU", "10:30", "16:30", 120)),
         spacing_m=420.0, every_nth=3, limited_in_town=True),
    Line("T", "Infirmary - Fernley - Withy Park tram", _TRAM,
         ((-2.45, 0.55), (-2.1, -0.25), (-0.43, 0.0), (0.4, 0.34), (0.85, 0.5), (1.75, 0.46),
         (2.2, -0.9), (2.95, -1.4), (3.45, -1.6)),
         ("Withy Park", "Infirmary"),
         (Band("MF", "05:45", "19:45", 12), Band("MF", "20:05", "23:45", 20), Band("SA", "06:45",
             "19:45", 12),
          Band("SA", "20:05", "23:45", 20), Band("SU", "08:30", "22:30", 20)),
         route_type=0, spacing_m=640.0, skips_station=True),
    Line("N1", "Night bus: Sandlow - Fernley - Northgate", _BUSES,
         ((-3.75, -0.45), (-0.43, 0.0), "station", (-0.45, 2.0), (-1.15, 3.55)),
         ("Northgate", "Sandlow"), (Band("FRSA", "23:50", "26:50", 60),)),
    Line("S7", "School bus: Highmarl - Abbotsway High School", _COMMUNITY,
         ((2.85, 5.0), (3.35, 3.5), (1.9, 3.3), (-0.05, 3.15), (-1.9, 3.0), (-2.5, 2.3)),
         ("Abbotsway High School", "Highmarl"), (Band("SCH", "07:50", "07:50", 60), Band("SCH", "15:25",
             "15:25", 60)),
         route_type=712, spacing_m=420.0, skips_station=True),
    Line("C9", "North Scar coach", _COACH,
         ("station", (0.85, 0.5), (2.2, 1.95), (4.75, 4.6), (5.85, 6.1)),
         ("Scarhaven", "Fernley"), (Band("MF", "08:15", "17:15", 270), Band("SA", "08:15", "17:15", 270)),
         route_type=200, spacing_m=900.0, every_nth=4),
    Line("24", "withdrawn in 2024", _VALE,
         ("station", (0.85, 0.5), (3.05, 1.0), (3.4, 1.3), (2.9, 1.6), (2.65, 1.75)),
         ("Ashcombe", "Fernley"), (), withdrawn=True),
)  # fmt: skip
