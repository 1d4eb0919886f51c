"""The one public door of a region: HTTP and JSON in front of the services' gRPC."""
