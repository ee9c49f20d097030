"""Short permanent links to queries: /q/ and what stands below it."""
