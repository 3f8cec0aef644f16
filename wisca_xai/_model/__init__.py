"""The model: how it is fitted, which outputs it gives, and how its file is loaded."""
