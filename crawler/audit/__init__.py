"""The audit: files read again, events written and put into the database."""
