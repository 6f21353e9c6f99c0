#!/bin/sh
# Makes every CSR in this folder, with new keys: OpenSSL 3.
set -eu
cd "$(dirname "$0")"
key=$(mktemp)
trap 'rm -f "$key"' EXIT

request() { # NAME KEY-OPTIONS REQ-OPTIONS...
  name=$1 options=$2
  shift 2
  # shellcheck disable=SC2086
  openssl genpkey $options -out "$key" 2>/dev/null
  openssl req -new -key "$key" -config /dev/null -out "$name.pem" "$@"
}

p256='-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve'
san=subjectAltName=DNS:server.example.com,DNS:*.example.com,IP:192.0.2.1,IP:2001:db8::1
request ec-server "$p256" -subj /C=DE/O=Example/CN=server.example.com -addext "$san"
request ec-no-san "$p256" -subj /CN=plain.example.com
request ec-elsewhere "$p256" -subj /CN=elsewhere.test -addext subjectAltName=DNS:elsewhere.test
request ec-p384 '-algorithm EC -pkeyopt ec_paramgen_curve:P-384' -sha384 -subj /CN=p384.example.com
request ec-p521 '-algorithm EC -pkeyopt ec_paramgen_curve:P-521' -sha512 -subj /CN=p521.example.com
request rsa-2048 '-algorithm RSA -pkeyopt rsa_keygen_bits:2048' -subj /CN=rsa.example.com -addext "$san"
request ed25519 '-algorithm ED25519' -subj /CN=ed25519.example.com
request empty-subject-critical-san "$p256" -subj / -addext "subjectAltName=critical,DNS:only-san.example.com"
request empty-subject-plain-san "$p256" -subj / -addext "subjectAltName=DNS:only-san.example.com"
request empty-subject-no-san "$p256" -subj /
request odd-subject "$p256" -utf8 -multivalue-rdn \
  -subj '/CN=Grüße/O=Eins/O=Zwei/OU=a+OU=b/serialNumber=007/emailAddress=x@example.com'
request wants-to-be-ca "$p256" -subj /CN=ca.example.com \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign -addext extendedKeyUsage=codeSigning
request sha1-signature '-algorithm RSA -pkeyopt rsa_keygen_bits:2048' -sha1 -subj /CN=sha1.example.com
request microsoft-header "$p256" -newhdr -subj /CN=newhdr.example.com
request long-common-name "$p256" -subj "/CN=$(printf 'x%.0s' $(seq 1 64))"

# Text before and after the block, and line ends of another system.
{ printf 'Certificate request\r\n\r\n'; sed 's/$/\r/' ec-no-san.pem; printf '\r\nEnd of file\r\n'; } > crlf-with-text.pem
# A signature by another key.
openssl req -in ec-no-san.pem -outform DER -out "$key"
python3 - "$key" <<'PY'
import base64, sys
der = bytearray(open(sys.argv[1], 'rb').read())
der[-1] ^= 1
body = base64.encodebytes(bytes(der)).decode()
open('wrong-signature.pem', 'w').write(
    '-----BEGIN CERTIFICATE REQUEST-----\n' + body + '-----END CERTIFICATE REQUEST-----\n')
PY

# Everything that a CSR can ask for, as an end entity or a CA: the first in accord with a template, the second, "contrary",
# with extensions that are the template's and the CA's own matter.
everything='-addext certificatePolicies=1.3.6.1.4.1.99999.10.2 -addext 1.3.6.1.4.1.99999.1=ASN1:UTF8String:csr
 -addext 1.3.6.1.4.1.99999.2=critical,ASN1:UTF8String:csr-only'
contrary='-addext subjectKeyIdentifier=0102030405060708 -addext authorityKeyIdentifier=DER:300A80080807060504030201
 -addext crlDistributionPoints=URI:http://csr.example.com/crl'
entity_usage='-addext keyUsage=critical,dataEncipherment,keyAgreement,decipherOnly -addext extendedKeyUsage=timeStamping'
ca_usage='-addext keyUsage=keyCertSign,keyAgreement -addext extendedKeyUsage=critical,emailProtection'
who='-subj /C=FR/O=CSR/CN=csr.example.com'
# shellcheck disable=SC2086
{
  request asks-as-entity "$p256" $who -addext "$san" $entity_usage $everything
  request asks-as-ca "$p256" $who -addext "$san" $ca_usage $everything
  request asks-contrary-entity "$p256" $who -addext "$san" $entity_usage $everything $contrary \
    -addext basicConstraints=critical,CA:TRUE,pathlen:7
  request asks-contrary-ca "$p256" $who -addext "$san" $ca_usage $everything $contrary \
    -addext basicConstraints=CA:FALSE
  request entity-cert-sign "$p256" $who -addext keyUsage=critical,keyCertSign
  request ca-no-cert-sign "$p256" $who -addext keyUsage=critical,digitalSignature
}

# Keys of every size and strength.
request rsa-8192 '-algorithm RSA -pkeyopt rsa_keygen_bits:8192' -subj /CN=rsa-8192.example.com
request rsa-1024 '-algorithm RSA -pkeyopt rsa_keygen_bits:1024' -subj /CN=rsa-1024.example.com
request rsa-exponent-3 '-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3' -subj /CN=rsa-3.example.com
# Exponent 2: signed by taking a square root, with the subject changed until there is one.
python3 - <<'PY'
import hashlib, base64
from cryptography.hazmat.primitives.asymmetric import rsa
while True:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    p, q = numbers.p, numbers.q
    if p % 4 == 3 and q % 4 == 3:
        break
n = p * q
def element(tag, *parts):
    body = b''.join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else (lambda o: bytes([128 | len(o)]) + o)(size.to_bytes((size.bit_length() + 7) // 8, 'big'))
    return bytes([tag]) + length + body
integer = lambda value: element(2, value.to_bytes(value.bit_length() // 8 + 1, 'big'))
null = b'\x05\x00'
rsa_encryption = element(0x30, bytes.fromhex('06092a864886f70d010101'), null)
sha256_with_rsa = element(0x30, bytes.fromhex('06092a864886f70d01010b'), null)
key = element(0x30, rsa_encryption, element(3, b'\x00', element(0x30, integer(n), integer(2))))
for count in range(1000):
    cn = element(0x0c, b'rsa-even-%d.example.com' % count)
    subject = element(0x30, element(0x31, element(0x30, bytes.fromhex('0603550403'), cn)))
    info = element(0x30, integer(0), subject, key, element(0xa0))
    digest = bytes.fromhex('3031300d060960864801650304020105000420') + hashlib.sha256(info).digest()
    m = int.from_bytes(b'\x00\x01' + b'\xff' * (256 - 3 - len(digest)) + b'\x00' + digest, 'big')
    a, b = pow(m, (p + 1) // 4, p), pow(m, (q + 1) // 4, q)
    if a * a % p == m % p and b * b % q == m % q:
        s = (a + p * ((b - a) * pow(p, -1, q) % q)) % n
        assert s * s % n == m
        request = element(0x30, info, sha256_with_rsa, element(3, b'\x00', s.to_bytes(256, 'big')))
        break
open('rsa-even-exponent.pem', 'w').write(
    '-----BEGIN CERTIFICATE REQUEST-----\n' + base64.encodebytes(request).decode() + '-----END CERTIFICATE REQUEST-----\n')
PY
