"""Seasons, deployments, effort and capture histories: what formats, counts and reports are made from."""
