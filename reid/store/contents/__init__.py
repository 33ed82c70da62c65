"""What a gallery holds, read, written and corrected."""
