"""The parts of `benchmarks/lookup.py`."""
