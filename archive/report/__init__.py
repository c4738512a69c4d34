"""What people ask of the history without SQL: what differs between two moments, and where words stand."""
