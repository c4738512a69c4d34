"""Who is told when a crawl is not well, and how: one digest of what is new, never a flood."""
