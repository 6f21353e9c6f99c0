"""Parses certificates with pyca/cryptography: names, validity, and every extension.

Standard input: JSON list of certificates in base64 of DER. Standard output: JSON list of errors, null for success.
"""
import base64
import json
import sys
import warnings

from cryptography import x509

warnings.simplefilter('ignore')


def read(encoded):
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(encoded))
        certificate.subject.rfc4514_string()
        certificate.issuer.rfc4514_string()
        certificate.serial_number
        certificate.not_valid_before
        certificate.not_valid_after
        for extension in certificate.extensions:
            repr(extension.value)
    except Exception as error:
        return f'{type(error).__name__}: {error}'
    return None


print(json.dumps([read(encoded) for encoded in json.load(sys.stdin)]))
