"""The archive: WARC files, the database that is a view of them, and the pages that show both.

Nothing in this package opens a network connection, and nothing in it imports ``crawler``, Scrapy or Twisted.
"""
