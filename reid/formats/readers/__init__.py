"""What other programs wrote, read as photos."""
