"""帮我查 and 报错: what people ask the archives to do, each with a number and a state."""
