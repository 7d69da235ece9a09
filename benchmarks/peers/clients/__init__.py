"""The clients: each is a command that lists, fetches and stores movies once.

Its options are those of benchmarks.peers.landing; it prints its result as JSON.
"""
