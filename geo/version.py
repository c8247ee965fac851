"""The engine's version: changes whenever an answer could change."""

ENGINE_VERSION = "1.0"
