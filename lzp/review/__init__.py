"""`lzp-review`: a game record with what the engine thinks of every move, as SGF and as a page."""
