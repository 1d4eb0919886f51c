"""Starts the opportunities service: `python -m services.opportunities`."""

from __future__ import annotations

import grpc
from redis import Redis

from chassis import migrations, operations, telemetry
from chassis.auth import JWKS, Revocations, ServiceToken, Verifier, read_key
from chassis.bus import Bus, Consumer, Relay
from chassis.client import channel
from chassis.clock import now
from chassis.database import Database
from chassis.server import Every, Server, run
from interchange.opportunities.v1.exchanges_pb2_grpc import (
    add_ExchangeServiceServicer_to_server,
    add_FiguresServiceServicer_to_server,
)
from interchange.opportunities.v1.interests_pb2_grpc import add_InterestServiceServicer_to_server
from interchange.opportunities.v1.notices_pb2_grpc import add_NoticeServiceServicer_to_server
from interchange.opportunities.v1.personal_data_pb2_grpc import (
    add_ParticipationServiceServicer_to_server,
)
from interchange.opportunities.v1.requests_pb2_grpc import add_RequestServiceServicer_to_server
from services.opportunities.config import Config
from services.opportunities.exchanges.service import ExchangeService
from services.opportunities.figures.service import FiguresService
from services.opportunities.identity import Identity
from services.opportunities.interests.service import InterestService
from services.opportunities.listeners import HANDLERS
from services.opportunities.notices import clock
from services.opportunities.notices.service import NoticeService
from services.opportunities.organisations.directory import Directory
from services.opportunities.participation.service import ParticipationService
from services.opportunities.policy import RULES
from services.opportunities.requests.service import RequestService
