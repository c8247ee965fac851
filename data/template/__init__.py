"""The template that services are written down in, as columns, CSV and XLSX."""

from __future__ import annotations

from data.template.columns import COLUMNS, FIELDS, HEADERS, TemplateColumn
from data.template.write import write_template

__all__ = ["COLUMNS", "FIELDS", "HEADERS", "TemplateColumn", "write_template"]
