"""Results: frozen data that is read, judged in words, compared, saved and loaded."""
