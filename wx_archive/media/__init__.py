"""Pictures, films and recordings: kept once, checked, made fit for phones and for WeChat."""
