"""Out to other programs, and between two field stations."""
