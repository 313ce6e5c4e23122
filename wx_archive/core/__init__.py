"""The floor: settings, clock, database, key-value store, text, ids, logging, errors."""
