#!/usr/bin/env python3
"""Makes every file in this folder, with new keys: OpenSSL 3, GnuTLS's certtool, and pyca/cryptography 38.

Bytes that no tool would write are put together by hand, from the same few lines of DER.
"""
import base64
import datetime
import ipaddress
import pathlib
import subprocess
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

here = pathlib.Path(__file__).resolve().parent
scratch = tempfile.TemporaryDirectory()
work = pathlib.Path(scratch.name)
for folder in ('malformed', 'malformed-san'):
    (here / folder).mkdir(exist_ok=True)


def run(*command, **options):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def openssl_key(name, *options):
    run('openssl', 'genpkey', '-out', str(work / name), *options)
    return str(work / name)


def save(name, label, der, width=64):
    text = base64.b64encode(der).decode()
    lines = [text[at:at + width] for at in range(0, len(text), width)]
    (here / name).write_text(f'-----BEGIN {label}-----\n' + '\n'.join(lines) + f'\n-----END {label}-----\n')


# --- by OpenSSL ---------------------------------------------------------------------------------------------------

rsa_key = openssl_key('rsa', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048')
keys = {
    'ec-p384': openssl_key('p384', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'),
    'ed25519': openssl_key('ed25519', '-algorithm', 'ED25519'),
    'ed448': openssl_key('ed448', '-algorithm', 'ED448'),
    'secp256k1': openssl_key('k1', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'),
}
p256 = openssl_key('p256', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256')


def openssl_request(name, key, *options):
    run('openssl', 'req', '-new', '-key', key, '-config', '/dev/null', '-out', str(here / f'{name}.csr.pem'), *options)


def openssl_certificate(name, key, *options):
    run('openssl', 'req', '-x509', '-new', '-key', key, '-config', '/dev/null',
        '-out', str(here / f'{name}.crt.pem'), *options)


for kind, key in keys.items():
    openssl_request(f'openssl-{kind}', key, '-subj', f'/CN={kind}.example.com')
    openssl_certificate(f'openssl-{kind}', key, '-subj', f'/C=DE/O=Example/CN={kind}', '-days', '30',
                        '-addext', 'basicConstraints=critical,CA:TRUE,pathlen:1', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
pss = ['-sigopt', 'rsa_padding_mode:pss']
openssl_request('openssl-rsa-pss-longest-salt', rsa_key, '-subj', '/CN=pss.example.com', *pss)
openssl_request('openssl-rsa-pss-sha512', rsa_key, '-subj', '/CN=pss.example.com', '-sha512', *pss,
                '-sigopt', 'rsa_pss_saltlen:digest', '-sigopt', 'rsa_mgf1_md:sha512')
openssl_request('openssl-rsa-pss-other-mask-hash', rsa_key, '-subj', '/CN=pss.example.com', *pss,
                '-sigopt', 'rsa_mgf1_md:sha1')
openssl_certificate('openssl-rsa-to-2060', rsa_key, '-subj', '/CN=Root/emailAddress=ca@example.com', '-days', '12600',
                    '-set_serial', '0x00ff')
run('openssl', 'pkey', '-in', p256, '-out', str(work / 'compressed'), '-ec_conv_form', 'compressed')
openssl_request('openssl-ec-compressed-point', str(work / 'compressed'), '-subj', '/CN=compressed.example.com')
run('openssl', 'pkey', '-in', p256, '-out', str(work / 'explicit'), '-ec_param_enc', 'explicit')
openssl_request('malformed/ec-explicit-parameters', str(work / 'explicit'), '-subj', '/CN=explicit.example.com')
run('openssl', 'x509', '-req', '-in', str(here / 'openssl-ed25519.csr.pem'), '-signkey', keys['ed25519'],
    '-days', '30', '-out', str(here / 'openssl-version-1.crt.pem'))
(work / 'old.cnf').write_text(
    '[req]\ndistinguished_name=dn\nattributes=at\nprompt=no\nstring_mask=default\nutf8=yes\n'
    '[dn]\nC=DE\nO=Jürgen GmbH\nCN=T61 or BMP 漢字\n[at]\nchallengePassword=secret\nunstructuredName=a name\n')
run('openssl', 'req', '-new', '-key', p256, '-config', str(work / 'old.cnf'),
    '-out', str(here / 'openssl-old-string-types-and-challenge.csr.pem'))

# --- by GnuTLS ----------------------------------------------------------------------------------------------------

(work / 'template').write_text(
    'cn = "gnutls.example.com"\norganization = "Beispiel"\ndns_name = "gnutls.example.com"\nip_address = "192.0.2.7"\n'
    'uri = "https://gnutls.example.com/"\nemail = "a@example.com"\ntls_www_server\nsigning_key\nserial = 4711\n'
    'expiration_days = 100\nchallenge_password = "123456"\n')
for kind, options in {'ec-p256': ['--key-type=ecdsa', '--curve=secp256r1'], 'ed25519': ['--key-type=ed25519'],
                      'rsa-pss-key': ['--key-type=rsa-pss', '--bits=2048']}.items():
    key = str(work / f'gnutls-{kind}')
    run('certtool', '--generate-privkey', '--outfile', key, *options)
    common = ['--load-privkey', key, '--template', str(work / 'template')]
    run('certtool', '--generate-request', '--outfile', str(here / f'gnutls-{kind}.csr.pem'), *common)
    run('certtool', '--generate-self-signed', '--outfile', str(here / f'gnutls-{kind}.crt.pem'), *common)

# --- by pyca/cryptography -----------------------------------------------------------------------------------------

ec_key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([
    x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, 'DE')]),
    x509.RelativeDistinguishedName([
        x509.NameAttribute(NameOID.COMMON_NAME, 'Ω, all = names + "one"'),
        x509.NameAttribute(NameOID.USER_ID, 'u1'),
    ]),
    x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.DOMAIN_COMPONENT, 'example')]),
])
san = x509.SubjectAlternativeName([
    x509.DNSName('*.example.com'),
    x509.RFC822Name('a@example.com'),
    x509.UniformResourceIdentifier('spiffe://example.com/a'),
    x509.IPAddress(ipaddress.ip_address('192.0.2.1')),
    x509.IPAddress(ipaddress.ip_address('2001:db8::1')),
    x509.DirectoryName(name),
    x509.RegisteredID(x509.ObjectIdentifier('1.2.3.4.5')),
    x509.OtherName(x509.ObjectIdentifier('1.3.6.1.4.1.311.20.2.3'), b'\x0c\x03a@b'),
])
request = (x509.CertificateSigningRequestBuilder().subject_name(name).add_extension(san, critical=False)
           .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b'secret').sign(ec_key, hashes.SHA256()))
save('pyca-every-general-name.csr.pem', 'CERTIFICATE REQUEST', request.public_bytes(serialization.Encoding.DER))
big = rsa.generate_private_key(65537, 4096)
certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(big.public_key())
               .serial_number(2**159 - 1).not_valid_before(datetime.datetime(1999, 12, 31, 23, 59, 59))
               .not_valid_after(datetime.datetime(9999, 12, 31, 23, 59, 59)).add_extension(san, critical=True)
               .sign(big, hashes.SHA512()))
save('pyca-rsa-4096-for-ever.crt.pem', 'CERTIFICATE', certificate.public_bytes(serialization.Encoding.DER))

# --- by hand ------------------------------------------------------------------------------------------------------


def tlv(tag, *contents):
    content = b''.join(contents)
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    length = bytes([size]) if size < 0x80 else bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


def seq(*contents):
    return tlv(0x30, *contents)


def oid(text):
    first, second, *rest = (int(arc) for arc in text.split('.'))
    octets = b''
    for arc in [first * 40 + second, *rest]:
        part = [arc & 0x7f]
        while arc := arc >> 7:
            part.insert(0, arc & 0x7f | 0x80)
        octets += bytes(part)
    return tlv(0x06, octets)


spki = ec_key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
ecdsa_sha256 = seq(oid('1.2.840.10045.4.3.2'))
ecdsa_sha384 = seq(oid('1.2.840.10045.4.3.3'))


def sign(message):
    return tlv(0x03, b'\0', ec_key.sign(message, ec.ECDSA(hashes.SHA256())))


def common_name(value):
    return seq(tlv(0x31, seq(oid('2.5.4.3'), value)))


subject = common_name(tlv(0x0c, b'by hand'))
extension_request = oid('1.2.840.113549.1.9.14')
san_oid, bc_oid = oid('2.5.29.17'), oid('2.5.29.19')
san_ext = seq(san_oid, tlv(0x04, seq(tlv(0x82, b'a.example.com'))))
ca_ext = seq(bc_oid, tlv(0x01, b'\xff'), tlv(0x04, seq(tlv(0x01, b'\xff'))))


def attribute(*extensions):
    return seq(extension_request, tlv(0x31, seq(*extensions)))


def request_der(version=b'\0', subject=subject, spki=spki, attributes=tlv(0xa0), more=b'', signature=None):
    info = seq(tlv(0x02, version), subject, spki, attributes, more)
    return seq(info, ecdsa_sha256, signature or sign(info))


def by_hand(name, **fields):
    save(f'{name}.csr.pem', 'CERTIFICATE REQUEST', request_der(**fields))


def with_san(*names):
    return tlv(0xa0, attribute(seq(san_oid, tlv(0x04, seq(*names)))))


by_hand('no-attributes-field', attributes=b'')
by_hand('microsoft-and-unsorted-attributes', attributes=tlv(
    0xa0,
    seq(oid('1.3.6.1.4.1.311.13.2.3'), tlv(0x31, tlv(0x16, b'10.0.20348.2'))),
    seq(oid('1.3.6.1.4.1.311.21.20'), tlv(0x31, seq(tlv(0x02, b'\x05'), tlv(0x0c, b'host'), tlv(0x0c, b'user'), tlv(0x0c, b'certreq')))),
    attribute(san_ext),
    seq(oid('1.3.6.1.4.1.311.13.2.2'), tlv(0x31, seq(tlv(0x02, b'\x01'), tlv(0x1e, 'Provider'.encode('utf-16-be')), tlv(0x03, b'\0')))),
))
by_hand('attribute-of-no-string-type', subject=common_name(tlv(0x02, b'\x07')))
by_hand('malformed/version-1', version=b'\x01')
by_hand('malformed/two-extension-requests', attributes=tlv(0xa0, attribute(san_ext), attribute(ca_ext)))
by_hand('malformed/two-values-of-extension-request',
        attributes=tlv(0xa0, seq(extension_request, tlv(0x31, seq(san_ext), seq(ca_ext)))))
by_hand('malformed/no-value-of-extension-request', attributes=tlv(0xa0, seq(extension_request, tlv(0x31))))
by_hand('malformed/extension-twice', attributes=tlv(0xa0, attribute(san_ext, san_ext)))
by_hand('malformed/critical-false', attributes=tlv(0xa0, attribute(
    seq(san_oid, tlv(0x01, b'\0'), tlv(0x04, seq(tlv(0x82, b'a.example.com')))))))
by_hand('malformed/critical-one', attributes=tlv(0xa0, attribute(
    seq(san_oid, tlv(0x01, b'\x01'), tlv(0x04, seq(tlv(0x82, b'a.example.com')))))))
by_hand('malformed/something-after-attributes', more=tlv(0x05))
by_hand('malformed/name-not-utf-8', subject=common_name(tlv(0x0c, b'\xc3\x28')))
by_hand('malformed/name-half-a-bmp-character', subject=common_name(tlv(0x1e, b'\0a\0')))
by_hand('malformed/name-not-printable', subject=common_name(tlv(0x13, b'a\x00b')))
by_hand('malformed/name-empty-rdn', subject=seq(tlv(0x31)))
by_hand('malformed/ec-point-too-short', spki=seq(
    seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), tlv(0x03, b'\0\x04' + bytes(63))))
by_hand('malformed/rsa-without-null', spki=seq(
    seq(oid('1.2.840.113549.1.1.1')), tlv(0x03, b'\0', seq(tlv(0x02, b'\x7f' + bytes(255)), tlv(0x02, b'\x03')))))
by_hand('malformed/rsa-negative-modulus', spki=seq(
    seq(oid('1.2.840.113549.1.1.1'), tlv(0x05)), tlv(0x03, b'\0', seq(tlv(0x02, b'\xff' + b'\x01' * 255), tlv(0x02, b'\x03')))))
by_hand('malformed/ed25519-with-parameters', spki=seq(
    seq(oid('1.3.101.112'), tlv(0x05)), tlv(0x03, b'\0' + bytes(32))))
by_hand('malformed/signature-unused-bits', signature=tlv(0x03, b'\x01' + bytes(70)))

good = request_der()
save('malformed/trailing-octet.csr.pem', 'CERTIFICATE REQUEST', good + b'\0')
save('malformed/indefinite-length.csr.pem', 'CERTIFICATE REQUEST', b'\x30\x80' + good[3:] + b'\0\0')
save('malformed/length-not-minimal.csr.pem', 'CERTIFICATE REQUEST', b'\x30\x82\0' + good[2:])
assert good[:2] == b'\x30\x81'

# Subject alternative names that are not what their tag says, in requests that are otherwise well-formed.
by_hand('malformed-san/none', attributes=with_san())
by_hand('malformed-san/dns-nul', attributes=with_san(tlv(0x82, b'bank.example.com\0.evil.example')))
by_hand('malformed-san/dns-not-ascii', attributes=with_san(tlv(0x82, 'grüße.example'.encode())))
by_hand('malformed-san/ip-five-octets', attributes=with_san(tlv(0x87, bytes(5))))
by_hand('malformed-san/ip-with-mask', attributes=with_san(tlv(0x87, bytes(8))))
by_hand('malformed-san/directory-name-implicit', attributes=with_san(tlv(0xa4, tlv(0x31, seq(oid('2.5.4.3'), tlv(0x0c, b'x'))))))
by_hand('malformed-san/other-name-without-value', attributes=with_san(tlv(0xa0, oid('1.2.3'))))
by_hand('malformed-san/registered-id-cut', attributes=with_san(tlv(0x88, b'\x2a\x80')))
by_hand('malformed-san/constructed-dns', attributes=with_san(tlv(0xa2, tlv(0x16, b'a.example'))))
by_hand('malformed-san/tag-9', attributes=with_san(tlv(0x89, b'a')))

utc_from, utc_to = tlv(0x17, b'260101000000Z'), tlv(0x17, b'360101000000Z')


def certificate_der(version=tlv(0xa0, tlv(0x02, b'\x02')), serial=b'\x07', inner=ecdsa_sha256, validity=utc_from + utc_to,
                    extensions=tlv(0xa3, seq(ca_ext)), outer=ecdsa_sha256):
    tbs = seq(version, tlv(0x02, serial), inner, subject, seq(validity), subject, spki, extensions)
    return seq(tbs, outer, sign(tbs))


def certificate_by_hand(name, **fields):
    save(f'{name}.crt.pem', 'CERTIFICATE', certificate_der(**fields))


certificate_by_hand('by-hand')
certificate_by_hand('malformed/two-signature-algorithms', outer=ecdsa_sha384)
certificate_by_hand('malformed/version-1-explicit', version=tlv(0xa0, tlv(0x02, b'\0')))
certificate_by_hand('malformed/version-1-with-extensions', version=b'')
certificate_by_hand('malformed/version-4', version=tlv(0xa0, tlv(0x02, b'\x03')))
certificate_by_hand('malformed/extensions-empty', extensions=tlv(0xa3, seq()))
certificate_by_hand('malformed/extension-twice', extensions=tlv(0xa3, seq(ca_ext, ca_ext)))
certificate_by_hand('malformed/serial-negative', serial=b'\x80')
certificate_by_hand('malformed/serial-padded', serial=b'\0\x07')
certificate_by_hand('malformed/serial-empty', serial=b'')
certificate_by_hand('malformed/time-without-seconds', validity=tlv(0x17, b'2601010000Z') + utc_to)
certificate_by_hand('malformed/time-with-offset', validity=tlv(0x17, b'260101000000+0100') + utc_to)
certificate_by_hand('malformed/time-with-fraction', validity=utc_from + tlv(0x18, b'20600101000000.5Z'))
certificate_by_hand('malformed/time-30-february', validity=tlv(0x17, b'260230000000Z') + utc_to)
certificate_by_hand('malformed/validity-one-time', validity=utc_from)

# PEM that is no PEM.
text = (here / 'no-attributes-field.csr.pem').read_text()
lines = text.splitlines()


def save_text(name, content):
    (here / 'malformed' / name).write_text(content)


save_text('pem-without-end.csr.pem', '\n'.join(lines[:-1]) + '\n')
save_text('pem-with-other-end.csr.pem', '\n'.join([*lines[:-1], '-----END CERTIFICATE-----']) + '\n')
save_text('pem-empty.csr.pem', '\n'.join([lines[0], lines[-1]]) + '\n')
save_text('pem-not-base64.csr.pem', '\n'.join([lines[0], lines[1][:-1] + '!', *lines[2:]]) + '\n')
save_text('pem-base64url.csr.pem', '\n'.join([lines[0], lines[1][:-2] + '-_', *lines[2:]]) + '\n')
save_text('pem-padding-inside.csr.pem', '\n'.join([lines[0], lines[1][:-2] + '==', *lines[2:]]) + '\n')
