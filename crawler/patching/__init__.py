"""What a crawl's pages need and it does not hold: found in its files, and fetched into it."""
