"""The parts of `benchmarks/quiz.py`."""
