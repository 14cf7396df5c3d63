"""The engine as a program that graphical boards talk to: the Go Text Protocol.

Three layers: text (protocol.py, reader.py, engine.py: no board), the game and one function
a command (session.py, *_commands.py), and the player (lzp.engine.player) that thinks.
"""
