"""The Reconciliation Service API: from names as people write them to things of the graph, with a score that says why.

folding (names as keys) <- index (keys near a key) <- register (the things) <- properties (what else is known of them)
<- candidates (scores) <- reading (what is asked) <- answers (what goes back) <- pasted (a column of names).
"""
