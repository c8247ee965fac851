"""Area configurations: all faults at once, each with its key; the committed ones are sound."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from data.config import load_config, raw_files
from data.errors import UsageError

AREAS = Path(__file__).resolve().parent.parent / "data" / "areas"
SMALLEST = """
area_id = "somewhere"
name = "Somewhere"

[publishers.operator]
owner = "The bus company"
licence = "CC BY 4.0"
attribution = "Timetable: the bus company, CC BY 4.0"

[timetable.gtfs]
file = "gtfs.zip"
title = "Bus timetable"
publisher = "operator"
"""

WARDS = """
[neighbourhoods]
level = "LSOA 2021"
[neighbourhoods.boundaries]
file = "a.geojson"
title = "a"
publisher = "operator"
[neighbourhoods.wards]
"""
LOOKUP = """
[neighbourhoods.wards.lookup]
file = "w.csv"
title = "w"
publisher = "operator"
"""


def write(path: Path, text: str) -> Path:
    out = path / "area.toml"
    out.write_text(text, encoding="utf-8")
    return out


def faults_of(path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_config(write(path, text))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_smallest_configuration_needs_a_timetable_only(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, SMALLEST))
    assert config.neighbourhoods is None
    assert config.margin_m == 10_000
    assert [key for key, _ in raw_files(config)] == ["timetable.gtfs"]


def test_the_readmes_smallest_configuration_is_this_one(tmp_path: Path) -> None:
    text = (AREAS / "README.md").read_text(encoding="utf-8")
    start = text.index('    area_id = "somewhere"')
    block = text[start : text.index("\n## The place")]
    config = load_config(write(tmp_path, "\n".join(line.removeprefix("    ") for line in block.splitlines())))
    assert config == load_config(write(tmp_path, SMALLEST))


@pytest.mark.parametrize("name", sorted(path.name for path in AREAS.glob("*.toml")))
def test_the_committed_configurations_are_sound(name: str) -> None:
    config = load_config(AREAS / name)
    assert config.area_id == name.removesuffix(".toml")
    for key, file in raw_files(config):
        assert file.title, key
        assert config.publishers[file.publisher].attribution


def test_all_faults_come_at_once_with_their_keys(tmp_path: Path) -> None:
    text = faults_of(
        tmp_path,
        """
        area_id = "Not An Id"
        colour = "red"
        margin_m = -1
        crs = "EPSG:4326"
        [publishers.operator]
        owner = "x"
        licence = "y"
        [timetable]
        school_holidays = [[2026-08-01, 2026-07-01]]
        [timetable.gtfs]
        title = "t"
        publisher = "operator"
        """,
    )
    for words in (
        "area_id: String should match pattern",
        "name: is missing",
        "colour: is not a key that may stand here",
        "margin_m: Input should be greater than or equal to 0",
        "crs: must be a projected system in metres",
        "publishers.operator.attribution: is missing",
        "timetable.gtfs.file: is missing",
        "area.toml",
        "data/areas/README.md",
    ):
        assert words in text, text


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../secret", "a/../../b", "C:/x", "a\\\\b", "~/x", " ", "x\\u0000y"]
)
def test_paths_that_leave_the_raw_folder_are_refused(tmp_path: Path, file: str) -> None:
    text = faults_of(tmp_path, SMALLEST.replace('"gtfs.zip"', f'"{file}"'))
    assert "timetable.gtfs.file:" in text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace('publisher = "operator"', 'publisher = "nobody"'),
         "timetable.gtfs: publisher 'nobody'"),
        (lambda t: t.replace("[timetable.gtfs]", "[timetable]\nservice_date = 2026-06-02\n[timetable.gtfs]"),
         "service_date and why stand together"),
        (lambda t: t.replace("[timetable.gtfs]", "[timetable]\nschool_holidays = [[2026-08-01, 2026-07-01]]\n"
                             "[timetable.gtfs]"), "2026-07-01 is before 2026-08-01"),
        (lambda t: t + '\n[streets]\ncoverage = [1, 2, 0, 3]\n[streets.osm]\nfile = "a.osm"\ntitle = "a"\n'
         'publisher = "operator"\n', "coverage: write lon min"),
        (lambda t: t + '\n[census]\ntable = "T"\nyear = 2021\n[census.counts]\nfile = "a.csv"\ntitle = "a"\n'
         'publisher = "operator"\n', "census needs [neighbourhoods]"),
        (lambda t: t + '\n[[services]]\nkind = "schools"\nleave_out = ["School"]\n[services.source]\n'
         'file = "a.csv"\ntitle = "a"\npublisher = "operator"\n', "leave_out is for kind"),
        (lambda t: t + WARDS + 'key_colum = "a"\nid_column = "b"\nname_column = "c"\n' + LOOKUP,
         "wards.lookup.key_column: is missing"),
        (lambda t: t + "\n= broken", "is not TOML"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_named(tmp_path: Path, change: object, says: str) -> None:
    assert says in faults_of(tmp_path, change(SMALLEST))  # type: ignore[operator]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        load_config(tmp_path / "none.toml")


def test_every_key_is_in_the_readme() -> None:
    from data import config as module

    text = (AREAS / "README.md").read_text(encoding="utf-8")
    models = [
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    missing = [
        f"{model.__name__}.{key}" for model in models for key in model.model_fields if f"`{key}`" not in text
    ]
    parts = {
        "timetable",
        "stops",
        "streets",
        "neighbourhoods",
        "census",
        "origin_points",
        "postcodes",
        "indicators",
    }
    parts |= {"services", "publishers", "output_areas", "synthetic"}  # stand as [headings]
    assert len(models) > 10
    assert [key for key in missing if key.partition(".")[2] not in parts] == []
    for part in parts:
        assert f"[{part}" in text or f".{part}]" in text
