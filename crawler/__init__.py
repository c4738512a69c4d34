"""The only room on the network: crawls sites, discovers links, extracts facts, and reads WARC records back."""
