/**
 * Tests that OpenSSL, GnuTLS, pyca and @peculiar/x509 read the expected values from Signet's certificates and CSRs. Signet must
 * also read certificates and CSRs from these tools.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync, sign, webcrypto, type KeyObject } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 requires this package
import 'reflect-metadata'
import * as peculiar from '@peculiar/x509'
import { signatureAlgorithmIdentifier } from '../../src/x509/algorithm-identifier.ts'
import { encodeBasicConstraints } from '../../src/x509/extensions/basic-constraints.ts'
import {
  encodeCertificate,
  encodeTbsCertificate,
  parseCertificate,
} from '../../src/x509/certificate.ts'
import {
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
  parseCertificationRequest,
  type CertificationRequest,
} from '../../src/x509/certification-request.ts'
import { encodeExtendedKeyUsage } from '../../src/x509/extensions/extended-key-usage.ts'
import { encodeGeneralNames } from '../../src/x509/names/general-name.ts'
import {
  encodeAuthorityKeyIdentifier,
  encodeSubjectKeyIdentifier,
} from '../../src/x509/extensions/key-identifiers.ts'
import { encodeKeyUsage } from '../../src/x509/extensions/key-usage.ts'
import { encodeName, type Name } from '../../src/x509/names/name.ts'
import { oids } from '../../src/x509/der/oid.ts'
import { encodePem, parsePem } from '../../src/x509/pem.ts'
import { keyIdentifier, parseSubjectPublicKeyInfo } from '../../src/x509/subject-public-key-info.ts'
import { verifySignature } from '../../src/x509/verify-signature.ts'
import { tool } from '../support/foreign-tools.ts'

const run = promisify(execFile)
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-judges-'))
})
after(() => rm(folder, { recursive: true }))

const pairs: Record<string, { privateKey: KeyObject; publicKey: KeyObject; hash: string }> = {
  SHA256WITHRSA: { ...generateKeyPairSync('rsa', { modulusLength: 2048 }), hash: 'sha256' },
  SHA512WITHRSA: { ...generateKeyPairSync('rsa', { modulusLength: 3072 }), hash: 'sha512' },
  SHA256WITHECDSA: { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }), hash: 'sha256' },
  SHA384WITHECDSA: { ...generateKeyPairSync('ec', { namedCurve: 'P-384' }), hash: 'sha384' },
  SHA512WITHECDSA: { ...generateKeyPairSync('ec', { namedCurve: 'P-521' }), hash: 'sha512' },
}

const subject = encodeName([
  { type: oids.countryName, value: 'DE' },
  { type: oids.organizationName, value: 'Übung & Söhne' },
  { type: oids.serialNumber, value: '42' },
  { type: oids.commonName, value: 'judge.example.com' },
])
const serialNumber = Buffer.from('f00102030405060708090a0b0c0d0e0f', 'hex')
const decimalSerial = BigInt('0xf00102030405060708090a0b0c0d0e0f').toString()

const alternativeNames = encodeGeneralNames([
  { kind: 'dNSName', content: Buffer.from('judge.example.com') },
  { kind: 'iPAddress', content: Buffer.from('c0000201', 'hex') },
  { kind: 'rfc822Name', content: Buffer.from('a@example.com') },
  { kind: 'uniformResourceIdentifier', content: Buffer.from('spiffe://example.com/a') },
  { kind: 'directoryName', content: encodeName([{ type: oids.commonName, value: 'ä' }]) },
])

interface Sample {
  readonly certificatePem: string
  readonly requestPem: string
  readonly certificatePath: string
  readonly requestPath: string
  readonly keyIdentifierHex: string
}

async function sampleOf(algorithm: string): Promise<Sample> {
  const pair = pairs[algorithm]
  assert.ok(pair)
  const signatureAlgorithm = signatureAlgorithmIdentifier(algorithm)
  const subjectPublicKeyInfo = pair.publicKey.export({ format: 'der', type: 'spki' })
  const identifier = keyIdentifier(parseSubjectPublicKeyInfo(subjectPublicKeyInfo))
  const tbs = encodeTbsCertificate({
    serialNumber,
    signatureAlgorithm,
    issuer: subject,
    notBefore: new Date('2026-01-02T03:04:05Z'),
    notAfter: new Date('2050-06-07T08:09:10Z'),
    subject,
    subjectPublicKeyInfo,
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: 2 }),
      },
      {
        oid: oids.authorityKeyIdentifier,
        critical: false,
        value: encodeAuthorityKeyIdentifier(identifier),
      },
      {
        oid: oids.subjectKeyIdentifier,
        critical: false,
        value: encodeSubjectKeyIdentifier(identifier),
      },
      {
        oid: oids.keyUsage,
        critical: true,
        value: encodeKeyUsage(['digitalSignature', 'keyCertSign', 'cRLSign']),
      },
      {
        oid: oids.extendedKeyUsage,
        critical: true,
        value: encodeExtendedKeyUsage([oids.serverAuth, oids.ocspSigning]),
      },
      { oid: oids.subjectAltName, critical: false, value: alternativeNames },
    ],
  })
  const certificate = encodeCertificate(
    tbs,
    signatureAlgorithm,
    sign(pair.hash, tbs, pair.privateKey),
  )
  const info = encodeCertificationRequestInfo({
    subject,
    subjectPublicKeyInfo,
    extensions: [
      {
        oid: oids.basicConstraints,
        critical: true,
        value: encodeBasicConstraints({ ca: true, pathLenConstraint: undefined }),
      },
    ],
  })
  const request = encodeCertificationRequest(
    info,
    signatureAlgorithm,
    sign(pair.hash, info, pair.privateKey),
  )
  const sample = {
    certificatePem: encodePem('CERTIFICATE', certificate),
    requestPem: encodePem('CERTIFICATE REQUEST', request),
    certificatePath: join(folder, `${algorithm}.pem`),
    requestPath: join(folder, `${algorithm}.csr`),
    keyIdentifierHex: Buffer.from(identifier).toString('hex'),
  }
  await writeFile(sample.certificatePath, sample.certificatePem)
  await writeFile(sample.requestPath, sample.requestPem)
  return sample
}

for (const algorithm of Object.keys(pairs)) {
  test(`OpenSSL reads a certificate and a CSR with ${algorithm}`, async (t) => {
    const openssl = await tool(t, 'openssl')
    if (openssl === undefined) return
    const { certificatePath, requestPath, keyIdentifierHex } = await sampleOf(algorithm)
    const { stdout } = await run(openssl, [
      'x509',
      '-in',
      certificatePath,
      '-noout',
      '-text',
      '-nameopt',
      'RFC2253,utf8,-esc_msb',
    ])
    assert.match(stdout, /Subject: CN=judge\.example\.com,serialNumber=42,O=Übung & Söhne,C=DE/)
    assert.match(stdout, /f0:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f/)
    assert.match(
      stdout,
      /Not Before: Jan {2}2 03:04:05 2026 GMT\n\s+Not After : Jun {2}7 08:09:10 2050 GMT/,
    )
    assert.match(stdout, /Basic Constraints: critical\n\s+CA:TRUE, pathlen:2/)
    assert.match(stdout, /Key Usage: critical\n\s+Digital Signature, Certificate Sign, CRL Sign/)
    assert.match(
      stdout,
      /Extended Key Usage: critical\n\s+TLS Web Server Authentication, OCSP Signing/,
    )
    assert.match(
      stdout,
      /DNS:judge\.example\.com, IP Address:192\.0\.2\.1, email:a@example\.com, URI:spiffe:\/\/example\.com\/a, DirName:/,
    )
    assert.ok(stdout.replaceAll(':', '').toLowerCase().includes(keyIdentifierHex))
    await run(openssl, [
      'verify',
      '-x509_strict',
      '-check_ss_sig',
      '-CAfile',
      certificatePath,
      certificatePath,
    ])
    const verified = await run(openssl, ['req', '-in', requestPath, '-noout', '-verify', '-text'])
    assert.match(verified.stdout + verified.stderr, /verify OK/)
    assert.match(
      verified.stdout,
      /Requested Extensions:\n\s+X509v3 Basic Constraints: critical\n\s+CA:TRUE/,
    )
  })

  test(`GnuTLS reads a certificate and a CSR with ${algorithm}`, async (t) => {
    const certtool = await tool(t, 'certtool')
    if (certtool === undefined) return
    const { certificatePath, requestPath, keyIdentifierHex } = await sampleOf(algorithm)
    const { stdout } = await run(certtool, ['-i', '--infile', certificatePath])
    assert.match(stdout, /Serial Number \(hex\): 0?0?f00102030405060708090a0b0c0d0e0f/)
    assert.match(stdout, /Subject: CN=judge\.example\.com,serialNumber=42,O=Übung & Söhne,C=DE/)
    assert.match(stdout, /Not After: Tue Jun 07 08:09:10 UTC 2050/)
    assert.match(stdout, /Certificate Authority \(CA\): TRUE\n\s+Path Length Constraint: 2/)
    assert.match(
      stdout,
      /DNSname: judge\.example\.com\n\s+IPAddress: 192\.0\.2\.1\n\s+RFC822Name: a@example\.com\n\s+URI: spiffe:\/\/example\.com\/a\n\s+directoryName: CN=ä/,
    )
    assert.ok(stdout.includes(keyIdentifierHex))
    const request = await run(certtool, ['--crq-info', '--infile', requestPath])
    assert.match(request.stdout, /Self signature: verified/)
  })

  test(`pyca reads a certificate and a CSR with ${algorithm}`, async (t) => {
    const python = '/usr/bin/python3'
    if ((await tool(t, python, { probe: ['-c', 'import cryptography'] })) === undefined) return
    const { certificatePath, requestPath, keyIdentifierHex } = await sampleOf(algorithm)
    const program = `
import json, sys
from cryptography import x509
c = x509.load_pem_x509_certificate(open(sys.argv[1], 'rb').read())
r = x509.load_pem_x509_csr(open(sys.argv[2], 'rb').read())
print(json.dumps({
  'subject': c.subject.rfc4514_string(), 'serial': str(c.serial_number), 'csr': r.is_signature_valid,
  'until': c.not_valid_after.isoformat(), 'extensions': [[e.oid.dotted_string, e.critical] for e in c.extensions],
  'ski': c.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex(),
  'aki': c.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier.hex(),
  'names': [str(n.value) for n in c.extensions.get_extension_for_class(x509.SubjectAlternativeName).value],
  'path': c.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length,
}))`
    const { stdout } = await run(python, [
      '-W',
      'ignore',
      '-c',
      program,
      certificatePath,
      requestPath,
    ])
    assert.deepEqual(JSON.parse(stdout), {
      subject: 'CN=judge.example.com,2.5.4.5=42,O=Übung & Söhne,C=DE',
      serial: decimalSerial,
      csr: true,
      until: '2050-06-07T08:09:10',
      extensions: [
        [oids.basicConstraints, true],
        [oids.authorityKeyIdentifier, false],
        [oids.subjectKeyIdentifier, false],
        [oids.keyUsage, true],
        [oids.extendedKeyUsage, true],
        [oids.subjectAltName, false],
      ],
      names: [
        'judge.example.com',
        '192.0.2.1',
        'a@example.com',
        'spiffe://example.com/a',
        '<Name(CN=ä)>',
      ],
      ski: keyIdentifierHex,
      aki: keyIdentifierHex,
      path: 2,
    })
  })

  test(`@peculiar/x509 reads a certificate and a CSR with ${algorithm}`, async () => {
    const { certificatePem, requestPem, keyIdentifierHex } = await sampleOf(algorithm)
    peculiar.cryptoProvider.set(webcrypto)
    const certificate = new peculiar.X509Certificate(certificatePem)
    assert.equal(certificate.subject, 'C=DE, O=Übung & Söhne, 2.5.4.5=42, CN=judge.example.com')
    assert.match(certificate.serialNumber, /^(00)?f00102030405060708090a0b0c0d0e0f$/)
    assert.equal(certificate.notAfter.toISOString(), '2050-06-07T08:09:10.000Z')
    assert.equal(
      certificate.getExtension(peculiar.SubjectKeyIdentifierExtension)?.keyId,
      keyIdentifierHex,
    )
    assert.equal(certificate.getExtension(peculiar.BasicConstraintsExtension)?.pathLength, 2)
    assert.deepEqual(
      certificate
        .getExtension(peculiar.SubjectAlternativeNameExtension)
        ?.names.items.map(({ type, value }) => [type, value]),
      [
        ['dns', 'judge.example.com'],
        ['ip', '192.0.2.1'],
        ['email', 'a@example.com'],
        ['url', 'spiffe://example.com/a'],
        ['dn', 'CN=ä'],
      ],
    )
    assert.equal(await certificate.verify({ signatureOnly: true }), true)
    assert.equal(await new peculiar.Pkcs10CertificateRequest(requestPem).verify(), true)
  })
}

const samples = new URL('../../testdata/x509/', import.meta.url)
/** A sample that neither OpenSSL nor pyca can read, because an attribute value in its name is a number. */
const unreadableSample = 'attribute-of-no-string-type.csr.pem'

async function sampleNames(ending: string): Promise<string[]> {
  const names = await readdir(samples)
  return names.filter((name) => name.endsWith(ending) && name !== unreadableSample)
}

async function derOf(name: string): Promise<Uint8Array> {
  const [block] = parsePem(await readFile(new URL(name, samples), 'utf8'))
  assert.ok(block)
  return block.der
}

test('Signet accepts the CSR signatures that OpenSSL accepts, except for two RSA-PSS variants', async (t) => {
  const openssl = await tool(t, 'openssl')
  if (openssl === undefined) return
  const rejected: string[] = []
  for (const name of await sampleNames('.csr.pem')) {
    const path = new URL(name, samples).pathname
    const { stdout, stderr } = await run(openssl, ['req', '-in', path, '-noout', '-verify'])
    assert.match(stdout + stderr, /verify OK/, name)
    const request = parseCertificationRequest(await derOf(name))
    const message = request.certificationRequestInfoDer
    if ((await verifySignature({ ...request, message })) !== 'valid') rejected.push(name)
  }
  assert.deepEqual(rejected, [
    'gnutls-rsa-pss-key.csr.pem',
    'openssl-rsa-pss-other-mask-hash.csr.pem',
  ])
})

/** Prints names as lists of RDNs, and extensions in pyca's DER encoding. */
const pycaProgram = `
import json, sys
from cryptography import x509
def extensions(e):
  return [[x.oid.dotted_string, x.critical, x.value.public_bytes().hex()] for x in e]
def name(n):
  return [sorted([a.oid.dotted_string, a.value] for a in rdn) for rdn in n.rdns]
def read(path):
  try:
    return parsed(path)
  except ValueError as error:
    return str(error)
def parsed(path):
  data = open(path, 'rb').read()
  if path.endswith('.csr.pem'):
    r = x509.load_pem_x509_csr(data)
    return {'subject': name(r.subject), 'extensions': extensions(r.extensions)}
  c = x509.load_pem_x509_certificate(data)
  return {'subject': name(c.subject), 'issuer': name(c.issuer), 'serial': str(c.serial_number),
    'from': c.not_valid_before.isoformat(), 'to': c.not_valid_after.isoformat(), 'extensions': extensions(c.extensions)}
print(json.dumps([read(path) for path in sys.argv[1:]]))`

const isoSeconds = (date: Date): string => date.toISOString().slice(0, 19)
const readAsPyca = (parsed: Pick<CertificationRequest, 'subject' | 'extensions'>) => ({
  subject: nameAsPyca(parsed.subject),
  extensions: parsed.extensions.map(({ oid, critical, value }) => [
    oid,
    critical,
    Buffer.from(value).toString('hex'),
  ]),
})

function nameAsPyca({ rdns }: Name): string[][][] {
  return rdns.map((rdn) =>
    rdn
      .map(({ type, value }) => [type, value])
      .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)),
  )
}

/** Samples that pyca rejects. pyca requires attributes to be present and sorted, and supports fewer string types. */
const pycaRefuses: Readonly<Record<string, RegExp>> = {
  'microsoft-and-unsorted-attributes.csr.pem': /InvalidSetOrdering/,
  'no-attributes-field.csr.pem': /ShortData/,
  'openssl-old-string-types-and-challenge.csr.pem': /InvalidValue/,
}

test('Signet and pyca read the same values in every sample', async (t) => {
  const python = '/usr/bin/python3'
  if ((await tool(t, python, { probe: ['-c', 'import cryptography'] })) === undefined) return
  const names = [...(await sampleNames('.crt.pem')), ...(await sampleNames('.csr.pem'))]
  const paths = names.map((name) => new URL(name, samples).pathname)
  const { stdout } = await run(python, ['-W', 'ignore', '-c', pycaProgram, ...paths])
  const theirs = JSON.parse(stdout) as unknown[]
  assert.equal(theirs.length, names.length)
  for (const [index, name] of names.entries()) {
    const refusal = theirs[index]
    if (typeof refusal === 'string') {
      assert.match(refusal, pycaRefuses[name] ?? /^nothing$/, `${name}: ${refusal}`)
      continue
    }
    const der = await derOf(name)
    if (name.endsWith('.csr.pem')) {
      assert.deepEqual(readAsPyca(parseCertificationRequest(der)), theirs[index], name)
      continue
    }
    const certificate = parseCertificate(der)
    const ours = {
      ...readAsPyca(certificate),
      issuer: nameAsPyca(certificate.issuer),
      serial: BigInt(`0x${Buffer.from(certificate.serialNumber).toString('hex')}`).toString(),
      from: isoSeconds(certificate.notBefore),
      to: isoSeconds(certificate.notAfter),
    }
    assert.deepEqual(ours, theirs[index], name)
  }
})
