"""The parts of `benchmarks/webhook.py`."""
