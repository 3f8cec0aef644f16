"""Results: frozen data with a verdict in words, comparison, saving and loading."""
