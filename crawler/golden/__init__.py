"""Golden pages: recorded out of an archive, corrected by a person, and what the extractors are judged by."""
