"""Course assignments that grade themselves: `kit` is what labs are made of, `grade` marks them."""
