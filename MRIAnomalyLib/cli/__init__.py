"""The command line: parsing, progress and exit codes; no science. Heavy imports stand inside the functions that need them."""
