"""Open a GTFS zip and stream its tables, never unpacking anything to disk.

A table is named by its file name alone: the one folder that some publishers
put around the files is looked through. Everything here yields text columns;
what the text means is decided by the modules that ask.
"""

from __future__ import annotations

import csv
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from data.errors import FeedError
from data.sources.faultlog import FaultLog, shorten_example

# The largest feed met in life (all of Great Britain) unpacks to 8 GB at about 1 to 9.
MAX_TOTAL_BYTES = 24 * 1024**3
MAX_TABLE_BYTES = 2 * 1024**3
STREAMED = frozenset({"stop_times.txt", "shapes.txt"})
MAX_RATIO = 200
RATIO_MATTERS_FROM_BYTES = 64 * 1024**2
MAX_HEADER_BYTES = 64 * 1024
BLOCK_BYTES = 2 * 1024**2

ENCODINGS = ("utf8", "cp1252", "latin-1")
_T = TypeVar("_T")


class FeedZip:
    """A GTFS zip, open for reading. Use as a context manager.

    Parameters
    ----------
    path
        The zip.
    log
        Where faults go.

    Raises
    ------
    FeedError
        The file is no zip, is truncated, or is absurdly large.
    """

    def __init__(self, path: Path, log: FaultLog) -> None:
        self.path = path
        self.log = log
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise FeedError(f"{path.name}: there is no such file; check the configuration's path") from None
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise FeedError(
                f"{path.name}: not a zip, or cut short ({error}); download the timetable again"
            ) from None
        try:
            self._members = self._find_members()
        except FeedError:
            self._zip.close()
            raise

    def __enter__(self) -> FeedZip:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def _find_members(self) -> dict[str, zipfile.ZipInfo]:
        """Map table names to members, taking one folder of the zip and no path that leaves it."""
        folders: dict[str, dict[str, zipfile.ZipInfo]] = {}
        for info in self._zip.infolist():
            raw = info.filename.replace("\\", "/")
            path = PurePosixPath(raw)
            if info.is_dir() or path.suffix.lower() != ".txt" or "__MACOSX" in path.parts:
                continue
            if path.is_absolute() or ".." in path.parts or ":" in raw:
                self.log.add(
                    "zip_path_unsafe",
                    "dropped",
                    1,
                    "names inside the zip that point outside it; not read",
                    [raw],
                )
                continue
            members = folders.setdefault(str(path.parent), {})
            name = path.name.lower()
            if name in members:
                self.log.add(
                    "zip_name_repeated", "dropped", 1, "a file is in the zip twice; the first is read", [raw]
                )
                continue
            members[name] = info
        if not folders:
            raise FeedError(f"{self.path.name}: the zip holds no .txt table; this is not a GTFS timetable")
        # The folder that holds most tables is the feed; ties go to the shortest path, then the name.
        best = min(folders, key=lambda folder: (-len(folders[folder]), len(folder), folder))
        if best != ".":
            self.log.add(
                "zip_nested_folder",
                "repaired",
                1,
                "the tables lie in a folder of the zip; read from there",
                [best],
            )
        self._refuse_absurd(folders[best])
        return folders[best]

    def _refuse_absurd(self, members: dict[str, zipfile.ZipInfo]) -> None:
        faults = []
        for name, info in members.items():
            if name not in STREAMED and info.file_size > MAX_TABLE_BYTES:
                faults.append(f"{name}: {info.file_size:,} bytes; tables of this kind are far smaller")
            ratio = info.file_size / max(info.compress_size, 1)
            if info.file_size > RATIO_MATTERS_FROM_BYTES and ratio > MAX_RATIO:
                faults.append(f"{name}: unpacks to {ratio:,.0f} times its size, as no timetable does")
            if info.flag_bits & 0x1:
                faults.append(f"{name}: is encrypted")
        if sum(info.file_size for info in members.values()) > MAX_TOTAL_BYTES:
            faults.append(f"the tables unpack to more than {MAX_TOTAL_BYTES:,} bytes")
        if faults:
            raise FeedError(f"{self.path.name}: refused", faults)

    def size(self, name: str) -> int:
        """Bytes of a table, unpacked; 0 where it is missing."""
        return self._members[name].file_size if name in self._members else 0

    def header(self, name: str) -> list[str]:
        """Column names of a table: stripped, lower case; [] for a missing or empty file."""
        if name not in self._members:
            return []
        with self._reading(name), self._zip.open(self._members[name]) as handle:
            line = handle.readline(MAX_HEADER_BYTES)
        if line.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.log.add_fatal(f"{name}: is UTF-16; save it as UTF-8")
            return []
        try:
            text = line.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = line.decode("latin-1")
        # Some old exports end their lines with a carriage return alone.
        text = re.split(r"[\r\n]", text, maxsplit=1)[0]
        names: list[str] = []
        for column in next(csv.reader([text]), []):
            plain = column.strip().strip('"').strip().lower()
            # A repeated name would make the reader refuse the file; the first one counts.
            names.append(plain if plain and plain not in names else f"{plain}#{len(names)}")
        return [] if names == [""] or not text.strip() else names

    @contextmanager
    def _reading(self, name: str) -> Iterator[None]:
        """Turn what a damaged member raises into one message."""
        try:
            yield
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
        ) as error:
            raise FeedError(
                f"{self.path.name}: {name} can't be unpacked ({error}); download the timetable again"
            ) from None

    def scan(
        self,
        name: str,
        columns: Sequence[str],
        consume: Callable[[Iterator[pa.RecordBatch]], _T],
        *,
        progress: Callable[[int, int], None] | None = None,
    ) -> _T:
        """Give ``consume`` the batches of a table, again in another encoding when the text is not UTF-8.

        Parameters
        ----------
        name
            The table's file name.
        columns
            Columns wanted; those that the file lacks are left out of the batches.
        consume
            Takes an iterator of record batches (all columns strings, '' for a
            blank) and returns the result. It may be called more than once.
        progress
            Called with bytes read and bytes in all.
        """
        header = self.header(name)
        include = [column for column in columns if column in header]
        ragged: list[str] = []
        for encoding in ENCODINGS:
            ragged.clear()
            try:
                result = consume(self._batches(name, header, include, encoding, ragged, progress))
            except UnicodeDecodeError:
                continue
            except pa.ArrowInvalid as error:
                if "UTF8" in str(error) or "utf-8" in str(error).lower():
                    continue
                raise FeedError(f"{self.path.name}: {name}: {shorten_example(error)}") from None
            self._refuse_open_quote(name, ragged)
            if encoding != "utf8":
                self.log.add("not_utf8", "repaired", 1, f"not UTF-8; read as {encoding}", file=name)
            self.log.add(
                "row_ragged",
                "dropped",
                len(ragged),
                "rows with more or fewer fields than the header; left out",
                ragged,
                file=name,
            )
            return result
        raise FeedError(f"{self.path.name}: {name}: the text is in no encoding that this program knows")

    def _refuse_open_quote(self, name: str, ragged: list[str]) -> None:
        """An open quote takes all the rest of the file for one row: that is no row to leave out."""
        for text in ragged:
            if "\n" in text.strip():
                lines = text.strip().count("\n") + 1
                raise FeedError(
                    f"{self.path.name}: {name}: a quote is opened and not closed, or stands undoubled inside "
                    f"quotes: {lines:,} lines from {shorten_example(text)!r}"
                )

    def _batches(
        self,
        name: str,
        header: list[str],
        include: list[str],
        encoding: str,
        ragged: list[str],
        progress: Callable[[int, int], None] | None,
    ) -> Iterator[pa.RecordBatch]:
        if not header or not include:
            return

        def note_ragged(row: Any) -> str:
            ragged.append(row.text if row.text is not None else f"{row.actual_columns} fields")
            return "skip"

        info = self._members[name]
        with self._reading(name), self._zip.open(info) as handle:
            try:
                reader = pacsv.open_csv(
                    handle,
                    pacsv.ReadOptions(
                        column_names=header, skip_rows=1, block_size=BLOCK_BYTES, encoding=encoding
                    ),
                    pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=note_ragged),
                    pacsv.ConvertOptions(
                        column_types=dict.fromkeys(include, pa.string()),
                        include_columns=include,
                        strings_can_be_null=False,
                        quoted_strings_can_be_null=False,
                    ),
                )
            except pa.ArrowInvalid as error:
                if "Empty CSV" in str(error):
                    return
                raise
            for batch in reader:
                if progress is not None:
                    progress(min(handle.tell(), info.file_size), info.file_size)
                yield batch

    def read(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Read a whole small table as text; columns that the file lacks are all blank, values stripped."""
        table = (
            self.scan(name, columns, lambda batches: _to_table(batches, columns)) if name in self else None
        )
        return table if table is not None else _to_table(iter(()), columns)


def _to_table(batches: Iterator[pa.RecordBatch], columns: Sequence[str]) -> pa.Table:
    parts = list(batches)
    if not parts:
        return pa.table({column: pa.array([], pa.string()) for column in columns})
    table = pa.Table.from_batches(parts)
    blank = pa.repeat("", table.num_rows)
    return pa.table(
        {
            column: pc.utf8_trim_whitespace(table[column]) if column in table.column_names else blank
            for column in columns
        }
    )
