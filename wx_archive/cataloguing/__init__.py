"""The catalogue's desk: what opens there waits for a second person."""
