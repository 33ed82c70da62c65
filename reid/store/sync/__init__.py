"""Two replicas of one gallery become one again."""
