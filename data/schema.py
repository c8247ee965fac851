"""The tables of an area pack: columns, types, units and keys, in one place.

Every table is one Parquet file. A field's ``unit`` stands in its metadata.
Coordinates ``x`` and ``y`` are metres in the pack's projected CRS; ``lon`` and
``lat`` are degrees in EPSG:4326. Times are integer seconds counted from noon
minus 12 hours of the service day and may pass 86,400 (GTFS rule).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

STRING = pa.string()
INT8, INT32, INT64 = pa.int8(), pa.int32(), pa.int64()
FLOAT, BOOL, DATE, BYTES = pa.float64(), pa.bool_(), pa.date32(), pa.binary()


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, whether it may be null, unit and meaning."""

    name: str
    type: pa.DataType
    nullable: bool = False
    unit: str = ""
    doc: str = ""

    def to_arrow(self) -> pa.Field:
        return pa.field(self.name, self.type, self.nullable, {"unit": self.unit, "doc": self.doc})


@dataclass(frozen=True)
class Table:
    """One table of the pack: its columns, its key, and whether it has geometry."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    geometry: bool = False
    required: bool = False
    references: dict[str, tuple[str, str]] = field(default_factory=dict)

    def to_arrow(self) -> pa.Schema:
        return pa.schema([column.to_arrow() for column in self.columns])

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


def _c(name: str, type_: pa.DataType, unit: str = "", doc: str = "", *, null: bool = False) -> Column:
    return Column(name, type_, null, unit, doc)


_GEOMETRY = _c("geometry", BYTES, "WKB", "in the pack's projected CRS")

NEIGHBOURHOODS = Table(
    "neighbourhoods",
    (
        _c("neighbourhood_id", STRING, doc="the area's official code"),
        _c("name", STRING),
        _c("level", STRING, doc="for example 'LSOA 2021'"),
        _c("ward_id", STRING, null=True),
        _c("ward_name", STRING, null=True),
        _c("population", INT32, "people", "usual residents; null where no count was given", null=True),
        _c("edge", BOOL, doc="within 2 km of the border while no service is loaded beyond it"),
        _GEOMETRY,
    ),
    key=("neighbourhood_id",),
    geometry=True,
)

GROUPS = Table(
    "groups",
    (
        _c("group_id", STRING, doc="slug of the name; 'all' is all residents"),
        _c("name", STRING, doc="the census's own name"),
        _c("broad_group", STRING, doc="the census's heading above it", null=True),
        _c("is_aggregate", BOOL, doc="a sum of other groups of this table"),
        _c("members", STRING, doc="for aggregates: member group_ids joined by ';'", null=True),
        _c("leaves_out", STRING, doc="what the words to the user must say it leaves out", null=True),
        _c("census_table", STRING, doc="for example 'TS021'", null=True),
        _c("census_year", INT32, null=True),
        _c("sort_order", INT32),
    ),
    key=("group_id",),
)

CENSUS = Table(
    "census",
    (
        _c("neighbourhood_id", STRING),
        _c("group_id", STRING),
        _c("people", INT32, "people", "null: not published for this area", null=True),
    ),
    key=("neighbourhood_id", "group_id"),
    references={
        "neighbourhood_id": ("neighbourhoods", "neighbourhood_id"),
        "group_id": ("groups", "group_id"),
    },
)

INDICATORS = Table(
    "indicators",
    (
        _c("indicator_id", STRING),
        _c("name", STRING, doc="the source's own name of the category, or ours where it is a sum"),
        _c("topic", STRING, doc="age, english, cars or deprivation"),
        _c(
            "unit",
            STRING,
            doc="what is counted: people or households; rank: areas are ranked, nobody counted",
        ),
        _c("base_name", STRING, doc="what a count is a share of, for example 'households'", null=True),
        _c("is_aggregate", BOOL, doc="a sum of other categories of the same table"),
        _c(
            "members", STRING, doc="for aggregates: the categories summed, in words, joined by ';'", null=True
        ),
        _c("leaves_out", STRING, doc="what the words to the user must say it leaves out", null=True),
        _c("source_table", STRING, doc="for example 'TS045' or 'IoD 2025'"),
        _c("source_year", INT32, doc="the year that its title names"),
        _c("area_level", STRING, doc="the areas that the source tells of: 'LSOA 2021', 'MSOA 2021', ..."),
        _c("ranked_of", INT32, "areas", "how many areas were ranked; 1 is the most deprived", null=True),
        _c("sort_order", INT32),
    ),
    key=("indicator_id",),
)

INDICATOR_VALUES = Table(
    "indicator_values",
    (
        _c("neighbourhood_id", STRING),
        _c("indicator_id", STRING),
        _c("count", INT32, "people or households, by unit", "null: not known", null=True),
        _c("base", INT32, "people or households, by unit", "the same table's total", null=True),
        _c("share", FLOAT, "1", "count / base; of the wider area where basis says so", null=True),
        _c("rank", INT32, "1", "1 is the most deprived area of the nation", null=True),
        _c("decile", INT8, "1", "1 is the most deprived tenth of the nation's areas", null=True),
        _c("basis", STRING, doc="published, same_area, wider_area or not_known (data.indicators)"),
    ),
    key=("neighbourhood_id", "indicator_id"),
    references={
        "neighbourhood_id": ("neighbourhoods", "neighbourhood_id"),
        "indicator_id": ("indicators", "indicator_id"),
    },
)

ORIGIN_POINTS = Table(
    "origin_points",
    (
        _c("point_id", STRING),
        _c("neighbourhood_id", STRING),
        _c("x", FLOAT, "m"),
        _c("y", FLOAT, "m"),
        _c("lon", FLOAT, "degree"),
        _c("lat", FLOAT, "degree"),
        _c("weight", FLOAT, "1", "share of the neighbourhood's people; sums to 1 in each"),
        _c("residents", FLOAT, "people", "weight x population", null=True),
        _c("basis", STRING, doc="output_area, postcode, centroid or synthetic"),
    ),
    key=("point_id",),
    references={"neighbourhood_id": ("neighbourhoods", "neighbourhood_id")},
)

SERVICES = Table(
    "services",
    (
        _c("service_id", STRING),
        _c("kind", STRING, doc="service (from a register) or place (stand-in destination)"),
        _c("name", STRING, doc="null where the source has none", null=True),
        _c("organisation", STRING, null=True),
        _c("description", STRING, null=True),
        _c("category", STRING, doc="of the pack's own table; 'Not stated' where missing"),
        _c("delivery", STRING, doc="venue, several_venues, home, phone, online"),
        _c("address", STRING, null=True),
        _c("locality", STRING, null=True),
        _c("postcode", STRING, null=True),
        _c("x", FLOAT, "m", null=True),
        _c("y", FLOAT, "m", null=True),
        _c("lon", FLOAT, "degree", null=True),
        _c("lat", FLOAT, "degree", null=True),
        _c("location_basis", STRING, doc="given, postcode, or null: no place known", null=True),
        _c("website", STRING, null=True),
        _c("phone", STRING, null=True),
        _c("email", STRING, null=True),
        _c("cost", STRING, doc="free, donation, paid", null=True),
        _c("cost_note", STRING, null=True),
        _c("referral", STRING, doc="self, organisation, mixed", null=True),
        _c("referral_note", STRING, null=True),
        _c("referred_by", STRING, doc="who refers", null=True),
        _c("target_groups", STRING, doc="joined by ';'; overlapping, never summed", null=True),
        _c("not_used_by", STRING, null=True),
        _c("languages", STRING, doc="joined by ';'", null=True),
        _c("women_only", BOOL, null=True),
        _c("age_min", INT32, "year", null=True),
        _c("age_max", INT32, "year", null=True),
        _c("faith", STRING, null=True),
        _c("transport_offered", BOOL, null=True),
        _c("opening_hours", STRING, doc="as the source writes it", null=True),
        _c("capacity", INT32, "people", null=True),
        _c("outcome_data", STRING, null=True),
        _c("gaps", STRING, null=True),
        _c("verified", BOOL, doc="false: a starting list that nobody has checked"),
        _c("updated", DATE, null=True),
        _c("source", STRING, doc="the manifest's source that it came from"),
        _c("extra", STRING, doc="JSON object: what the source said and no column holds", null=True),
    ),
    key=("service_id",),
)

SESSIONS = Table(
    "sessions",
    (
        _c("service_id", STRING),
        _c("session_id", STRING),
        _c("kind", STRING, doc="session (be there at the start) or drop_in"),
        _c("weekday", INT8, doc="0 Monday to 6 Sunday; null: not known, or rule bank_holiday", null=True),
        _c("start_s", INT32, "s", null=True),
        _c("end_s", INT32, "s", null=True),
        _c("from_date", DATE, null=True),
        _c("to_date", DATE, null=True),
        _c(
            "rule",
            STRING,
            doc="weekly, fortnightly, first..fourth, last; the same in school terms only: term_time, "
            "fortnightly_in_term, first_in_term..last_in_term; bank_holiday (on those only); unparsed",
        ),
        _c("bank_holidays", BOOL, doc="held on bank holidays too; null: not said", null=True),
        _c("text", STRING, doc="as the source wrote it", null=True),
    ),
    key=("session_id",),
    references={"service_id": ("services", "service_id")},
)

STOPS = Table(
    "stops",
    (
        _c("stop_id", STRING, doc="GTFS stop_id, in Great Britain the ATCO code"),
        _c("name", STRING, doc="null where the sources have none or only repeat the code", null=True),
        _c("stop_code", STRING, null=True),
        _c("indicator", STRING, doc="for example 'Stop Q3', 'opp'", null=True),
        _c("bearing", STRING, doc="N, NE, E, ...: the way buses face", null=True),
        _c("street", STRING, null=True),
        _c("landmark", STRING, null=True),
        _c("locality", STRING, null=True),
        _c("stop_type", STRING, doc="NaPTAN StopType", null=True),
        _c("x", FLOAT, "m"),
        _c("y", FLOAT, "m"),
        _c("lon", FLOAT, "degree"),
        _c("lat", FLOAT, "degree"),
        _c("active", BOOL, doc="a stop that people can stand at (not deleted or suspended)"),
        _c("in_feed", BOOL, doc="the timetable's stops file has it"),
        _c("served", BOOL, doc="some trip on some date of the feed calls there"),
        _c("in_area", BOOL, doc="inside the neighbourhoods (all, where there are none)"),
    ),
    key=("stop_id",),
    required=True,
)

AGENCY = Table(
    "agency",
    (_c("agency_id", STRING), _c("agency_name", STRING), _c("agency_timezone", STRING)),
    key=("agency_id",),
    required=True,
)

ROUTES = Table(
    "routes",
    (
        _c("route_id", STRING),
        _c("agency_id", STRING),
        _c("route_short_name", STRING, null=True),
        _c("route_long_name", STRING, null=True),
        _c("route_type", INT32, doc="GTFS, extended types kept"),
        _c("mode", STRING, doc="bus, coach, special_bus, tram, rail, ferry, other (data.modes)"),
    ),
    key=("route_id",),
    required=True,
    references={"agency_id": ("agency", "agency_id")},
)

TRIPS = Table(
    "trips",
    (
        _c("trip_id", STRING, doc="one row a trip; its row number is trip_index"),
        _c("route_id", STRING),
        _c("service_id", STRING),
        _c("trip_headsign", STRING, null=True),
        _c("direction_id", INT8, null=True),
        _c("block_id", STRING, null=True),
        _c("shape_id", STRING, null=True),
        _c("approximate", BOOL, doc="expanded from frequencies with exact_times = 0"),
    ),
    key=("trip_id",),
    required=True,
    references={"route_id": ("routes", "route_id")},
)

STOP_TIMES = Table(
    "stop_times",
    (
        _c("trip_index", INT32, doc="row in trips; the table is sorted by it, then stop_sequence"),
        _c("stop_sequence", INT32),
        _c("stop_index", INT32, doc="row in stops"),
        _c("arrival_s", INT32, "s"),
        _c("departure_s", INT32, "s"),
        _c("pickup_type", INT8, doc="1 or null-equivalents never appear: 0, 1, 2, 3"),
        _c("drop_off_type", INT8),
        _c("interpolated", BOOL, doc="the source left the time blank"),
    ),
    required=True,
)

CALENDAR = Table(
    "calendar",
    (
        _c("service_id", STRING),
        *(
            _c(day, BOOL)
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        ),
        _c("start_date", DATE),
        _c("end_date", DATE, doc="inclusive"),
    ),
    key=("service_id",),
    required=True,
)

CALENDAR_DATES = Table(
    "calendar_dates",
    (_c("service_id", STRING), _c("date", DATE), _c("exception_type", INT8, doc="1 added, 2 removed")),
    key=("service_id", "date"),
    required=True,
)

SHAPES = Table(
    "shapes",
    (_c("shape_id", STRING), _GEOMETRY),
    key=("shape_id",),
    geometry=True,
)

WALK_NODES = Table("walk_nodes", (_c("x", FLOAT, "m"), _c("y", FLOAT, "m")))

WALK_EDGES = Table(
    "walk_edges",
    (
        _c("u", INT32, doc="row in walk_nodes"),
        _c("v", INT32, doc="row in walk_nodes; walking goes both ways"),
        _c("length_mm", INT32, "mm", "integer, so that sums are exact whatever their order"),
        _c("steps", BOOL, doc="a flight of steps"),
        _c("street", STRING, doc="the way's name", null=True),
        _c("highway", STRING, doc="OSM highway value"),
        _c("osm_way", INT64, null=True),
        _c("xs", pa.list_(FLOAT), "m", "the line's x, both ends included, from u to v"),
        _c("ys", pa.list_(FLOAT), "m"),
    ),
)

POSTCODES = Table(
    "postcodes",
    (
        _c("postcode", STRING, doc="upper case, one space"),
        _c("x", FLOAT, "m"),
        _c("y", FLOAT, "m"),
        _c("quality", INT32, doc="Code-Point positional quality, 10 is best", null=True),
        _c("neighbourhood_id", STRING, null=True),
    ),
    key=("postcode",),
)

COVERAGE = Table(
    "coverage",
    (_c("part", STRING, doc="streets: where the walk network is whole"), _GEOMETRY),
    key=("part",),
    geometry=True,
)

GROUND = Table(
    "ground",
    (_c("kind", STRING, doc="water, green, rail"), _c("name", STRING, null=True), _GEOMETRY),
    geometry=True,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        NEIGHBOURHOODS, GROUPS, CENSUS, INDICATORS, INDICATOR_VALUES, ORIGIN_POINTS, SERVICES, SESSIONS,
        STOPS, AGENCY, ROUTES, TRIPS, STOP_TIMES, CALENDAR, CALENDAR_DATES, SHAPES, WALK_NODES,
        WALK_EDGES, POSTCODES, COVERAGE, GROUND,
    )
}  # fmt: skip
