"""What an archive holds, what its sites are doing, and what comes next. Reads only."""
