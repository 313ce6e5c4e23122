"""我的资料: what is held about a follower, what they want news about, how to take it back."""
