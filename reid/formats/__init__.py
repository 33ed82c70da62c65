"""One file for each format from outside: what others write is read here, what others read is written here."""
