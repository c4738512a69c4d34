"""A look at a site before it is crawled: a few requests, kept as any crawl's are, and the profile it suggests."""
