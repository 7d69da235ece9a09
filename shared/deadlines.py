"""Deadlines: how long the parts of a batch may take, so that they fit into one another.

ids are asked for until FETCH_S, what is under way then ends within CHUNK_S, and STORE_S
is left to store it: less than a function lives, which is less than Pub/Sub waits.
"""

FETCH_S = 300.0
"""A batch asks for no more ids after this; FETCH_DEADLINE_S where it is set."""

CHUNK_S = 180.0
"""Ids asked for together are waited for so long; the others count as not answered. Of
25, each of 10 threads asks for 3 at most: 3 x 60 s of retries."""

STORE_S = 60.0
"""To append the rows and record the batch."""

FUNCTION_S = 540
"""A function is ended after this: timeout_s in terraform/functions.tf."""

ACK_S = 600
"""Pub/Sub delivers again after this, the longest there is: terraform/pubsub.tf."""
