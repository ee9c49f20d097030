"""Writes dist/: dumps of the graph as it is served."""
