"""Clients of the public sources: one small module a source, over one shared layer.

``http`` asks and waits, ``cache`` remembers, ``download`` brings files whole or
not at all, ``addresses.toml`` is the one place where addresses, versions and
dataset ids stand. Nothing here runs unless somebody asks for it: packs are
built and read without any network.
"""
