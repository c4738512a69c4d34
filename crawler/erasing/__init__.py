"""Erasing on a legal order, with the database derived anew."""
