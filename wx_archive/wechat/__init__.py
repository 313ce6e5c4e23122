"""The wire: envelopes, messages, replies and the platform API; the only user of wechatpy."""
