"""Erasing on a legal order: what is concerned, the files written anew without it, and what else holds it."""
