"""Servers on 127.0.0.1 that speak as the public ones do, with faults on demand."""
