"""What a load or a month takes: estimates, usage and prices."""
