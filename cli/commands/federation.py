"""`interchange federation`: this region's identity among others, its partners, and what flows between them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click
from interchange.federation.v1 import partners_pb2 as pb
from rich.console import Console
from rich.table import Table

from chassis.clock import now
from cli.channels import address_book
from cli.federation.evidence import fork_row
from cli.federation.identity import Identity
from cli.federation.partners import (
    ANY,
    PAGE,
    PREFIX,
    all_partners,
    name_of,
    partner_service,
    pin,
)
from cli.federation.root_key import create_root_key, read_root_key, root_key_path
from cli.federation.table import partners_table
from cli.settings import Settings
from services.federation.protocol.document import BadDocument, Revoked, read_document
from services.federation.protocol.keys import fingerprint as words_of

CHECK_WITHIN_S = 120
MOVE_ROOT = "Move it off this machine now, to two places that are not online: whoever has it is this region."

root_key_option = click.option(
    "--root-key", type=click.Path(path_type=Path), help="The root key's file; by default in DATA_DIR."
)  # fmt: skip
partner_argument = click.argument("partner")


@click.group()
def federation() -> None:
    """Other regions: who we are to them, who they are to us, and what flows."""


@federation.command()
@click.option("--url", help="Where partners reach this region, such as https://east.example.")
@root_key_option
def init(url: str | None, root_key: Path | None) -> None:
    """Give this region an identity: a root key, a signing key and the document that ties them."""
    settings = Settings()
    identity = Identity(settings)
    if identity.found().document:
        raise click.ClickException("this region has an identity already; see `rotate-key`")
    path = root_key or root_key_path(settings.data_dir)
    told = identity.begin(
        read_root_key(path) if path.exists() else create_root_key(path),
        region=settings.region,
        display_name=settings.region_display_name,
        url=url or public_url(settings),
    )
    click.echo(f"root key: {path}\n{MOVE_ROOT}\n", err=True)
    click.echo(f"{told.region} at {told.url}, fingerprint:\n\n  {told.fingerprint}")


@federation.command()
def invite() -> None:
    """Print this region's document for another operator, and the words to read to them by telephone."""
    told = Identity(Settings()).told()
    sys.stdout.write(told.document.decode() + "\n")
    click.echo(
        f"\nSend the document. Then read these words to the other operator by telephone:\n\n"
        f"  {told.fingerprint}\n",
        err=True,
    )


@federation.command()
@click.argument("document", type=click.File("rb"))
@click.option(
    "--fingerprint", required=True, help="The eight words that their operator read to you."
)
@click.option(
    "--channels", default="national", help="Separated by commas, such as national,group.coast."
)
def add(document: BinaryIO, fingerprint: str, channels: str) -> None:
    """Pin another region by its document and the fingerprint of its root key."""
    raw = document.read().strip()
    try:
        told = read_document(raw)
    except BadDocument as problem:
        raise click.ClickException(f"this is no region's document: {problem.detail}") from problem
    names = [each.strip() for each in channels.split(",") if each.strip()]
    made = pin(partner_service(), told.region, raw, fingerprint, names)
    click.echo(f"{made.display_name} is pinned: {made.url}\nkey {words_of(told.root_public)}")


@federation.command()
@partner_argument
def check(partner: str) -> None:
    """Try a partner out, step by step; nothing is taken over."""
    request = pb.CheckPartnerRequest(name=name_of(partner))
    answer = partner_service().CheckPartner(request, timeout=CHECK_WITHIN_S)
    for step in answer.steps:
        click.echo(f"{'ok  ' if step.ok else 'FAIL'}  {step.title}: {step.detail}")
    if not all(step.ok for step in answer.steps):
        raise SystemExit(1)


@federation.command()
def status() -> None:
    """Show all partners: who answers, how far both sides are, and what needs a hand."""
    partners = list(all_partners(partner_service()))
    if not partners:
        click.echo("no partners")
        return
    Console().print(partners_table(partners, at=now()))
    for each in partners:
        if each.state_reason:
            click.echo(f"{each.name.removeprefix('partners/')}: {each.state_reason}")


@federation.command()
@partner_argument
@click.option("--reason", default="", help="Why, kept for operators.")
def suspend(partner: str, reason: str) -> None:
    """Stop exchanging with a partner and hide what came from it."""
    _say(
        partner_service().SuspendPartner(
            pb.SuspendPartnerRequest(name=name_of(partner), reason=reason)
        )
    )


@federation.command()
@partner_argument
def resume(partner: str) -> None:
    """Go on with a suspended partner from where it stood."""
    _say(partner_service().ResumePartner(pb.ResumePartnerRequest(name=name_of(partner))))


@federation.command()
@partner_argument
@click.confirmation_option(prompt="What came from it is withdrawn here. Remove it?")
def remove(partner: str) -> None:
    """End a partnership; what came from it is withdrawn, and purged after 30 days."""
    _say(partner_service().RemovePartner(pb.RemovePartnerRequest(name=name_of(partner))))


@federation.command("new-epoch")
@click.option("--channel", default="national", help="Such as national or to.scotland.")
def new_epoch(channel: str) -> None:
    """Issue every live notice of a channel again, from number 1: after a restore, or when told to."""
    told = Identity(Settings()).start_epoch(channel)
    epochs = [each.epoch for each in told.channels if each.channel == channel]
    click.echo(f"{channel}: epoch {epochs[0] if epochs else '?'}")


@federation.command("rotate-key")
@root_key_option
@click.option(
    "--days", default=0, help="How long the new key is valid; at most 90, which is the default."
)
@click.option("--revoke", metavar="KID", help="Declare what this key signed void.")
@click.option("--channel", help="With --revoke: on this channel only …")
@click.option("--epoch", default=0, help="… from this epoch …")
@click.option("--from-seq", default=0, help="… and this entry on.")
def rotate_key(
    root_key: Path | None, days: int, revoke: str | None, channel: str | None, epoch: int, from_seq: int
) -> None:  # fmt: skip
    """Make a new signing key and publish the document that lists it; older ones stay listed."""
    if (channel or epoch or from_seq) and not revoke:
        raise click.UsageError("--channel, --epoch and --from-seq go with --revoke")
    if from_seq and not channel:
        raise click.UsageError("say with --channel whose entries --from-seq counts")
    settings = Settings()
    revoked = Revoked(revoke, channel, epoch, from_seq) if revoke else None
    root = read_root_key(root_key or root_key_path(settings.data_dir))
    told = Identity(settings).rotate(root, days=days, revoked=revoked)
    click.echo(f"document version {told.document_version}; signing with {told.keys[0].kid}")


@federation.group("set-aside")
def set_aside() -> None:
    """What came from partners and was not taken over: list, retry, drop."""


@set_aside.command("list")
@partner_argument
def list_(partner: str) -> None:
    """List what one partner sent that was set aside, newest first, up to a hundred."""
    request = pb.ListSetAsideEntriesRequest(parent=name_of(partner), page_size=PAGE)
    table = Table("Name", "State", "Reason", "Entry", "Came", "Detail")
    for each in partner_service().ListSetAsideEntries(request).set_aside_entries:
        state = pb.SetAsideEntry.State.Name(each.state).lower()
        entry = f"{each.channel} {each.epoch}:{each.sequence}"
        table.add_row(each.name, state, each.reason, entry, each.create_time.ToJsonString(), each.detail)  # fmt: skip
    if not table.row_count:
        click.echo("nothing is set aside")
        return
    Console().print(table)


@set_aside.command()
@click.argument("name")
def retry(name: str) -> None:
    """Judge a held entry again, such as after an upgrade or a change of policy."""
    entry = partner_service().RetrySetAsideEntry(pb.RetrySetAsideEntryRequest(name=name))
    click.echo(f"{entry.name}: {pb.SetAsideEntry.State.Name(entry.state).lower()}")


@set_aside.command()
@click.argument("name")
def drop(name: str) -> None:
    """Forget an entry that was set aside."""
    entry = partner_service().DropSetAsideEntry(pb.DropSetAsideEntryRequest(name=name))
    click.echo(f"{entry.name}: {pb.SetAsideEntry.State.Name(entry.state).lower()}")


@federation.command()
@click.argument("partner", required=False)
@click.option("--evidence", is_flag=True, help="Print all of it as JSON, to send to others.")
def forks(partner: str | None, *, evidence: bool) -> None:
    """List where partners told two histories, with who showed us the other, newest first, up to a hundred."""
    request = pb.ListForksRequest(parent=name_of(partner or ANY), page_size=PAGE)
    found = partner_service().ListForks(request).forks
    if evidence:
        for each in found:
            click.echo(each.evidence)
        return
    table = Table("Partner", "Log", "We read", "Also told", "To", "Found")
    for each in found:
        table.add_row(*fork_row(each))
    if not table.row_count:
        click.echo("no forks")
        return
    Console().print(table)


@federation.command()
@click.argument("partner", required=False)
def erasures(partner: str | None) -> None:
    """List erasures that partners were asked for, with their receipts."""
    stub = partner_service()
    names = [name_of(partner)] if partner else [each.name for each in all_partners(stub)]
    table = Table("Partner", "Channel", "Subject", "Asked", "Receipt")
    for name in names:
        for each in stub.ListErasures(pb.ListErasuresRequest(parent=name, page_size=PAGE)).erasures:
            receipt = (
                each.receipt_time.ToJsonString() if each.HasField("receipt_time") else "outstanding"
            )
            region = name.removeprefix(PREFIX)
            table.add_row(region, each.channel, each.subject, each.create_time.ToJsonString(), receipt)  # fmt: skip
    if not table.row_count:
        click.echo("no erasures")
        return
    Console().print(table)


def public_url(settings: Settings) -> str:
    """Where partners reach the region unless the operator says otherwise."""
    own = f"http://127.0.0.1:{address_book(settings).gateway}"
    return settings.federation_url or settings.public_url or own


def _say(partner: pb.Partner) -> None:
    click.echo(f"{partner.display_name}: {pb.Partner.State.Name(partner.state).lower()}")
