"""Train, calibrate, upgrade."""
