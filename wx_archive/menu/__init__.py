"""The account's menu: `menus/*.yaml` ⇄ WeChat."""
