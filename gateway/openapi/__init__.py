"""The OpenAPI 3.1 document of the public API, derived from the contract."""

from gateway.openapi.document import document

__all__ = ["document"]
