"""Who is this? Query, reasons, sides."""
