"""Peers: the same load of movies by ours and by other clients, on one simulator.

python -m benchmarks.peers (make bench-peers): every client lists and fetches the most
popular movies of a simulated TMDB and stores them. Each has a process and, but for
ours, a virtual environment of its own, from requirements/. docs/reference/peers.md
says what each one is and what came out.
"""
