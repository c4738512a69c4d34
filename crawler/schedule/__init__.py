"""When sites are crawled: rules, what is due by them, and the one process that runs it."""
