"""What the server and the exporters stand on: a graph of linked data, loaded, validated, queried and described."""
