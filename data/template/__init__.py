"""The template that services are written down in, as columns, CSV and XLSX."""
