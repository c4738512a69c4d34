"""The dataset as files for others: tables, a database, a described package, the link graph."""
