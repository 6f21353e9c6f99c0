/**
 * Tests of OCSP responses that OpenSSL, GnuTLS, NSS, pyca and curl request and verify, including responses stapled in TLS. No
 * tool in Debian stable verifies ML-DSA. The tools only parse an ML-DSA response, and node:crypto verifies the signature over the
 * ResponseData that pyca extracts.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'
import { createServer } from 'node:tls'
import { promisify } from 'node:util'
import { csr } from '../support/csrs.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import {
  createRoot,
  createSubordinate,
  defaultSigningAlgorithm,
  issue,
} from '../support/hierarchy.ts'
import { revoke } from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const run = promisify(execFile)
const withOcsp = { RevocationConfiguration: { OcspConfiguration: { Enabled: true } } }

let service: TestService
let folder: string
before(async () => {
  service = await TestService.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-ocsp-'))
  const entries = keyAlgorithms.map(async (one) => [one, await prepare(one)] as const)
  prepared = new Map(await Promise.all(entries))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

const keyAlgorithms = ['RSA_2048', 'RSA_4096', 'EC_prime256v1', 'EC_secp384r1', 'ML_DSA_65']

/** Paths of a CA's files: root.pem, good.pem, revoked.pem. */
interface Files {
  readonly at: (name: string) => string
  readonly rootArn: string
  /** URLs in the leaf certificate: the OCSP responder's URL and the URL of the issuer's certificate. */
  readonly ocspUrl: string
  readonly caIssuersUrl: string
  readonly revokedAfter: number
  readonly revokedBefore: number
}
let prepared: ReadonlyMap<string, Files>

/** Returns both URLs in a certificate's authorityInfoAccess extension, as printed by OpenSSL. */
async function infoAccessOf(
  certificatePath: string,
): Promise<Pick<Files, 'ocspUrl' | 'caIssuersUrl'>> {
  const extension = ['-ext', 'authorityInfoAccess']
  const { stdout } = await run('openssl', ['x509', '-noout', '-in', certificatePath, ...extension])
  const found = /^ +OCSP - URI:(\S+)\n +CA Issuers - URI:(\S+)\n/m.exec(stdout)
  assert.ok(found, stdout)
  return { ocspUrl: found[1] ?? '', caIssuersUrl: found[2] ?? '' }
}

async function prepare(keyAlgorithm: string): Promise<Files> {
  await mkdir(join(folder, keyAlgorithm))
  const at = (name: string): string => join(folder, keyAlgorithm, name)
  const root = await createRoot(service, { keyAlgorithm, more: withOcsp })
  const options = { signingAlgorithm: defaultSigningAlgorithm(keyAlgorithm) }
  const request = { arn: root.arn, csr: csr('ec-server') }
  const good = await issue(service, request, options)
  const revoked = await issue(service, request, options)
  await writeFile(at('root.pem'), `${root.certificate}\n`)
  await writeFile(at('good.pem'), `${good.certificate}\n`)
  await writeFile(at('revoked.pem'), `${revoked.certificate}\n`)
  const revokedAfter = service.clock.now().getTime()
  await revoke(service, revoked.arn, 'CESSATION_OF_OPERATION')
  const urls = await infoAccessOf(at('good.pem'))
  return {
    at,
    rootArn: root.arn,
    ...urls,
    revokedAfter,
    revokedBefore: service.clock.now().getTime(),
  }
}

function filesOf(keyAlgorithm: string): Files {
  return prepared.get(keyAlgorithm) ?? assert.fail('not prepared')
}

for (const keyAlgorithm of keyAlgorithms)
  describe(`OCSP of an ${keyAlgorithm} CA`, { concurrency: true }, () => {
    test('curl fetches a response by GET and POST, pyca reads it, and node:crypto verifies it', (t) =>
      verifyWithPyca(t, keyAlgorithm))
    if (keyAlgorithm === 'ML_DSA_65')
      test('OpenSSL and GnuTLS read the response, and OpenSSL verifies it if it supports ML-DSA', (t) =>
        readWithoutVerifying(t, filesOf(keyAlgorithm)))
    else {
      test('OpenSSL verifies responses with and without a nonce, for SHA-1 and SHA-256', (t) =>
        verifyWithOpenssl(t, filesOf(keyAlgorithm)))
      test('GnuTLS verifies responses with and without a nonce', (t) =>
        verifyWithGnutls(t, filesOf(keyAlgorithm)))
      test('NSS applies the responses', (t) => verifyWithNss(t, filesOf(keyAlgorithm)))
    }
  })

/** Returns the arguments with which `openssl ocsp` requests the status of a CA's certificates. */
function requestArguments({ at, ocspUrl }: Files, names: readonly string[]): string[] {
  const certificates = names.flatMap((name) => ['-cert', at(`${name}.pem`)])
  return ['ocsp', '-url', ocspUrl, '-issuer', at('root.pem'), ...certificates]
}

async function verifyWithOpenssl(t: TestContext, files: Files): Promise<void> {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const both = requestArguments(files, ['good', 'revoked'])
  // -sha256 applies to the certificates that follow it.
  const bySha256 = both.flatMap((word) => (word === '-cert' ? ['-sha256', word] : [word]))
  for (const request of [both, bySha256, [...both, '-no_nonce'], [...bySha256, '-no_nonce']]) {
    const { ok, text } = await outcome(openssl, [...request, '-CAfile', files.at('root.pem')])
    assert.ok(ok, text)
    assert.match(text, /^Response verify OK$/m)
    // OpenSSL warns if the nonce is missing from the response.
    assert.doesNotMatch(text, /WARNING|rror/)
    assert.match(text, /good\.pem: good\n\tThis Update: .*\n\tNext Update: .*\n/)
    assert.match(text, /revoked\.pem: revoked\n/)
    assert.match(text, /\tReason: cessationOfOperation\n/)
    const time = Date.parse(/\tRevocation Time: (.*)\n/.exec(text)?.[1] ?? '')
    assert.ok(time > files.revokedAfter - 1000 && time <= files.revokedBefore, text)
  }
}

async function verifyWithGnutls(t: TestContext, { at, ocspUrl }: Files): Promise<void> {
  const ocsptool = await tool(t, 'ocsptool')
  if (ocsptool === undefined) return
  const status = { good: /Certificate Status: good/, revoked: /Certificate Status: revoked/ }
  for (const [name, expected] of Object.entries(status))
    for (const options of [['--ask'], [`--ask=${ocspUrl}`], ['--ask', '--nonce']]) {
      const files = ['--load-issuer', at('root.pem'), '--load-cert', at(`${name}.pem`)]
      const { ok, text } = await outcome(ocsptool, [...options, ...files])
      assert.ok(ok, text)
      assert.match(text, expected)
      assert.match(text, /Verifying OCSP Response: Success\./)
      assert.equal(/\tNonce: [0-9a-f]+/.test(text), options.includes('--nonce'))
    }
}

/** Creates an NSS database that trusts the root and contains both leaf certificates. */
async function nssDatabase(certutil: string, at: Files['at']): Promise<string> {
  await mkdir(at('nss'))
  const database = `sql:${at('nss')}`
  await run(certutil, ['-N', '-d', database, '--empty-password'])
  for (const [name, trust] of Object.entries({ root: 'C,,', good: ',,', revoked: ',,' })) {
    const file = at(`${name}.pem`)
    await run(certutil, ['-A', '-d', database, '-n', name, '-t', trust, '-a', '-i', file])
  }
  return database
}

async function verifyWithNss(t: TestContext, { at }: Files): Promise<void> {
  const certutil = await tool(t, 'certutil')
  const vfychain = await tool(t, 'vfychain')
  const ocspclnt = await tool(t, 'ocspclnt')
  if (certutil === undefined || vfychain === undefined || ocspclnt === undefined) return
  const database = await nssDatabase(certutil, at)
  const status = async (name: string) => outcome(ocspclnt, ['-S', name, '-d', database])
  assert.match((await status('good')).text, /Check of certificate "good" succeeded\./)
  assert.match((await status('revoked')).text, /"revoked" failed\. .*\n.*has been revoked\./)
  const policy = ['-g', 'leaf', '-h', 'requireFreshInfo', '-m', 'ocsp', '-s', 'failIfNoInfo']
  const verifyLeaf = async (name: string) =>
    outcome(vfychain, ['-d', database, '-pp', '-u', '1', ...policy, '-a', at(`${name}.pem`)])
  assert.match((await verifyLeaf('good')).text, /Chain is good/)
  assert.match((await verifyLeaf('revoked')).text, /ERROR -8180/)
}

/** Reads an ML-DSA CA's OCSP responses. The responses' signatures are verified only if OpenSSL supports ML-DSA. */
async function readWithoutVerifying(t: TestContext, files: Files): Promise<void> {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  const ocsptool = await tool(t, 'ocsptool')
  if (openssl === undefined || ocsptool === undefined) return
  const read = await run(openssl, [...requestArguments(files, ['good', 'revoked']), '-noverify'])
  assert.match(read.stdout, /good\.pem: good\n/)
  assert.match(read.stdout, /revoked\.pem: revoked\n/)
  const certificates = [
    '--load-issuer',
    files.at('root.pem'),
    '--load-cert',
    files.at('revoked.pem'),
  ]
  const { text } = await outcome(ocsptool, ['--ask', ...certificates])
  assert.match(text, /Certificate Status: revoked/)
  const { stdout } = await run(openssl, ['list', '-public-key-algorithms'])
  if (stdout.includes('ML-DSA-65')) await verifyWithOpenssl(t, files)
}

const pycaProgram = `
import json, sys, warnings
from cryptography import x509
from cryptography.x509 import ocsp
warnings.simplefilter('ignore')

def when(holder, name):
    found = getattr(holder, name + '_utc', None) or getattr(holder, name)
    return found and found.strftime('%Y-%m-%dT%H:%M:%SZ')

with open(sys.argv[1], 'rb') as file:
    answer = ocsp.load_der_ocsp_response(file.read())
with open(sys.argv[2], 'rb') as file:
    issuer = x509.load_pem_x509_certificate(file.read())
with open(sys.argv[3], 'rb') as file:
    leaf = x509.load_pem_x509_certificate(file.read())
assert answer.response_status == ocsp.OCSPResponseStatus.SUCCESSFUL
asked = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, answer.hash_algorithm).build()
for field in ('serial_number', 'issuer_name_hash', 'issuer_key_hash'):
    assert getattr(answer, field) == getattr(asked, field), field
assert answer.responder_name is None and answer.certificates == [] and list(answer.single_extensions) == []
print(json.dumps(dict(
    status=answer.certificate_status.name,
    responder=answer.responder_key_hash.hex(), issuerKeyHash=answer.issuer_key_hash.hex(),
    subjectKeyIdentifier=issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex(),
    hash=answer.hash_algorithm.name, extensions=[e.oid.dotted_string for e in answer.extensions],
    algorithm=answer.signature_algorithm_oid.dotted_string,
    tbs=answer.tbs_response_bytes.hex(), signature=answer.signature.hex(),
    producedAt=when(answer, 'produced_at'), thisUpdate=when(answer, 'this_update'),
    nextUpdate=when(answer, 'next_update'), revokedAt=when(answer, 'revocation_time'),
    reason=answer.revocation_reason and answer.revocation_reason.name)))
`

interface PycaAnswer {
  readonly status: string
  readonly responder: string
  readonly issuerKeyHash: string
  readonly subjectKeyIdentifier: string
  readonly hash: string
  readonly extensions: readonly string[]
  readonly algorithm: string
  readonly tbs: string
  readonly signature: string
  readonly producedAt: string
  readonly thisUpdate: string
  readonly nextUpdate: string
  readonly revokedAt: string | null
  readonly reason: string | null
}

/** The signature algorithm's OID, and the hash algorithm for node:crypto, by key algorithm. */
const signatures: Readonly<Record<string, readonly [string, string | null]>> = {
  RSA_2048: ['1.2.840.113549.1.1.11', 'sha256'],
  RSA_4096: ['1.2.840.113549.1.1.13', 'sha512'],
  EC_prime256v1: ['1.2.840.10045.4.3.2', 'sha256'],
  EC_secp384r1: ['1.2.840.10045.4.3.3', 'sha384'],
  ML_DSA_65: ['2.16.840.1.101.3.4.3.18', null],
}

async function verifyWithPyca(t: TestContext, keyAlgorithm: string): Promise<void> {
  const python = await tool(t, '/usr/bin/python3', { probe: ['-c', 'import cryptography'] })
  const curl = await tool(t, 'curl')
  if (python === undefined || curl === undefined) return
  const files = filesOf(keyAlgorithm)
  const { at } = files
  for (const name of ['good', 'revoked']) {
    const path = await fetchWithCurl(files, name)
    const args = ['-c', pycaProgram, path, at('root.pem'), at(`${name}.pem`)]
    const answer = JSON.parse((await run(python, args)).stdout) as PycaAnswer
    const { tbs, signature, algorithm, subjectKeyIdentifier, ...facts } = answer
    const produced = Date.parse(facts.producedAt)
    assert.ok(Math.abs(produced - service.clock.now().getTime()) < 60_000, facts.producedAt)
    const revokedAt = facts.revokedAt === null ? 0 : Date.parse(facts.revokedAt)
    if (name === 'revoked')
      assert.ok(revokedAt > files.revokedAfter - 1000 && revokedAt <= files.revokedBefore)
    assert.deepEqual(facts, {
      status: name.toUpperCase(),
      responder: subjectKeyIdentifier,
      issuerKeyHash: subjectKeyIdentifier,
      hash: 'sha1',
      extensions: [],
      producedAt: facts.producedAt,
      thisUpdate: facts.producedAt,
      nextUpdate: new Date(produced + 3_600_000).toISOString().replace('.000', ''),
      revokedAt: name === 'revoked' ? facts.revokedAt : null,
      reason: name === 'revoked' ? 'cessation_of_operation' : null,
    })
    const [oid, hash = null] = signatures[keyAlgorithm] ?? []
    assert.equal(algorithm, oid)
    const { publicKey } = new X509Certificate(await readFile(at('root.pem')))
    const [bytes, value] = [Buffer.from(tbs, 'hex'), Buffer.from(signature, 'hex')]
    assert.ok(verify(hash, bytes, publicKey, value))
    bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30)
    assert.ok(!verify(hash, bytes, publicKey, value))
  }
}

/**
 * Fetches a response with curl by POST and by GET. GET requests have three forms of path: unescaped, escaped (RFC 6960), and
 * below the root path as with a custom CNAME. Asserts that all responses have the same bytes, and returns the path of one
 * response file.
 */
async function fetchWithCurl({ at, ocspUrl }: Files, name: string): Promise<string> {
  const request = at(`${name}.request`)
  const files = ['-issuer', at('root.pem'), '-cert', at(`${name}.pem`), '-no_nonce']
  await run('openssl', ['ocsp', ...files, '-reqout', request])
  const encoded = (await readFile(request)).toString('base64')
  const post = ['--data-binary', `@${request}`, '-H', 'Content-Type: application/ocsp-request']
  const requests = [
    [...post, ocspUrl],
    [...post, new URL('/', ocspUrl).href],
    [`${ocspUrl}/${encoded}`],
    [`${ocspUrl}/${encodeURIComponent(encoded)}`],
    [new URL(`/${encodeURIComponent(encoded)}`, ocspUrl).href],
  ]
  const answers: string[] = []
  for (const [index, args] of requests.entries()) {
    const out = ['-o', at(`${name}.answer${index}`), '-w', '%{content_type} %{http_code}']
    const { stdout } = await run('curl', ['-sf', '--path-as-is', ...out, ...args])
    assert.equal(stdout, 'application/ocsp-response 200')
    answers.push((await readFile(at(`${name}.answer${index}`))).toString('hex'))
  }
  assert.deepEqual(new Set(answers), new Set([answers[0]]))
  return at(`${name}.answer0`)
}

test('curl fetches the certificate of the issuer from the URL in the leaf certificate', async (t) => {
  if ((await tool(t, 'curl')) === undefined) return
  for (const keyAlgorithm of keyAlgorithms) {
    const { at, caIssuersUrl } = filesOf(keyAlgorithm)
    const out = ['-o', at('issuer.cer'), '-w', '%{content_type}']
    const { stdout } = await run('curl', ['-sf', ...out, caIssuersUrl])
    assert.equal(stdout, 'application/pkix-cert')
    const root = new X509Certificate(await readFile(at('root.pem')))
    assert.deepEqual(await readFile(at('issuer.cer')), root.raw)
  }
})

test('OpenSSL receives unauthorized for certificates that the CA did not issue', async (t) => {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const [one, other] = [filesOf('RSA_2048'), filesOf('EC_prime256v1')]
  const url = ['ocsp', '-url', one.ocspUrl, '-CAfile', one.at('root.pem')]
  const requests = [
    ['-issuer', one.at('root.pem'), '-serial', '0x1234'],
    ['-issuer', one.at('root.pem'), '-cert', other.at('good.pem')],
    ['-issuer', one.at('good.pem'), '-cert', one.at('good.pem')],
    ['-issuer', one.at('root.pem'), '-cert', one.at('good.pem'), '-serial', '0x1234'],
  ]
  for (const request of requests) {
    const { ok, text } = await outcome(openssl, [...url, ...request])
    assert.ok(!ok)
    assert.match(text, /Responder Error: unauthorized \(6\)/)
  }
})

test('OpenSSL receives the status from a disabled CA, and unauthorized from an expired CA', async (t) => {
  const openssl = await tool(t, 'openssl', { probe: ['version'] })
  if (openssl === undefined) return
  const own = await TestService.start()
  t.after(() => own.close())
  await mkdir(join(folder, 'states'))
  const at = (name: string): string => join(folder, 'states', name)
  const root = await createRoot(own, { more: withOcsp, validity: { Value: 3, Type: 'DAYS' } })
  const validity = { Value: 1, Type: 'DAYS' }
  const leaf = await issue(own, { arn: root.arn, csr: csr('ec-server') }, { validity })
  await writeFile(at('root.pem'), `${root.certificate}\n`)
  await writeFile(at('leaf.pem'), `${leaf.certificate}\n`)
  const { ocspUrl } = await infoAccessOf(at('leaf.pem'))
  const fetchStatus = async () => {
    const files = ['-issuer', at('root.pem'), '-cert', at('leaf.pem'), '-CAfile', at('root.pem')]
    return (await outcome(openssl, ['ocsp', '-url', ocspUrl, ...files])).text
  }
  const update = (Status: string) =>
    own.must('UpdateCertificateAuthority', { CertificateAuthorityArn: root.arn, Status })
  await update('DISABLED')
  assert.match(await fetchStatus(), /leaf\.pem: good\n[^]*Response verify OK\n/)
  await update('ACTIVE')
  own.clock.advance({ days: 4 })
  assert.match(await fetchStatus(), /Responder Error: unauthorized \(6\)/)
})

describe('a TLS server with a certificate of a subordinate CA and a stapled response', () => {
  const at = (name: string): string => join(folder, 'stapled', name)
  let subordinateArn: string
  before(async () => {
    subordinateArn = await prepareStapled(at)
  })

  test('OpenSSL and NSS check both CAs of the chain, and NSS rejects it once the subordinate CA is revoked', async (t) => {
    const openssl = await tool(t, 'openssl', { probe: ['version'] })
    const [certutil, vfychain] = [await tool(t, 'certutil'), await tool(t, 'vfychain')]
    if (openssl === undefined || certutil === undefined || vfychain === undefined) return
    const pairs = { good: 'subordinate', revoked: 'subordinate', subordinate: 'root' }
    for (const [name, issuer] of Object.entries(pairs)) {
      const files = ['-issuer', at(`${issuer}.pem`), '-cert', at(`${name}.pem`)]
      const { ocspUrl } = await infoAccessOf(at(`${name}.pem`))
      const request = ['ocsp', '-url', ocspUrl, ...files, '-CAfile', at('root.pem')]
      const { text } = await outcome(openssl, request)
      assert.match(text, /^Response verify OK$/m)
      assert.match(text, name === 'revoked' ? /pem: revoked\n/ : /pem: good\n/)
    }
    const database = await nssDatabase(certutil, at)
    const fresh = ['-h', 'requireFreshInfo', '-m', 'ocsp', '-s', 'failIfNoInfo']
    const policy = ['-g', 'leaf', ...fresh, '-g', 'chain', ...fresh]
    const verifyLeaf = (name: string) => {
      const path = ['-a', at(`${name}.pem`), at('subordinate.pem')]
      return outcome(vfychain, ['-d', database, '-pp', '-u', '1', ...policy, ...path])
    }
    assert.match((await verifyLeaf('good')).text, /Chain is good/)
    assert.match((await verifyLeaf('revoked')).text, /ERROR -8180/)
    await revoke(service, subordinateArn, 'CERTIFICATE_AUTHORITY_COMPROMISE')
    assert.match((await verifyLeaf('good')).text, /ERROR -8180/)
  })

  test('OpenSSL reads the stapled response', async (t) => {
    const openssl = await tool(t, 'openssl', { probe: ['version'] })
    if (openssl === undefined) return
    for (const name of ['good', 'revoked']) {
      const text = await withTlsServer(at, name, async (port) => {
        const connect = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost']
        const trust = ['-status', '-verify_return_error', '-CAfile', at('root.pem')]
        return (await outcome(openssl, [...connect, ...trust])).text
      })
      assert.match(text, /OCSP Response Status: successful/)
      assert.match(text, new RegExp(`Cert Status: ${name}\\n`))
    }
  })

  test('GnuTLS and curl connect only if the stapled response is good', async (t) => {
    const [gnutls, curl] = [await tool(t, 'gnutls-cli'), await tool(t, 'curl')]
    if (gnutls === undefined || curl === undefined) return
    const byGnutls = (port: number) => {
      const trust = [`--x509cafile=${at('root.pem')}`]
      return outcome(gnutls, [...trust, `--port=${port}`, 'localhost'])
    }
    const byCurl = (port: number) => {
      const trust = ['--cert-status', '--cacert', at('root.pem')]
      return outcome(curl, ['-sS', '--http0.9', ...trust, `https://localhost:${port}/`])
    }
    const both = async (port: number) => ({
      gnutls: (await byGnutls(port)).text,
      curl: await byCurl(port),
    })
    const good = await withTlsServer(at, 'good', both)
    assert.match(good.gnutls, /- Status: The certificate is trusted\./)
    assert.match(good.gnutls, /- Options: .*OCSP status request/)
    assert.deepEqual(good.curl, { ok: true, text: 'hello' })
    const revoked = await withTlsServer(at, 'revoked', both)
    assert.match(revoked.gnutls, /The certificate chain is revoked\./)
    assert.match(revoked.gnutls, /The certificate was revoked via OCSP/)
    assert.ok(!revoked.curl.ok)
    assert.match(revoked.curl.text, /revocation reason: keyCompromise/)
  })
})

/**
 * Creates a root, a subordinate CA, and two server certificates for the same key, one of which is revoked. Returns the ARN of the
 * subordinate CA's certificate.
 */
async function prepareStapled(at: (name: string) => string): Promise<string> {
  await mkdir(at('.'))
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-config', '/dev/null', '-keyout', at('server.key'), '-out', at('server.csr')]
  await run('openssl', ['req', '-new', ...key, ...files, ...names])
  const root = await createRoot(service, { more: withOcsp })
  const subordinate = await createSubordinate(service, root, { more: withOcsp })
  const request = { arn: subordinate.arn, csr: await readFile(at('server.csr'), 'utf8') }
  const good = await issue(service, request)
  const revoked = await issue(service, request)
  await revoke(service, revoked.arn)
  await writeFile(at('root.pem'), `${root.certificate}\n`)
  await writeFile(at('subordinate.pem'), `${subordinate.certificate}\n`)
  await writeFile(at('good.pem'), `${good.certificate}\n`)
  await writeFile(at('revoked.pem'), `${revoked.certificate}\n`)
  const { serialNumber } = new X509Certificate(subordinate.certificate)
  return `${root.arn}/certificate/${serialNumber.toLowerCase()}`
}

/** Runs a client against a TLS server that staples an OCSP response fetched with OpenSSL. */
async function withTlsServer<T>(
  at: (name: string) => string,
  name: string,
  client: (port: number) => Promise<T>,
): Promise<T> {
  const { ocspUrl } = await infoAccessOf(at(`${name}.pem`))
  const files = ['-issuer', at('subordinate.pem'), '-cert', at(`${name}.pem`), '-no_nonce']
  const answerPath = at(`${name}.answer`)
  await run('openssl', ['ocsp', '-url', ocspUrl, ...files, '-noverify', '-respout', answerPath])
  const answer = await readFile(answerPath)
  const chain = [at(`${name}.pem`), at('subordinate.pem')].map((path) => readFile(path, 'utf8'))
  const cert = (await Promise.all(chain)).join('')
  const server = createServer({ cert, key: await readFile(at('server.key')) }, (socket) => {
    socket.on('error', () => {})
    socket.end('hello')
  })
  server.on('OCSPRequest', (_certificate, _issuer, staple) => staple(null, answer))
  server.on('tlsClientError', () => {})
  server.listen(0)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  try {
    return await client(address.port)
  } finally {
    server.close()
  }
}
