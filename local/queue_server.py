"""Choose and set up the Pub/Sub emulator of a local stack."""

from emulators.pubsub import Backend, PubSubEmulator, start_google_emulator
from local import topics as local_topics
from local.function_processes import CONCURRENCY


def queue_server(time_scale: float, duplicate_rate: float, *, google: bool) -> Backend:
    """Return the embedded emulator, or Google's own, which takes no options."""
    if google:
        return start_google_emulator()
    by_subscription = {
        local_topics.subscription_path(topic): CONCURRENCY[function]
        for topic, function in local_topics.SUBSCRIBERS.items()
    }
    return PubSubEmulator(
        push_concurrency=by_subscription,
        time_scale=time_scale,
        duplicate_rate=duplicate_rate,
    )
