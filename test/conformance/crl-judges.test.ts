/**
 * Tests of the CRLs at certificates' distribution points, fetched with curl. With these CRLs, OpenSSL, GnuTLS, NSS and pyca
 * reject the revoked certificate and accept the good certificate. No tool in Debian stable verifies ML-DSA. The tools only parse
 * an ML-DSA CRL, and node:crypto verifies the signature over the TBSCertList that pyca extracts.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { verify, X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import {
  createRoot,
  createSubordinate,
  defaultSigningAlgorithm,
  issue,
} from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const run = promisify(execFile)
let service: TestService
let folder: string
before(async () => {
  service = await TestService.start()
  await service.createBucket(crlBucket)
  folder = await mkdtemp(join(tmpdir(), 'signet-crls-'))
  const entries = cases.map(async (one) => [one, await prepare(one)] as const)
  prepared = new Map(await Promise.all(entries))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

interface Case {
  readonly keyAlgorithm: string
  readonly crlType: 'COMPLETE' | 'PARTITIONED'
}

/** Paths of a test case's files: root.pem, good.pem, revoked.pem, crl.der, crl.pem. */
interface Files {
  readonly at: (name: string) => string
  readonly crlUrl: string
  readonly revokedSerial: string
  /** Times in milliseconds: before the CA was created, before the revocation, and after the CRL was fetched. */
  readonly startedAt: number
  readonly revokedAfter: number
  readonly createdBefore: number
}

/** Returns the only URL in a certificate's CRL distribution points, as printed by OpenSSL. */
async function crlUrlOf(certificatePath: string): Promise<string> {
  const { stdout } = await run('openssl', [
    'x509',
    '-noout',
    '-in',
    certificatePath,
    '-ext',
    'crlDistributionPoints',
  ])
  const urls = [...stdout.matchAll(/URI:(\S+)/g)].map(([, url]) => url ?? '')
  assert.equal(urls.length, 1, stdout)
  return urls[0] ?? ''
}

/** Fetches a CRL with curl until the CRL lists `serial` (upper-case hexadecimal). */
async function fetchCrl(url: string, path: string, serial: string): Promise<void> {
  await eventually(async () => {
    const fetched = await outcome('curl', ['-sf', '-w', '%{content_type}', '-o', path, url])
    if (!fetched.ok) return undefined
    assert.equal(fetched.text, 'application/pkix-crl')
    const { stdout } = await run('openssl', [
      'crl',
      '-inform',
      'DER',
      '-in',
      path,
      '-noout',
      '-text',
    ])
    return stdout.includes(`Serial Number: ${serial}`) ? true : undefined
  }, `a CRL with ${serial} at ${url}`)
}

async function prepare({ keyAlgorithm, crlType }: Case): Promise<Files> {
  const startedAt = service.clock.now().getTime()
  const name = `${keyAlgorithm}-${crlType}`
  await mkdir(join(folder, name))
  const at = (file: string): string => join(folder, name, file)
  const root = await createRoot(service, {
    keyAlgorithm,
    more: revocationOptions(crlConfiguration({ CrlType: crlType })),
  })
  const options = { signingAlgorithm: defaultSigningAlgorithm(keyAlgorithm) }
  const request = { arn: root.arn, csr: csr('ec-server') }
  const good = await issue(service, request, options)
  const revoked = await issue(service, request, options)
  await writeFile(at('root.pem'), `${root.certificate}\n`)
  await writeFile(at('good.pem'), `${good.certificate}\n`)
  await writeFile(at('revoked.pem'), `${revoked.certificate}\n`)
  const crlUrl = await crlUrlOf(at('revoked.pem'))
  assert.equal(await crlUrlOf(at('good.pem')), crlUrl)
  const revokedAfter = service.clock.now().getTime()
  await revoke(service, revoked.arn, 'KEY_COMPROMISE')
  const revokedSerial = new X509Certificate(revoked.certificate).serialNumber
  await fetchCrl(crlUrl, at('crl.der'), revokedSerial)
  const convert = ['crl', '-inform', 'DER', '-in', at('crl.der'), '-out', at('crl.pem')]
  await run('openssl', convert)
  const times = { startedAt, revokedAfter, createdBefore: service.clock.now().getTime() }
  return { at, crlUrl, revokedSerial, ...times }
}

const cases: readonly Case[] = (['COMPLETE', 'PARTITIONED'] as const).flatMap((crlType) =>
  ['RSA_2048', 'RSA_4096', 'EC_prime256v1', 'EC_secp384r1', 'ML_DSA_65']
    .filter((keyAlgorithm) => keyAlgorithm !== 'RSA_4096' || crlType === 'COMPLETE')
    .map((keyAlgorithm) => ({ keyAlgorithm, crlType })),
)
let prepared: ReadonlyMap<Case, Files>
const filesOf = (one: Case): Files => prepared.get(one) ?? assert.fail('not prepared')

for (const one of cases)
  describe(`${one.crlType} CRL of an ${one.keyAlgorithm} CA`, { concurrency: true }, () => {
    test('pyca reads the expected CRL, and node:crypto verifies its signature', (t) =>
      verifyWithPyca(t, one))
    if (one.keyAlgorithm === 'ML_DSA_65')
      test('OpenSSL and GnuTLS read the CRL, and OpenSSL applies it if it supports ML-DSA', (t) =>
        readWithoutVerifying(t, one))
    else {
      test('OpenSSL rejects the revoked leaf and accepts the good one', (t) =>
        verifyWithOpenssl(t, one))
      test('GnuTLS rejects the revoked leaf and accepts the good one', (t) =>
        verifyWithGnutls(t, one))
      if (one.crlType === 'COMPLETE')
        test('NSS rejects the revoked leaf and accepts the good one', (t) => verifyWithNss(t, one))
      else
        test('NSS rejects the CRL because of its critical issuingDistributionPoint', (t) =>
          rejectWithNss(t, one))
    }
  })

async function verifyWithOpenssl(t: TestContext, one: Case): Promise<void> {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const { at, revokedSerial } = filesOf(one)
  const { stdout } = await run(openssl, ['crl', '-in', at('crl.pem'), '-noout', '-text'])
  assert.match(stdout, /Version 2 \(0x1\)/)
  assert.match(stdout, new RegExp(`Serial Number: ${revokedSerial}\\n`))
  assert.match(stdout, /X509v3 CRL Reason Code: *\n +Key Compromise/)
  const verified = await outcome(openssl, [
    'crl',
    '-in',
    at('crl.pem'),
    '-noout',
    '-CAfile',
    at('root.pem'),
  ])
  assert.match(verified.text, /verify OK/)
  // A partition's CRL applies only to certificates that contain its URL, and a root has no CRL URL.
  const check = one.crlType === 'COMPLETE' ? '-crl_check_all' : '-crl_check'
  for (const more of [[check], [check, '-extended_crl']]) {
    const files = ['-CAfile', at('root.pem'), '-CRLfile', at('crl.pem')]
    const verifyLeaf = (leaf: string) =>
      outcome(openssl, ['verify', '-x509_strict', ...more, ...files, at(leaf)])
    const good = await verifyLeaf('good.pem')
    assert.match(good.text, /good\.pem: OK/)
    const revoked = await verifyLeaf('revoked.pem')
    assert.ok(good.ok && !revoked.ok)
    assert.match(revoked.text, /certificate revoked/)
  }
}

async function verifyWithGnutls(t: TestContext, one: Case): Promise<void> {
  const certtool = await tool(t, 'certtool')
  if (certtool === undefined) return
  const { at, revokedSerial } = filesOf(one)
  const info = await run(certtool, ['--crl-info', '--inder', '--infile', at('crl.der')])
  assert.match(info.stdout, /Version: 2/)
  assert.match(info.stdout, /Revoked certificates \(1\):/)
  assert.match(info.stdout, new RegExp(`Serial Number \\(hex\\): (00)?${revokedSerial}\\n`, 'i'))
  const root = ['--load-ca-certificate', at('root.pem')]
  const verified = await outcome(certtool, ['--verify-crl', ...root, '--infile', at('crl.pem')])
  assert.match(verified.text, /Verification output: Verified\. The certificate is trusted\./)
  const verifyLeaf = (leaf: string) =>
    outcome(certtool, ['--verify', ...root, '--load-crl', at('crl.pem'), '--infile', at(leaf)])
  const good = await verifyLeaf('good.pem')
  assert.ok(good.ok, good.text)
  assert.match(good.text, /Checked against CRL\[/)
  const revoked = await verifyLeaf('revoked.pem')
  assert.ok(!revoked.ok)
  assert.match(revoked.text, /The certificate chain is revoked\./)
}

/** Creates an NSS database that trusts the root. */
async function nssDatabase(certutil: string, path: string, root: string): Promise<string> {
  await mkdir(path)
  const database = `sql:${path}`
  await run(certutil, ['-N', '-d', database, '--empty-password'])
  await run(certutil, ['-A', '-d', database, '-n', 'root', '-t', 'C,,', '-a', '-i', root])
  return database
}

async function verifyWithNss(t: TestContext, one: Case): Promise<void> {
  const certutil = await tool(t, 'certutil')
  const crlutil = await tool(t, 'crlutil')
  const vfychain = await tool(t, 'vfychain')
  if (certutil === undefined || crlutil === undefined || vfychain === undefined) return
  const { at } = filesOf(one)
  const database = await nssDatabase(certutil, at('nss'), at('root.pem'))
  const verifyLeaf = async (name: string) =>
    outcome(certutil, ['-V', '-d', database, '-n', name, '-u', 'V'])
  for (const name of ['good', 'revoked']) {
    const file = at(`${name}.pem`)
    await run(certutil, ['-A', '-d', database, '-n', name, '-t', ',,', '-a', '-i', file])
    assert.match((await verifyLeaf(name)).text, /certificate is valid/)
  }
  await run(crlutil, ['-I', '-d', database, '-i', at('crl.der')])
  assert.match((await verifyLeaf('good')).text, /certificate is valid/)
  assert.match((await verifyLeaf('revoked')).text, /certificate is invalid: .* has been revoked/)
  // If NSS's database contains no CRL, NSS fetches the CRL from the URL in the certificate.
  const fetching = await nssDatabase(certutil, at('nss-fetching'), at('root.pem'))
  const policy = ['-g', 'leaf', '-h', 'requireFreshInfo', '-m', 'crl', '-s', 'failIfNoInfo']
  const fetch = async (name: string) =>
    outcome(vfychain, ['-d', fetching, '-pp', '-u', '1', ...policy, '-a', at(`${name}.pem`)])
  assert.match((await fetch('good')).text, /Chain is good/)
  assert.match((await fetch('revoked')).text, /ERROR -8180/)
}

/** NSS must reject the CRL, because NSS does not support the critical extension issuingDistributionPoint (RFC 5280 §5.2.5). */
async function rejectWithNss(t: TestContext, one: Case): Promise<void> {
  const certutil = await tool(t, 'certutil')
  const crlutil = await tool(t, 'crlutil')
  if (certutil === undefined || crlutil === undefined) return
  const { at } = filesOf(one)
  const database = await nssDatabase(certutil, at('nss'), at('root.pem'))
  const imported = await outcome(crlutil, ['-I', '-d', database, '-i', at('crl.der')])
  assert.match(imported.text, /SEC_ERROR_CRL_UNKNOWN_CRITICAL_EXTENSION/)
}

const pycaProgram = `
import json, sys, warnings
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
warnings.simplefilter('ignore')

def when(holder, name):
    return (getattr(holder, name + '_utc', None) or getattr(holder, name)).strftime('%Y-%m-%dT%H:%M:%SZ')

def reason(entry):
    for e in entry.extensions:
        assert e.oid.dotted_string == '2.5.29.21', e
        return [e.value.reason.name, e.critical]
    return None

def extension(e):
    if isinstance(e.value, x509.CRLNumber):
        return str(e.value.crl_number)
    if isinstance(e.value, x509.AuthorityKeyIdentifier):
        assert e.value.authority_cert_issuer is None and e.value.authority_cert_serial_number is None
        return e.value.key_identifier.hex()
    if isinstance(e.value, x509.IssuingDistributionPoint):
        v = e.value
        assert v.relative_name is None and v.only_some_reasons is None and not v.indirect_crl
        assert not (v.only_contains_user_certs or v.only_contains_ca_certs or v.only_contains_attribute_certs)
        return [name.value for name in v.full_name]
    raise AssertionError(e)

with open(sys.argv[1], 'rb') as file:
    crl = x509.load_der_x509_crl(file.read())
with open(sys.argv[2], 'rb') as file:
    issuer = x509.load_pem_x509_certificate(file.read())
try:
    valid = crl.is_signature_valid(issuer.public_key())
except (UnsupportedAlgorithm, TypeError, ValueError):  # the exception for ML-DSA depends on the version
    valid = None
assert issuer.subject == crl.issuer and issuer.subject.public_bytes() == crl.issuer.public_bytes()
print(json.dumps(dict(
    valid=valid, algorithm=crl.signature_algorithm_oid.dotted_string,
    tbs=crl.tbs_certlist_bytes.hex(), signature=crl.signature.hex(),
    thisUpdate=when(crl, 'last_update'), nextUpdate=when(crl, 'next_update'),
    subjectKeyIdentifier=issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex(),
    extensions={e.oid.dotted_string: [e.critical, extension(e)] for e in crl.extensions},
    entries={format(entry.serial_number, 'X'): [when(entry, 'revocation_date'), reason(entry)] for entry in crl})))
`

interface PycaCrl {
  /** Whether the signature is valid; null if pyca does not support the algorithm. */
  readonly valid: boolean | null
  readonly algorithm: string
  readonly tbs: string
  readonly signature: string
  readonly thisUpdate: string
  readonly nextUpdate: string
  readonly subjectKeyIdentifier: string
  /** Criticality and value of each extension, by OID. */
  readonly extensions: Readonly<Record<string, readonly [boolean, unknown]>>
  /** Revocation time, reason, and criticality of the reason, keyed by serial number in upper-case hexadecimal. */
  readonly entries: Readonly<Record<string, readonly [string, readonly [string, boolean] | null]>>
}

async function readWithPyca(
  t: TestContext,
  crlPath: string,
  issuerPath: string,
): Promise<PycaCrl | undefined> {
  const python = await tool(t, '/usr/bin/python3', { probe: ['-c', 'import cryptography'] })
  if (python === undefined) return undefined
  const { stdout } = await run(python, ['-c', pycaProgram, crlPath, issuerPath])
  return JSON.parse(stdout) as PycaCrl
}

const signatureOids: Readonly<Record<string, string>> = {
  RSA_2048: '1.2.840.113549.1.1.11',
  RSA_4096: '1.2.840.113549.1.1.13',
  EC_prime256v1: '1.2.840.10045.4.3.2',
  EC_secp384r1: '1.2.840.10045.4.3.3',
  ML_DSA_65: '2.16.840.1.101.3.4.3.18',
}

async function verifyWithPyca(t: TestContext, one: Case): Promise<void> {
  const { at, crlUrl, revokedSerial, startedAt, revokedAfter, createdBefore } = filesOf(one)
  const crl = await readWithPyca(t, at('crl.der'), at('root.pem'))
  if (crl === undefined) return
  assert.equal(crl.algorithm, signatureOids[one.keyAlgorithm])
  const { '2.5.29.20': number, ...extensions } = crl.extensions
  assert.deepEqual(extensions, {
    '2.5.29.35': [false, crl.subjectKeyIdentifier],
    ...(one.crlType === 'PARTITIONED' && { '2.5.29.28': [true, [crlUrl]] }),
  })
  assert.equal(number?.[0], false)
  assert.match(String(number[1]), /^\d{13}$/)
  const createdAt = Date.parse(crl.thisUpdate) + 3_600_000
  // thisUpdate is the time at which the creation of the CRL begins. Under load, the CRL's entries may be read later.
  assert.ok(createdAt > startedAt - 1000 && createdAt <= createdBefore, crl.thisUpdate)
  assert.equal(createdAt, Math.floor(Number(number[1]) / 1000) * 1000)
  assert.equal(Date.parse(crl.nextUpdate), createdAt + 7 * 86_400_000)
  assert.deepEqual(Object.keys(crl.entries), [revokedSerial.replace(/^0+/, '')])
  const [date, reason] = Object.values(crl.entries)[0] ?? []
  assert.deepEqual(reason, ['key_compromise', false])
  const revokedAt = Date.parse(String(date))
  assert.ok(revokedAt > revokedAfter - 1000 && revokedAt <= createdBefore, date)
  if (one.keyAlgorithm !== 'ML_DSA_65') assert.equal(crl.valid, true)
  else assert.notEqual(crl.valid, false)
  const { publicKey } = new X509Certificate(await readFile(at('root.pem')))
  const hash = { RSA_4096: 'sha512', EC_secp384r1: 'sha384', ML_DSA_65: null }[one.keyAlgorithm]
  const [tbs, signature] = [crl.tbs, crl.signature].map((hex) => Buffer.from(hex, 'hex'))
  assert.ok(tbs && signature)
  assert.ok(verify(hash === undefined ? 'sha256' : hash, tbs, publicKey, signature))
  tbs.writeUInt8(tbs.readUInt8(40) ^ 1, 40)
  assert.ok(!verify(hash === undefined ? 'sha256' : hash, tbs, publicKey, signature))
}

/** Reads an ML-DSA CA's CRL. The CRL's signature is verified only if OpenSSL supports ML-DSA. */
async function readWithoutVerifying(t: TestContext, one: Case): Promise<void> {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  const certtool = await tool(t, 'certtool')
  if (openssl === undefined || certtool === undefined) return
  const { at, revokedSerial } = filesOf(one)
  const text = await run(openssl, ['crl', '-in', at('crl.pem'), '-noout', '-text'])
  assert.match(text.stdout, new RegExp(`Serial Number: ${revokedSerial}\\n`))
  assert.match(text.stdout, /Signature Algorithm: (2\.16\.840\.1\.101\.3\.4\.3\.18|ML-DSA-65)/)
  const info = await run(certtool, ['--crl-info', '--inder', '--infile', at('crl.der')])
  assert.match(info.stdout, new RegExp(`Serial Number \\(hex\\): (00)?${revokedSerial}\\n`, 'i'))
  const { stdout } = await run(openssl, ['list', '-public-key-algorithms'])
  if (stdout.includes('ML-DSA-65')) await verifyWithOpenssl(t, one)
}

/** Names of the reasons in the API, in pyca and in OpenSSL. RFC 5280 §5.3.1 omits the reason code for `unspecified`. */
const reasons: readonly (readonly [string, string | null, RegExp | null])[] = [
  ['UNSPECIFIED', null, null],
  ['KEY_COMPROMISE', 'key_compromise', /Key Compromise/],
  ['CERTIFICATE_AUTHORITY_COMPROMISE', 'ca_compromise', /CA Compromise/],
  ['AFFILIATION_CHANGED', 'affiliation_changed', /Affiliation Changed/],
  ['SUPERSEDED', 'superseded', /Superseded/],
  ['CESSATION_OF_OPERATION', 'cessation_of_operation', /Cessation Of Operation/],
  ['PRIVILEGE_WITHDRAWN', 'privilege_withdrawn', /Privilege Withdrawn/],
  ['A_A_COMPROMISE', 'aa_compromise', /AA Compromise/],
]

test('pyca and OpenSSL read the reason of every revocation', async (t) => {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const root = await createRoot(service, { more: revocationOptions() })
  const expected = new Map<string, (typeof reasons)[number]>()
  for (const row of reasons) {
    const leaf = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const { serialNumber } = new X509Certificate(leaf.certificate)
    expected.set(serialNumber, row)
    await revoke(service, leaf.arn, row[0])
  }
  const [rootPath, crlPath] = [join(folder, 'reasons.pem'), join(folder, 'reasons.crl')]
  await writeFile(rootPath, root.certificate)
  const last = [...expected.keys()].at(-1) ?? ''
  await fetchCrl(`${service.publicUrl}/${crlBucket}/crl/${lastOf(root.arn)}.crl`, crlPath, last)
  const crl = await readWithPyca(t, crlPath, rootPath)
  if (crl === undefined) return
  const read = await run(openssl, ['crl', '-inform', 'DER', '-in', crlPath, '-noout', '-text'])
  const parts = read.stdout.split('Serial Number: ').slice(1)
  assert.equal(parts.length, expected.size)
  for (const [serial, [, byPyca, byOpenssl]] of expected) {
    const entry: PycaCrl['entries'][string] | undefined = crl.entries[serial.replace(/^0+/, '')]
    assert.deepEqual(entry?.[1], byPyca === null ? null : [byPyca, false])
    const part = parts.find((one) => one.startsWith(serial))
    assert.ok(part !== undefined, serial)
    if (byOpenssl === null) assert.doesNotMatch(part, /Reason Code/)
    else assert.match(part, byOpenssl)
  }
})

describe('a root and a subordinate CA that both publish CRLs', () => {
  const at = (file: string): string => join(folder, 'chain', file)
  let rootArn: string
  before(async () => {
    rootArn = await prepareChain(at)
  })

  /** Fetches the CRLs of both CAs until they list the serial numbers, and writes them to a single PEM file. */
  async function collectCrls(revokedSerials: Readonly<Record<string, string>>): Promise<void> {
    const pems: string[] = []
    for (const named of ['good', 'subordinate']) {
      const url = await crlUrlOf(at(`${named}.pem`))
      await fetchCrl(url, at(`${named}.crl`), revokedSerials[named] ?? '')
      const { stdout } = await run('openssl', ['crl', '-inform', 'DER', '-in', at(`${named}.crl`)])
      pems.push(stdout)
    }
    await writeFile(at('crls.pem'), pems.join(''))
  }
  const verifyChainWithOpenssl = (leaf: string) => {
    const files = ['-CAfile', at('root.pem'), '-CRLfile', at('crls.pem')]
    const path = ['-untrusted', at('subordinate.pem'), at(leaf)]
    return outcome('openssl', ['verify', '-x509_strict', '-crl_check_all', ...files, ...path])
  }
  const verifyChainWithCerttool = async (leaf: string) => {
    const path = [leaf, 'subordinate.pem', 'root.pem'].map((file) => readFile(at(file), 'utf8'))
    await writeFile(at('path.pem'), (await Promise.all(path)).join(''))
    const trust = ['--load-ca-certificate', at('root.pem'), '--load-crl', at('crls.pem')]
    return outcome('certtool', ['--verify', ...trust, '--infile', at('path.pem')])
  }

  test('OpenSSL and GnuTLS check the complete chain, and reject it once the subordinate CA is revoked', async (t) => {
    if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return
    if ((await tool(t, 'certtool')) === undefined) return
    const spare = await issue(service, { arn: rootArn, csr: csr('ec-server') })
    await revoke(service, spare.arn, 'SUPERSEDED')
    const belowSubordinate = await serialIn(at('revoked.pem'))
    const { serialNumber } = new X509Certificate(spare.certificate)
    await collectCrls({ good: belowSubordinate, subordinate: serialNumber })
    const good = await verifyChainWithOpenssl('good.pem')
    assert.match(good.text, /good\.pem: OK/)
    assert.match(
      (await verifyChainWithCerttool('good.pem')).text,
      /Chain verification output: Verified/,
    )
    const revoked = await verifyChainWithOpenssl('revoked.pem')
    assert.match(revoked.text, /error 23 at 0 depth lookup: certificate revoked/)
    assert.match((await verifyChainWithCerttool('revoked.pem')).text, /chain is revoked/)

    const subordinateSerial = await serialIn(at('subordinate.pem'))
    await service.must('RevokeCertificate', {
      CertificateAuthorityArn: rootArn,
      CertificateSerial: subordinateSerial,
      RevocationReason: 'CERTIFICATE_AUTHORITY_COMPROMISE',
    })
    await collectCrls({ good: belowSubordinate, subordinate: subordinateSerial })
    const below = await verifyChainWithOpenssl('good.pem')
    assert.match(below.text, /error 23 at 1 depth lookup: certificate revoked/)
    assert.match((await verifyChainWithCerttool('good.pem')).text, /chain is revoked/)
  })
})

async function serialIn(path: string): Promise<string> {
  return new X509Certificate(await readFile(path)).serialNumber
}

/** Writes the certificates of a root, a subordinate CA, a good leaf and a revoked leaf to files. Returns the root's ARN. */
async function prepareChain(at: (file: string) => string): Promise<string> {
  await mkdir(at('.'))
  const root = await createRoot(service, { more: revocationOptions() })
  const subordinate = await createSubordinate(service, root, {
    keyAlgorithm: 'EC_secp384r1',
    more: revocationOptions(),
  })
  const options = { signingAlgorithm: 'SHA384WITHECDSA' }
  const request = { arn: subordinate.arn, csr: csr('ec-server') }
  const good = await issue(service, request, options)
  const revoked = await issue(service, request, options)
  await revoke(service, revoked.arn)
  await writeFile(at('root.pem'), `${root.certificate}\n`)
  await writeFile(at('subordinate.pem'), `${subordinate.certificate}\n`)
  await writeFile(at('good.pem'), `${good.certificate}\n`)
  await writeFile(at('revoked.pem'), `${revoked.certificate}\n`)
  return root.arn
}
