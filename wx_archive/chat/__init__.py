"""The conversation: webhook, deduplication, state, router; the one way of a message."""
