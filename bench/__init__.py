"""Measures the endpoint beside other SPARQL servers: `python -m bench`."""
