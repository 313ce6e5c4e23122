"""编目: staff's work on documents and records, from the upload to the opening."""
