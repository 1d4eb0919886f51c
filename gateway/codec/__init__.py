"""The one seam between JSON and messages: compiled once for each message type, then fast.

`json_format` of protobuf is the reference: the tests hold this against it. Two things differ by
intent. Fields without presence are always written, so that front ends find them; and a field that
only the service writes is passed over when it is read, one that it only reads is never written.
"""

from gateway.codec.json import dumps, loads
from gateway.codec.reading import reader
from gateway.codec.writing import writer
from gateway.codec.wrong import Wrong

__all__ = ["Wrong", "dumps", "loads", "reader", "writer"]
