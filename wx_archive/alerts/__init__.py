"""What staff must look at now: in the console, and on the WeChat of those who bound theirs."""
