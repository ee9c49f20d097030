"""Statements that the publisher makes itself, one node at a time: triples by prefixed names."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode, Triple

from citygraph.labels import Term
from citygraph.namespaces import RDF_TYPE, name

Facts = Iterator[Triple]


@dataclass(frozen=True)
class Subject:
    """A node that is being described; calling it with a property and values gives the triples."""

    node: NamedNode | BlankNode

    def __call__(self, curie: str, *values: Term | None) -> Facts:
        return (Triple(self.node, name(curie), value) for value in values if value is not None)

    def a(self, *curies: str) -> Facts:
        """Its classes."""
        return (Triple(self.node, RDF_TYPE, name(curie)) for curie in curies)
