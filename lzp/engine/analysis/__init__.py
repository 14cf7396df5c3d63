"""KataGo's analysis protocol: positions in as JSON lines, what a search finds of them out.

`server.py` reads and answers the lines, `query.py` says what one may hold, `pool.py` searches
many positions at once over shared batches, and `answer.py` writes what they found.
"""
