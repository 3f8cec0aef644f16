"""The model: how it is fitted, what it answers, and the files that it comes from."""
