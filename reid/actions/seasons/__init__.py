"""Who returned, who is new, who was not seen; individuals from nothing."""
