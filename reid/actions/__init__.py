"""The verbs, one file each, used alike by command line, Python and web."""
