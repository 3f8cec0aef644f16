"""Many explanations become one: votes, the merge, and how reliable the result is."""
