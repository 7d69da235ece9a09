"""Deadlines: how long the parts of a batch may take, so that they fit into one another.

ids are asked for until FETCH_S, what is under way then ends within CHUNK_S, and STORE_S
is left to store it: less than a function lives, which is less than Pub/Sub waits.
"""

FETCH_S = 300.0
"""A batch asks for no more ids after this; FETCH_DEADLINE_S where it is set."""

CHUNK_S = 180.0
"""Ids asked for together are waited for so long; the others count as not answered, and
the batch is redelivered for them. At 30 requests/s the 25 ids of each of 8 batches,
which share 10 threads, take 7 s. While every request fails for 60 s, the threads
answer 10 ids a minute: of 200 ids 30 in 180 s, and the rest is not waited for."""

STORE_S = 60.0
"""To append the rows and record the batch."""

FUNCTION_S = 540
"""A function is ended after this: timeout_s in terraform/functions.tf."""

ACK_S = 600
"""Pub/Sub delivers again after this, the longest there is: terraform/pubsub.tf."""
