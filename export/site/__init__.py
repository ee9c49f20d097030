"""The whole publication as plain files, for any web server, with rules for those that can negotiate."""
