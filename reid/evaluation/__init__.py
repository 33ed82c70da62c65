"""How good answers are: metrics, intervals, open set, growth of a gallery, near-duplicates, label audit."""
