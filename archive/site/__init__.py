"""The archive as a static site: what `bewaar serve --public` shows, as files for any host of files."""
