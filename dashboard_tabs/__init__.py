"""The dashboard's own drawing, by tab: thin functions that show what layers prepared.

Only ``dashboard.py`` and this package may import streamlit.
"""
