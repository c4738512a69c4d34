"""What the bytes of a picture say: what kind it is, how large, and what it looks like. Pure, and safe with anything."""
