"""The folder of a gallery and its files."""
