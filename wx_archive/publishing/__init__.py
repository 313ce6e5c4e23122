"""兰台经纬 and 档案鉴赏: columns of articles, in the chat and on pages."""
