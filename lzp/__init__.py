"""Leela Zero in Python: train Go networks from game records and play with them over GTP.

docs/map.md lists the folders, lowest first, and where to start reading.
"""

__version__ = "0.1.0"
