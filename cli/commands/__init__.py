"""The commands, one file each."""

from cli.commands.audit import audit
from cli.commands.dead_letters import dead_letters
from cli.commands.demo import demo
from cli.commands.migrate import migrate
from cli.commands.operator import operator
from cli.commands.rebuild import rebuild
from cli.commands.status import status
from cli.commands.up import up

__all__ = ["audit", "dead_letters", "demo", "migrate", "operator", "rebuild", "status", "up"]
