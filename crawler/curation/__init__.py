"""People correct machines: what is asked of them, the decisions they make, and the history derived again."""
