"""Playing: evaluators, tree and search, clock and player, GTP, export."""
