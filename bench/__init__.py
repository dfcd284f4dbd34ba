"""The benchmark: this server beside nats-server, in one run on one machine.

``python -m bench [ROWS…]`` runs it; README.md beside this file defines every row.
"""
