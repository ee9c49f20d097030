"""Queries with a name, as an API: /queries/ and what stands below it."""
