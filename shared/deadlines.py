"""How long each part of a batch may take, so that all parts fit into one delivery.

A batch requests ids until FETCH_S. The requests that are then in progress end within
CHUNK_S, and STORE_S remains to store the rows. The sum is at most a function's timeout,
which is shorter than Pub/Sub's ack deadline (tests/shared/test_deadlines.py).
"""

FETCH_S = 300.0
"""After this a batch requests no more ids; FETCH_DEADLINE_S overrides it."""

CHUNK_S = 180.0
"""Maximum wait for the ids that are requested together. Ids without an answer by then
are redelivered. At 30 requests/s the 25 ids of each of 8 batches, which share 10
threads, take 7 s. While every request fails for 60 s, the threads handle 10 ids a
minute: 30 of 200 ids in 180 s."""

STORE_S = 60.0
"""Time to append the rows and record the batch."""

FUNCTION_S = 540
"""Timeout of a function: timeout_s in terraform/functions.tf."""

ACK_S = 600
"""Pub/Sub's ack deadline, the longest there is: terraform/pubsub.tf."""
