"""The bare stack: the gateway's gunicorn with one bare Flask route that makes one bare gRPC call.

No database, no authentication, no validation, no telemetry; it answers with the same bytes.
`python -m tests.bench.bare PORT FILE` serves what is in FILE.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from flask import Flask, Response
from gunicorn.app.base import BaseApplication

from chassis.config import Config
from gateway.config import Config as GatewayConfig

METHOD = "/bare.Bare/Get"


def serve_bytes(payload: bytes) -> tuple[grpc.Server, int]:
    """A gRPC server, to be kept, that answers every call with the same bytes; its port."""

    class Anything(grpc.GenericRpcHandler):
        def service(self, _: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
            return grpc.unary_unary_rpc_method_handler(lambda request, context: payload)

    server = grpc.server(ThreadPoolExecutor(Config().rpc_workers))
    server.add_generic_rpc_handlers((Anything(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def application(address: str) -> Flask:
    """One route, one call."""
    call = grpc.insecure_channel(address).unary_unary(METHOD)
    app = Flask("bare")

    @app.route("/", methods=["GET", "POST"])
    def bare() -> Response:
        return Response(call(b"", timeout=5), content_type="application/json")

    return app


class Server(BaseApplication):
    """As the gateway's: one worker with as many threads."""

    def __init__(self, port: int, grpc_address: str) -> None:
        self._port = port
        self._address = grpc_address
        super().__init__()  # type: ignore[no-untyped-call]

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"127.0.0.1:{self._port}",
            "worker_class": "gthread",
            "workers": 1,
            "threads": GatewayConfig().threads,
            "loglevel": "error",
            "control_socket_disable": True,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)  # type: ignore[union-attr]

    def load(self) -> Flask:
        return application(self._address)


def main() -> None:
    port, payload = int(sys.argv[1]), Path(sys.argv[2]).read_bytes()
    reading, writing = os.pipe()
    if os.fork() == 0:  # the gRPC server has a process of its own, as a service has
        _kept, grpc_port = serve_bytes(payload)
        os.write(writing, str(grpc_port).encode())
        os.close(writing)
        _until_orphaned()
    os.close(writing)
    grpc_port = int(os.read(reading, 16))
    Server(port, f"127.0.0.1:{grpc_port}").run()  # type: ignore[no-untyped-call]


def _until_orphaned() -> None:
    import time

    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


if __name__ == "__main__":
    main()
