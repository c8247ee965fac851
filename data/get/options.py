"""What the user asked `python -m data get` for, and the place that it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import UsageError
from data.fetch.authorities import Authority
from data.fetch.streets import is_part_name
from data.get.school_dates import read_school_dates

MARGIN_M = 10_000.0
_LONGEST_ID = 60


@dataclass(frozen=True)
class GetOptions:
    """The command's options.

    Attributes
    ----------
    names : local authorities by name or GSS code
    out : where the pack goes; None: where packs are listed from
    streets : an OpenStreetMap extract to use instead of Overpass: a file, or a part as Geofabrik names it
    services : a register's file, or the address of one or of an Open Referral feed
    school_dates : a table of school terms and holidays (``school_dates.read_school_dates``)
    """

    names: tuple[str, ...]
    out: Path | None = None
    streets: str | None = None
    services: str | None = None
    school_dates: Path | None = None

    @property
    def streets_file(self) -> Path | None:
        """The extract as a file of this machine, None where Geofabrik has it or none is given."""
        return None if self.streets is None or self.streets_part is not None else Path(self.streets)

    @property
    def streets_part(self) -> str | None:
        """The extract as Geofabrik names it (england/greater-manchester); None: a file, or not given."""
        return self.streets if self.streets is not None and is_part_name(self.streets) else None

    @property
    def services_file(self) -> Path | None:
        """The register as a file of this machine, None where it is an address or not given."""
        return None if self.services is None or is_address(self.services) else Path(self.services)

    @property
    def services_url(self) -> str | None:
        """The register's address, None where it is a file or not given."""
        return self.services if self.services is not None and is_address(self.services) else None

    def check(self) -> None:
        """Raise ``UsageError`` with everything that can be known to be wrong before any work."""
        faults = []
        if (extract := self.streets_file) is not None:
            if not extract.name.lower().endswith((".osm.pbf", ".pbf", ".osm")):
                faults.append(
                    f"--streets {extract.name}: give an .osm.pbf or .osm file, or a part as Geofabrik names "
                    "it, for example england/greater-manchester"
                )
            elif not extract.is_file():
                faults.append(f"--streets {extract}: no such file")
        if (register := self.services_file) is not None:
            if register.suffix.lower() not in (".csv", ".xlsx", ".json"):
                faults.append(f"--services {register.name}: give a .csv, .xlsx or .json file, or an address")
            elif not register.is_file():
                faults.append(f"--services {register}: no such file")
        if self.school_dates is not None and not self.school_dates.is_file():
            faults.append(f"--school-dates {self.school_dates}: no such file")
        if faults:
            raise UsageError("Nothing was fetched:", faults)
        if self.school_dates is not None:
            read_school_dates(self.school_dates)


def is_address(text: str) -> bool:
    """Say whether a text is meant as a web address."""
    return text.casefold().startswith(("http://", "https://"))


def name_area(authorities: Sequence[Authority]) -> tuple[str, str]:
    """Return the pack's area_id and its name for one authority or several."""
    if len(authorities) == 1:
        return authorities[0].area_id, authorities[0].name
    names = [authority.name for authority in authorities]
    name = f"{', '.join(names[:-1])} and {names[-1]}"
    area_id = "_".join(authority.area_id for authority in authorities)
    if len(area_id) > _LONGEST_ID:
        area_id = f"{authorities[0].area_id[:40]}_and_{len(authorities) - 1}_more"
    return area_id, name
