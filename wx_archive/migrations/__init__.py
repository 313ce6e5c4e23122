"""Schema migrations, dated, forward only."""
