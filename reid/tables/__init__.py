"""Tables, cells, JSON lines, archives and text files: what every format is written with. The only openpyxl."""
