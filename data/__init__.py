"""data: brings facts in. Raw public files become an area pack."""
