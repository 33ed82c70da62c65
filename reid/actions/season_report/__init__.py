"""A season on one page."""
