"""The simulator's HTTP server: endpoints, faults and limits."""
