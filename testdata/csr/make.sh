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
