"""Followers: the one place that knows an openid, arrival and departure."""
