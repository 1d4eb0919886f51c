"""NotificationService: the inbox, preferences, and what became of mails."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from grpc import ServicerContext
from interchange.notifications.v1 import notifications_pb2 as pb
from interchange.notifications.v1 import notifications_pb2_grpc as rpc
from sqlalchemy.orm import Session

from chassis import fields
from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database, after_commit
from chassis.errors import PermissionDenied
from chassis.names import parse_name
from chassis.pages import paginate
from chassis.timestamps import to_proto as stamp
from services.notifications.deliveries import queries as deliveries
from services.notifications.deliveries import queue
from services.notifications.deliveries.convert import to_proto as delivery_to_proto
from services.notifications.identity import Identity
from services.notifications.inbox import queries as inbox
from services.notifications.inbox.convert import to_proto as message_to_proto
from services.notifications.policy import may_export
from services.notifications.preferences import queries as preferences
from services.notifications.preferences.convert import WRITABLE, read_frequency
from services.notifications.preferences.convert import to_proto as preferences_to_proto
from services.notifications.preferences.models import Frequency, Preferences
from services.notifications.templates.catalogue import ALERTS


class NotificationService(rpc.NotificationServiceServicer):
    """What people were told, and how they want to be told."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._begin = database.begin
        self._read = database.read
        self._identity = identity

    def ListMessages(
        self, request: pb.ListMessagesRequest, _: ServicerContext
    ) -> pb.ListMessagesResponse:
        person = principal().person
        with self._read() as session:
            page = paginate(
                session,
                inbox.listing(person, unread=request.unread),
                key=inbox.NEWEST_FIRST,
                request=request,
                scope=f"ListMessages {person} {request.unread}",
            )
            unread_count = inbox.unread_count(session, person)
        return pb.ListMessagesResponse(
            messages=map(message_to_proto, page.items),
            next_page_token=page.next_page_token,
            unread_count=unread_count,
        )

    def GetMessage(self, request: pb.GetMessageRequest, _: ServicerContext) -> pb.Message:
        with self._read() as session:
            return message_to_proto(inbox.load_own(session, request.name))

    def MarkRead(self, request: pb.MarkReadRequest, _: ServicerContext) -> pb.Message:
        with self._begin() as session:
            message = inbox.load_own(session, request.name)
            message.mark_read(at=now())
        return message_to_proto(message)

    def MarkAllRead(
        self, request: pb.MarkAllReadRequest, _: ServicerContext
    ) -> pb.MarkAllReadResponse:
        with self._begin() as session:
            marked = inbox.mark_all_read(session, principal().person, at=now())
        return pb.MarkAllReadResponse(marked=marked)

    def GetPreferences(
        self, request: pb.GetPreferencesRequest, _: ServicerContext
    ) -> pb.Preferences:
        person = preferences.own(request.name)
        with self._read() as session:
            return preferences_to_proto(preferences.get(session, person))

    def UpdatePreferences(
        self, request: pb.UpdatePreferencesRequest, _: ServicerContext
    ) -> pb.Preferences:
        message = request.preferences
        person = preferences.own(message.name, field="preferences.name")
        named = fields.changed(request.update_mask, message, allowed=WRITABLE)
        with self._begin() as session:
            wishes = preferences.load_for_change(session, person, message.etag)
            if "frequency" in named:
                _choose(session, wishes, read_frequency(message))
            if "alerts_off" in named:
                wishes.choose_alerts(off=message.alerts_off)
        return preferences_to_proto(wishes)

    def Unsubscribe(self, request: pb.UnsubscribeRequest, _: ServicerContext) -> Empty:
        with self._begin() as session:
            wishes = preferences.load_by_token(session, request.token)
            if request.topic == ALERTS:
                wishes.choose_alerts(off=True)
            else:
                _choose(session, wishes, Frequency.OFF)
        return Empty()

    def ListDeliveries(
        self, request: pb.ListDeliveriesRequest, _: ServicerContext
    ) -> pb.ListDeliveriesResponse:
        with self._read() as session:
            page = paginate(
                session,
                deliveries.listing(request.state),
                key=deliveries.NEWEST_FIRST,
                request=request,
                scope=f"ListDeliveries {request.state}",
            )
        return pb.ListDeliveriesResponse(
            deliveries=map(delivery_to_proto, page.items), next_page_token=page.next_page_token
        )

    def RetryDelivery(self, request: pb.RetryDeliveryRequest, _: ServicerContext) -> pb.Delivery:
        self._identity.audit.record_operator("delivery.retry", request.name)
        with self._begin() as session:
            delivery = deliveries.load_for_retry(session, request.name)
            delivery.retry(at=now())
            after_commit(session, queue.ring)
        return delivery_to_proto(delivery)

    def ExportMessages(
        self, request: pb.ExportMessagesRequest, _: ServicerContext
    ) -> pb.MessagesExport:
        person = request.name
        parse_name("people", person)
        if not may_export(principal(), person):
            raise PermissionDenied("NOT_YOUR_RECORD", "people export their own record only")
        self._identity.audit.record_operator("person.exportMessages", person)
        with self._read() as session:
            return pb.MessagesExport(
                person=person,
                messages=map(message_to_proto, inbox.everything(session, person)),
                preferences=preferences_to_proto(preferences.get(session, person)),
                deliveries=map(delivery_to_proto, deliveries.everything(session, person)),
                export_time=stamp(now()),
            )


def _choose(session: Session, wishes: Preferences, frequency: Frequency) -> None:
    wishes.choose(frequency)
    if frequency is Frequency.OFF:
        inbox.stop_waiting(session, wishes.person)
