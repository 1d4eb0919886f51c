"""NoticeFileService: an organisation's notices out into a table, and drafts in from one."""

from __future__ import annotations

from datetime import datetime

from grpc import ServicerContext
from interchange.opportunities.v1 import notice_files_pb2 as pb
from interchange.opportunities.v1 import notice_files_pb2_grpc as rpc
from interchange.opportunities.v1 import notices_pb2
from sqlalchemy.orm import Session

from chassis.auth import principal
from chassis.clock import now
from chassis.database import Database
from chassis.errors import InvalidArgument
from chassis.pages import paginate
from services.opportunities.identity import Identity
from services.opportunities.notice_files import rows, tables
from services.opportunities.notices import drafting, queries
from services.opportunities.notices.convert import to_proto, to_public
from services.opportunities.notices.service import NEWEST_FIRST
from services.opportunities.organisations.directory import Directory, acting_for

Read = tuple[notices_pb2.Notice, list[pb.RowFault]]
FIRST_ROW = 2  # the header is row 1


class NoticeFileService(rpc.NoticeFileServiceServicer):
    """Tables of the notices of this region's organisations."""

    def __init__(
        self, database: Database, directory: Directory, identity: Identity, *, region: str
    ) -> None:
        self._begin = database.begin
        self._read = database.read
        self._directory = directory
        self._identity = identity
        self._region = region

    def ExportNotices(
        self, request: pb.ExportNoticesRequest, _: ServicerContext
    ) -> pb.ExportNoticesResponse:
        who = principal()
        organisation = acting_for(who, request.organisation, field="organisation")
        wanted = notices_pb2.ListNoticesRequest(organisation=organisation, state=request.state)
        with self._read() as session:
            page = paginate(
                session,
                queries.listing(who, wanted),
                key=NEWEST_FIRST,
                request=request,
                scope=f"ExportNotices {organisation} {request.state}",
            )
            found = queries.load_all(session, [each.id for each in page.items])
            written = [rows.to_row(to_public(found[each.id])) for each in page.items]
        return pb.ExportNoticesResponse(
            csv=tables.write(rows.COLUMNS, written),
            rows=len(written),
            next_page_token=page.next_page_token,
        )

    def ImportNotices(
        self, request: pb.ImportNoticesRequest, _: ServicerContext
    ) -> pb.ImportNoticesResponse:
        organisation = acting_for(principal(), request.organisation, field="organisation")
        self._directory.know(organisation, field="organisation")
        table = tables.read(request.csv, columns=rows.COLUMNS, needed=rows.NEEDED)
        read = [rows.read(each) for each in table]
        if request.validate_only:
            with self._read() as session:  # never written
                return _answer(self._draft(session, read, organisation, at=now()))
        self._identity.audit.record_operator("notice.import", organisation)
        with self._begin() as session:
            drafted = self._draft(session, read, organisation, at=now())
            _require_faultless(drafted)
        return _answer(drafted)

    def _draft(
        self, session: Session, read: list[Read], organisation: str, *, at: datetime
    ) -> list[pb.ImportedRow]:
        """Each row as a draft of the session, or with what is wrong with it."""
        return [
            self._row(session, number, each, organisation, at)
            for number, each in enumerate(read, FIRST_ROW)
        ]

    def _row(
        self, session: Session, number: int, read: Read, organisation: str, at: datetime
    ) -> pb.ImportedRow:
        notice, faults = read
        if faults:
            return pb.ImportedRow(row=number, notice=notice, faults=faults)
        try:
            drafted = drafting.add(session, notice, organisation, region=self._region, at=at)
        except InvalidArgument as refused:
            return pb.ImportedRow(row=number, notice=notice, faults=rows.told(refused))
        return pb.ImportedRow(row=number, notice=to_proto(drafted, principal()))


def _require_faultless(drafted: list[pb.ImportedRow]) -> None:
    violations = [each for row in drafted for each in rows.violations(row.row, list(row.faults))]
    if violations:
        raise InvalidArgument(
            "FAULTY_ROWS", "nothing was drafted: some rows are not right", violations=violations
        )


def _answer(drafted: list[pb.ImportedRow]) -> pb.ImportNoticesResponse:
    return pb.ImportNoticesResponse(
        rows=drafted, faulty_rows=sum(bool(row.faults) for row in drafted)
    )
