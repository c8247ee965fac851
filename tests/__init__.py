"""Tests: run from the checkout with pytest."""
