"""All animals of a season identified together."""
