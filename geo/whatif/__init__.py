"""What if: a scenario of changes, what it does to a pack, and whom it brings within reach."""
