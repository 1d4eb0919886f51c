"""An authority that signs certificates for loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.tls import Tls

DAY = timedelta(days=1)
LOOPBACK = ("127.0.0.1", "127.0.0.2")


class Authority:
    """Signs certificates for loopback, and for the name of whom they are for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self.certificate = folder / "ca.crt"
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, folder.name)])
        folder.mkdir()
        self.certificate.write_bytes(pem(self._sign(self._name, self._key, is_authority=True)))

    def issue(self, name: str) -> Tls:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        tls = Tls(self._folder / f"{name}.crt", self._folder / f"{name}.key", self.certificate)
        tls.certificate.write_bytes(pem(self._sign(subject, key, is_authority=False)))
        tls.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return tls

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_authority: bool
    ) -> x509.Certificate:
        at = datetime.now(UTC)
        name = str(subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
        places = [x509.IPAddress(ip_address(each)) for each in LOOPBACK]
        shown = x509.SubjectAlternativeName([x509.DNSName(name), *places])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - DAY)
            .not_valid_after(at + DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(shown, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
