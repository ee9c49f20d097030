"""Links between the graph and Wikidata: found, checked, and written down with their evidence."""
