"""The simulator's HTTP side: endpoints, faults, limits."""
