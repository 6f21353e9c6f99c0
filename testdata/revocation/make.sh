#!/bin/sh
# Makes every file in this folder, with new keys: OpenSSL 3, GnuTLS (certtool, ocsptool) and pyca/cryptography.
set -eu
cd "$(dirname "$0")"
folder=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f ./*.der ./*.txt
cd "$work"

# Two CAs, and a certificate of each.
authority() { # NAME KEY-OPTIONS
  # shellcheck disable=SC2086
  openssl genpkey $2 -out "$1.key" 2>/dev/null
  openssl req -new -x509 -key "$1.key" -config /dev/null -subj "/C=DE/O=Signet Test/CN=$1" -days 9000 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out "$1.pem"
  openssl x509 -in "$1.pem" -outform DER -out "$folder/$1.crt.der"
}
leaf() { # NAME CA SERIAL
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null
  openssl req -new -key "$1.key" -config /dev/null -subj "/CN=$1" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -set_serial "$3" -days 8000 -out "$1.pem" 2>/dev/null
}
authority ec '-algorithm EC -pkeyopt ec_paramgen_curve:P-256'
authority rsa '-algorithm RSA -pkeyopt rsa_keygen_bits:2048'
leaf one ec 0x00ff00112233445566778899aabbccdd
leaf two ec 1

cat > ca.cnf <<CNF
[ca]
default_ca = here
[here]
database = $work/index.txt
crlnumber = $work/number
default_md = sha256
default_crl_days = 7
unique_subject = no
[plain]
authorityKeyIdentifier = keyid
[partition]
authorityKeyIdentifier = keyid
issuingDistributionPoint = critical, @point
[point]
fullname = URI:http://crl.example.com/crl/1f.crl
CNF
echo unique_subject = no > index.txt.attr

crl() { # NAME CA CRL-NUMBER EXTENSIONS OPTIONS...; index.txt holds what was revoked
  name=$1 ca=$2 number=$3 extensions=$4
  shift 4
  echo "$number" > number
  openssl ca -gencrl -config ca.cnf -cert "$ca.pem" -keyfile "$ca.key" -crlexts "$extensions" "$@" \
    -out "$name.pem" 2>/dev/null
  openssl crl -in "$name.pem" -outform DER -out "$folder/$name.crl.der"
  openssl crl -in "$name.pem" -noout -text > "$folder/$name.crl.txt"
}
revoked() { # DATE[,REASON] SERIAL
  printf 'R\t20700101000000Z\t%s\t%s\tunknown\t/CN=%s\n' "$1" "$2" "$2" >> index.txt
}

: > index.txt
crl empty ec 01 plain
crl empty-partition ec 018BCFE56800 partition
revoked 260101000000Z,unspecified 01
revoked 260101000001Z,keyCompromise 7F
revoked 260101000002Z,CACompromise 80
revoked 260101000003Z,affiliationChanged 00FF00112233445566778899AABBCCDD
revoked 260101000004Z,superseded FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
revoked 491231235959Z,cessationOfOperation 0123456789ABCDEF0123456789ABCDEF01234567
revoked 491231235959Z,certificateHold 8000
revoked 700101000000Z 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
revoked 260101000005Z,keyTime,20260101000000Z 1234
crl reasons ec 019CA87780D0 plain
crl reasons-partition rsa 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF partition
crl after-2050 ec 02 plain -crl_lastupdate 20491231235959Z -crl_nextupdate 20500101000000Z

# GnuTLS writes CRLs of its own making.
printf 'crl_this_update_date = "2026-01-01 00:00:00 UTC"\ncrl_next_update = 30\ncrl_number = 200\n' > gnutls.cfg
certtool --generate-crl --load-ca-privkey rsa.key --load-ca-certificate rsa.pem --load-certificate one.pem \
  --template gnutls.cfg --outfile gnutls.pem >/dev/null 2>&1
openssl crl -in gnutls.pem -outform DER -out "$folder/gnutls.crl.der"
openssl crl -in gnutls.pem -noout -text > "$folder/gnutls.crl.txt"

# OpenSSL revokes nothing after 2049, and pyca/cryptography does.
python3 - "$folder/pyca.crl.der" <<'PYTHON'
import datetime, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import CRLNumber, CRLReason, ReasonFlags

def date(text):
    return datetime.datetime.strptime(text, '%Y-%m-%d %H:%M:%S')

key = serialization.load_pem_private_key(open('ec.key', 'rb').read(), None)
issuer = x509.load_pem_x509_certificate(open('ec.pem', 'rb').read()).subject
crl = (
    x509.CertificateRevocationListBuilder()
    .issuer_name(issuer)
    .last_update(date('2049-12-31 23:59:59'))
    .next_update(date('2050-01-01 00:00:00'))
    .add_extension(CRLNumber(2**159 - 1), critical=False)
)
for serial, text, reason in [
    (1, '2049-12-31 23:59:59', ReasonFlags.superseded),
    (2**159 - 1, '2050-01-01 00:00:00', ReasonFlags.privilege_withdrawn),
    (2**127, '2999-12-31 23:59:59', ReasonFlags.aa_compromise),
    (2**128 - 1, '2999-12-31 23:59:59', ReasonFlags.remove_from_crl),
]:
    crl = crl.add_revoked_certificate(
        x509.RevokedCertificateBuilder()
        .serial_number(serial)
        .revocation_date(date(text))
        .add_extension(CRLReason(reason), critical=False)
        .build()
    )
signed = crl.sign(key, hashes.SHA384())
open(sys.argv[1], 'wb').write(signed.public_bytes(serialization.Encoding.DER))
PYTHON
openssl crl -inform DER -in "$folder/pyca.crl.der" -noout -text > "$folder/pyca.crl.txt"

request() { # NAME OPTIONS...
  name=$1
  shift
  openssl ocsp "$@" -reqout "$folder/$name.ocsp.der"
  openssl ocsp -reqin "$folder/$name.ocsp.der" -req_text 2>/dev/null > "$folder/$name.ocsp.txt"
}
request sha1 -no_nonce -issuer ec.pem -cert one.pem
request sha1-nonce -nonce -issuer ec.pem -cert one.pem
request sha256 -no_nonce -sha256 -issuer ec.pem -cert one.pem
request sha256-nonce -nonce -sha256 -issuer ec.pem -cert one.pem
request several -no_nonce -issuer ec.pem -cert one.pem -cert two.pem -sha256 -cert two.pem -serial 0x80 \
  -issuer rsa.pem -serial 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
request signed -nonce -issuer ec.pem -cert one.pem -signer one.pem -signkey one.key
request sha512 -no_nonce -sha512 -issuer ec.pem -cert one.pem
ocsptool --generate-request --load-issuer ec.pem --load-cert one.pem --outder --outfile "$folder/gnutls.ocsp.der" \
  >/dev/null 2>&1
openssl ocsp -reqin "$folder/gnutls.ocsp.der" -req_text 2>/dev/null > "$folder/gnutls.ocsp.txt"
