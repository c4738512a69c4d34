"""`bewaar pack`: packages and bags, their signatures and time stamps."""
