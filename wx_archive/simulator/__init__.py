"""A WeChat that runs on this machine: phones, signed deliveries and the platform's API.

It knows only the wire, so that the account it talks to is tested from outside.
"""
