"""Serve the gRPC methods of Pub/Sub by calling the broker.

It has the methods of google.pubsub.v1.Publisher and .Subscriber that a pipeline with
push subscriptions needs. Any other answers UNIMPLEMENTED.
"""

import math
from collections.abc import Callable
from typing import Any

import grpc
from google.pubsub_v1 import types

from emulators.pubsub.broker import Broker
from emulators.pubsub.settings import RefusedError
from emulators.pubsub.spec import read_settings, refuse_endpoint

_MAX_PULL_WAIT_S = 5.0
_SHARE_OF_TIME_LIMIT = 0.9  # an empty pull is answered before the client's timeout


type _Method = tuple[
    type[Any], Callable[[Any, grpc.ServicerContext], Any]
]  # request type, answer


class PublisherService:
    """google.pubsub.v1.Publisher."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self) -> dict[str, _Method]:
        """By the name they have on the wire."""
        return {
            "CreateTopic": (types.Topic, self.create_topic),
            "GetTopic": (types.GetTopicRequest, self.get_topic),
            "DeleteTopic": (types.DeleteTopicRequest, self.delete_topic),
            "ListTopics": (types.ListTopicsRequest, self.list_topics),
            "Publish": (types.PublishRequest, self.publish),
        }

    def create_topic(
        self, request: types.Topic, _: grpc.ServicerContext
    ) -> types.Topic:
        """Create a topic as requested, with its labels."""
        self._broker.create_topic(request)
        return request

    def get_topic(
        self, request: types.GetTopicRequest, _: grpc.ServicerContext
    ) -> types.Topic:
        """As created."""
        return self._broker.topic(request.topic)

    def delete_topic(
        self, request: types.DeleteTopicRequest, _: grpc.ServicerContext
    ) -> None:
        """Delete a topic, but not its subscriptions."""
        self._broker.delete_topic(request.topic)

    def list_topics(
        self, request: types.ListTopicsRequest, _: grpc.ServicerContext
    ) -> types.ListTopicsResponse:
        """All on one page."""
        return types.ListTopicsResponse(topics=self._broker.topics(request.project))

    def publish(
        self, request: types.PublishRequest, _: grpc.ServicerContext
    ) -> types.PublishResponse:
        """Publish messages: none of them if one is empty."""
        self._broker.topic(request.topic)
        # Converted once: each access to a proto-plus list converts its items again.
        messages = list(request.messages)
        if not all(message.data or message.attributes for message in messages):
            raise RefusedError(
                "INVALID_ARGUMENT",
                "One or more messages in the publish request is empty. "
                "Each message must contain either non-empty data, "
                "or at least one attribute.",
            )
        return types.PublishResponse(
            message_ids=[
                self._broker.publish(
                    request.topic,
                    message.data,
                    dict(message.attributes),
                    message.ordering_key,
                )
                for message in messages
            ]
        )


class SubscriberService:
    """google.pubsub.v1.Subscriber, without streaming pull."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def methods(self) -> dict[str, _Method]:
        """By the name they have on the wire."""
        return {
            "CreateSubscription": (types.Subscription, self.create),
            "GetSubscription": (types.GetSubscriptionRequest, self.get),
            "DeleteSubscription": (types.DeleteSubscriptionRequest, self.delete),
            "ListSubscriptions": (types.ListSubscriptionsRequest, self.list_all),
            "Pull": (types.PullRequest, self.pull),
            "Acknowledge": (types.AcknowledgeRequest, self.acknowledge),
            "ModifyAckDeadline": (types.ModifyAckDeadlineRequest, self.modify_deadline),
            "ModifyPushConfig": (types.ModifyPushConfigRequest, self.modify_push),
        }

    def create(
        self, request: types.Subscription, _: grpc.ServicerContext
    ) -> types.Subscription:
        """Create a subscription, for messages from now on."""
        settings = read_settings(request)
        request.ack_deadline_seconds = settings.ack_deadline_s
        if settings.dead_letter_topic:
            attempts = settings.max_delivery_attempts
            request.dead_letter_policy.max_delivery_attempts = attempts
        self._broker.create_subscription(request, settings)
        return request

    def get(
        self, request: types.GetSubscriptionRequest, _: grpc.ServicerContext
    ) -> types.Subscription:
        """Return a subscription as created, with the default values."""
        return self._broker.subscription(request.subscription)

    def delete(
        self, request: types.DeleteSubscriptionRequest, _: grpc.ServicerContext
    ) -> None:
        """Delete a subscription with its messages."""
        self._broker.delete_subscription(request.subscription)

    def list_all(
        self, request: types.ListSubscriptionsRequest, _: grpc.ServicerContext
    ) -> types.ListSubscriptionsResponse:
        """All on one page."""
        return types.ListSubscriptionsResponse(
            subscriptions=self._broker.subscriptions(request.project)
        )

    def pull(
        self, request: types.PullRequest, caller: grpc.ServicerContext
    ) -> types.PullResponse:
        """Wait shortly for messages; the answer may be empty."""
        queue = self._broker.queue(request.subscription)
        remaining_s = caller.time_remaining() or math.inf
        wait_s = min(remaining_s, _MAX_PULL_WAIT_S) * _SHARE_OF_TIME_LIMIT
        leases = queue.lease(request.max_messages, wait_s)
        # As in Pub/Sub, attempts are counted only with a dead-letter topic.
        counts_attempts = queue.settings.dead_letter_topic is not None
        return types.PullResponse(
            received_messages=[
                types.ReceivedMessage(
                    ack_id=lease.ack_id,
                    message=types.PubsubMessage(
                        data=lease.message.data,
                        attributes=lease.message.attributes,
                        message_id=lease.message.message_id,
                        publish_time=lease.message.published_at,
                        ordering_key=lease.message.ordering_key,
                    ),
                    delivery_attempt=lease.attempt if counts_attempts else 0,
                )
                for lease in leases
            ]
        )

    def acknowledge(
        self, request: types.AcknowledgeRequest, _: grpc.ServicerContext
    ) -> None:
        """Acknowledge messages: they are never delivered again."""
        self._broker.queue(request.subscription).ack(request.ack_ids)

    def modify_deadline(
        self, request: types.ModifyAckDeadlineRequest, _: grpc.ServicerContext
    ) -> None:
        """Extend the deadline of messages; 0 seconds are a nack."""
        queue = self._broker.queue(request.subscription)
        for ack_id in request.ack_ids:
            if request.ack_deadline_seconds:
                queue.extend(ack_id, request.ack_deadline_seconds)
            else:
                queue.nack(ack_id, "nacked")

    def modify_push(
        self, request: types.ModifyPushConfigRequest, _: grpc.ServicerContext
    ) -> None:
        """Push to another endpoint; an empty configuration makes it a pull."""
        refuse_endpoint(request.push_config)
        self._broker.modify_push(request.subscription, request.push_config)


def add_services(server: grpc.Server, broker: Broker) -> None:
    """Add both services, which call the broker, to a gRPC server."""
    for service, methods in {
        "google.pubsub.v1.Publisher": PublisherService(broker).methods(),
        "google.pubsub.v1.Subscriber": SubscriberService(broker).methods(),
    }.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                _answering(answer), request_type.deserialize, _serialize
            )
            for name, (request_type, answer) in methods.items()
        }
        handler = grpc.method_handlers_generic_handler(service, handlers)
        server.add_generic_rpc_handlers([handler])


def _answering(
    answer: Callable[[Any, grpc.ServicerContext], Any],
) -> Callable[[Any, grpc.ServicerContext], object]:
    """Wrap a method: `RefusedError` becomes the status of the call."""

    def reply(request: object, caller: grpc.ServicerContext) -> object:
        try:
            return answer(request, caller)
        except RefusedError as refused:
            caller.abort(grpc.StatusCode[refused.code], str(refused))

    return reply


def _serialize(reply: Any) -> bytes:  # noqa: ANN401 - any proto-plus message
    """Return the bytes of a reply; None is google.protobuf.Empty, which has none."""
    return b"" if reply is None else bytes(type(reply).serialize(reply))
