"""Pictures: what a map, a table, a page or an export shows, made from what geo computed."""
