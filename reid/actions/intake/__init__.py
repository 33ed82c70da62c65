"""Photos come in: enroll, import."""
