"""Programs that play each other: GTP clients, matches, strength, speed."""
