/** Tests of `signet ca`, `revoke`, `renew --ca` and `issue --pkcs12` against a running server. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseCertificationRequest } from '../../src/x509/certification-request.ts'
import { parsePem } from '../../src/x509/pem.ts'
import {
  basicConstraints,
  certSignUsage,
  craft,
  named,
  pemOf,
} from '../support/crafted-certificates.ts'
import { createPublicKey } from 'node:crypto'
import { outcome, tool } from '../support/foreign-tools.ts'
import { command, startServer, type Outcome, type ServerProcess } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import type { Members } from '../support/service.ts'

let folder: string
let server: ServerProcess
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-ca-'))
  server = await startServer(join(folder, 'data'))
  await must('init-hierarchy', '--name', 'Corp', '--ocsp')
})
after(async () => {
  await server.stop('SIGTERM')
  await rm(folder, { recursive: true })
})

const path = (name: string): string => join(folder, name)

function signet(args: readonly string[], environment = {}, input = ''): Promise<Outcome> {
  return command(
    [...args, '--endpoint', server.url, '--data', path('data')],
    { HOME: folder, ...environment },
    input,
  )
}

async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await signet(args)
  assert.equal(code, 0, stderr)
  return stdout
}

async function json(...args: readonly string[]): Promise<Members> {
  return JSON.parse(await must(...args, '--output', 'json'))
}

async function refused(expected: number, ...args: readonly string[]): Promise<string> {
  const { code, stderr } = await signet(args)
  assert.equal(code, expected, stderr)
  return stderr
}

const certificateIn = async (name: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(path(name)))

/** A CA's current certificate. */
async function certificateOf(reference: string): Promise<Members> {
  return (await json('ca', 'show', reference)).Certificate
}

test('signet ca list, show and tree describe the CAs of the account', async () => {
  const list = await json('ca', 'list')
  assert.deepEqual(
    list.map(({ Name, Type, Status, Ocsp }: Members) => [Name, Type, Status, Ocsp]).toSorted(),
    [
      ['Corp Issuing CA', 'SUBORDINATE', 'ACTIVE', true],
      ['Corp Root CA', 'ROOT', 'ACTIVE', true],
    ],
  )
  const [tree] = await json('ca', 'tree')
  assert.equal(tree.Name, 'Corp Root CA')
  assert.deepEqual(
    tree.Children.map(({ Name }: Members) => Name),
    ['Corp Issuing CA'],
  )
  assert.match(await must('ca', 'tree'), /Corp Root CA .*\n└─ Corp Issuing CA /)
  const description = await json('ca', 'show', tree.Children[0].Arn.split('/')[1].slice(0, 8))
  assert.equal(description.Certificate.Issuer, 'O=Corp, CN=Corp Root CA')
  assert.equal(description.Certificate.PathLength, 0)
  assert.equal(description.RevocationConfiguration.OcspConfiguration.Enabled, true)
  assert.match(await must('ca', 'show', 'Corp Issuing CA'), /Revocation\n {2}CRL +disabled/)
  assert.match(await refused(2, 'ca', 'show', 'Nobody'), /no CA 'Nobody' exists; choose one of/)
})

test('signet ca renew creates new certificates for the same keys of a root and its subordinate CA', async () => {
  for (const name of ['Corp Root CA', 'Corp Issuing CA']) {
    const old = await certificateOf(name)
    const renewed = await json('ca', 'renew', name)
    const current = await certificateOf(name)
    assert.equal(renewed.SerialNumber, current.SerialNumber)
    assert.notEqual(current.SerialNumber, old.SerialNumber)
    assert.equal(current.PathLength, old.PathLength)
    const years = (from: string, to: string): number =>
      Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000 / 365)
    assert.equal(years(current.NotBefore, current.NotAfter), years(old.NotBefore, old.NotAfter))
  }
  await must('issue', '--name', 'renewed.test', '--out', path('renewed'))
  const { ok, text } = await outcome('openssl', [
    'verify',
    '-x509_strict',
    '-CAfile',
    path('renewed/ca.pem'),
    '-untrusted',
    path('renewed/chain.pem'),
    path('renewed/cert.pem'),
  ])
  assert.ok(ok, text)
})

test('signet ca renew refuses an expiry date after the expiry of the issuer', async () => {
  assert.match(
    await refused(2, 'ca', 'renew', 'Corp Issuing CA', '--validity', '2099-01-01'),
    /its issuer Corp Root CA expires .*: renew the issuer first/,
  )
})

test('signet ca renew --new-key creates a successor, and signet renew --ca moves folders to it', async () => {
  await must('issue', '--name', 'moved.test', '--out', path('moved'))
  const oldIssuer = await certificateIn('moved/chain.pem')
  const successor = await json('ca', 'renew', 'Corp Issuing CA', '--new-key')
  assert.match(
    await refused(2, 'issue', '--name', 'x.test', '--out', path('x')),
    /2 ACTIVE subordinate CAs exist; choose one with --ca, or set SIGNET_CA:/,
  )
  const chosen = await signet(['issue', '--name', 'y.test', '--out', path('y')], {
    SIGNET_CA: successor.Arn,
  })
  assert.equal(chosen.code, 0, chosen.stderr)
  assert.match(await refused(2, 'ca', 'show', 'Corp Issuing CA'), /2 CAs match 'Corp Issuing CA'/)
  await must('renew', path('moved'), '--ca', successor.Arn)
  const newIssuer = await certificateIn('moved/chain.pem')
  assert.notDeepEqual(
    newIssuer.publicKey.export({ format: 'jwk' }),
    oldIssuer.publicKey.export({ format: 'jwk' }),
  )
  const metadata = JSON.parse(await readFile(path('moved/metadata.json'), 'utf8'))
  assert.equal(metadata.certificateAuthorityArn, successor.Arn)
  const description = await json('ca', 'show', successor.Arn)
  assert.deepEqual([description.Status, description.Tags], ['ACTIVE', {}])
})

test('signet ca revocation enables and disables CRLs and OCSP, and keeps the other settings', async () => {
  const bucket = ['bucket', 'create', 'corp-crls', '--data', path('data')]
  assert.equal((await command(bucket)).code, 0)
  const revocation = async (...flags: readonly string[]): Promise<Members> => {
    await must('ca', 'revocation', 'Corp Root CA', ...flags)
    return (await json('ca', 'show', 'Corp Root CA')).RevocationConfiguration
  }
  const crl = await revocation('--crl-bucket', 'corp-crls', '--crl-days', '3')
  assert.deepEqual(
    [crl.CrlConfiguration.S3BucketName, crl.CrlConfiguration.ExpirationInDays],
    ['corp-crls', 3],
  )
  assert.equal(crl.OcspConfiguration.Enabled, true)
  const cname = await revocation('--crl-cname', 'crl.example.com', '--no-ocsp')
  assert.equal(cname.CrlConfiguration.CustomCname, 'crl.example.com')
  assert.equal(cname.CrlConfiguration.ExpirationInDays, 3)
  assert.equal(cname.OcspConfiguration.Enabled, false)
  const none = await revocation('--no-crl', '--ocsp')
  assert.deepEqual(
    [none.CrlConfiguration, none.OcspConfiguration],
    [{ Enabled: false }, { Enabled: true }],
  )
  assert.match(await refused(2, 'ca', 'revocation', 'Corp Root CA'), /specify a change/)
  assert.match(await refused(2, 'ca', 'revocation', 'x', '--crl-days', '0'), /must be 1 to 5000/)
  const unknown = ['ca', 'revocation', 'Corp Root CA', '--crl-bucket', 'nowhere']
  assert.match(await refused(1, ...unknown), /bucket/)
})

test('signet ca disables, enables, deletes (after a confirmation) and restores a CA', async () => {
  const [{ Children }] = await json('ca', 'tree')
  const { Arn: arn } = Children.at(-1)
  assert.match(await refused(2, 'ca', 'delete', arn, '--yes'), /is ACTIVE; disable it first with/)
  assert.equal((await json('ca', 'disable', arn)).Status, 'DISABLED')
  assert.equal((await json('ca', 'enable', arn)).Status, 'ACTIVE')
  await must('ca', 'disable', arn)
  assert.match(
    await refused(2, 'ca', 'delete', arn),
    /requires a terminal; to skip the confirmation, use --yes/,
  )
  assert.match(
    await refused(2, 'ca', 'delete', arn, '--yes', '--permanent-deletion-days', '6'),
    /must be 7 to 30, not 6/,
  )
  const args = ['--yes', '--permanent-deletion-days', '7']
  assert.equal((await json('ca', 'delete', arn, ...args)).Status, 'DELETED')
  assert.equal((await json('ca', 'list')).length, 2)
  assert.equal((await json('ca', 'list', '--all')).length, 3)
  assert.equal((await json('ca', 'restore', arn)).Status, 'DISABLED')
  await must('ca', 'delete', arn, '--yes')
})

test('signet ca renew exports a CSR for an external issuer and imports the signed certificate', async () => {
  const csrFile = path('ca.csr')
  await must('ca', 'renew', 'Corp Issuing CA', '--csr-out', csrFile)
  const [block] = parsePem(await readFile(csrFile, 'utf8'))
  const request = parseCertificationRequest(block?.der ?? new Uint8Array())
  const externalRoot = craft({ subject: named('External Root') })
  const publicKey = createPublicKey({
    key: Buffer.from(request.subjectPublicKeyInfo.der),
    format: 'der',
    type: 'spki',
  })
  const signed = craft(
    {
      subject: request.subject.der,
      keys: { publicKey, privateKey: externalRoot.keys.privateKey },
      extensions: [basicConstraints(0), certSignUsage],
    },
    externalRoot,
  )
  await writeFile(path('external.pem'), pemOf(signed))
  await writeFile(path('external-chain.pem'), pemOf(externalRoot))
  const imported = await json(
    'ca',
    'renew',
    'Corp Issuing CA',
    '--certificate',
    path('external.pem'),
    '--chain',
    path('external-chain.pem'),
  )
  assert.equal(imported.Issuer, 'CN=External Root')
  const tree = await json('ca', 'tree')
  assert.ok(tree.some(({ ExternalIssuer }: Members) => ExternalIssuer === 'CN=External Root'))
  assert.match(
    await refused(2, 'ca', 'renew', 'Corp Issuing CA'),
    /CN=External Root, is not a CA in this account and Region; have the issuer sign a CSR:/,
  )
  assert.match(
    await refused(2, 'ca', 'renew', 'Corp Issuing CA', '--new-key', '--csr-out', csrFile),
    /--new-key cannot be combined with --csr-out/,
  )
})

test('signet revoke accepts folders, files, serial numbers and lists, and reports a result for each', async () => {
  const issue = async (name: string): Promise<Members> =>
    json('issue', '--name', `${name}.revoke.test`, '--ca', 'Corp Root CA', '--out', path(name))
  const [first, second, third, fourth] = [
    await issue('r1'),
    await issue('r2'),
    await issue('r3'),
    await issue('r4'),
  ]
  // The search finds new certificates only after a few seconds.
  await eventually(async () => {
    const found = await json('certificates', 'list', '--serial', fourth.SerialNumber)
    return found.length === 1 ? true : undefined
  }, 'search')
  const revoked = await json(
    'revoke',
    path('r1'),
    path('r2/cert.pem'),
    third.SerialNumber,
    '--reason',
    'keyCompromise',
  )
  assert.deepEqual(
    revoked.map(({ Result, CertificateArn }: Members) => [Result, CertificateArn]),
    [first, second, third].map(({ Arn }) => ['revoked', Arn]),
  )
  const again = await json('revoke', first.Arn)
  assert.equal(again[0].Result, 'already revoked')
  const list = `# stolen\n"${fourth.Arn}","x"\n`
  const piped = await signet(['revoke', '--from', '-', '--output', 'json'], {}, list)
  assert.equal(JSON.parse(piped.stdout)[0].Result, 'revoked')
  const description = await json('certificates', 'show', path('r1'))
  assert.deepEqual(
    [description.Status, description.RevocationReason],
    ['REVOKED', 'KEY_COMPROMISE'],
  )
})

test('signet revoke revokes nothing if an argument is invalid, and continues after a failed revocation', async () => {
  await must('issue', '--name', 'r5.test', '--ca', 'Corp Root CA', '--out', path('r5'))
  const { code, stdout, stderr } = await signet(['revoke', '00ff', path('r5'), '--output', 'json'])
  assert.equal(code, 1)
  assert.match(stderr, /1 of 2 certificates were not revoked/)
  const results = JSON.parse(stdout)
  assert.match(results[0].Problem, /no CA .* has issued a certificate with serial number 00ff/)
  assert.equal(results[1].Result, 'revoked')
  await must('issue', '--name', 'r6.test', '--ca', 'Corp Root CA', '--out', path('r6'))
  const missing = await refused(2, 'revoke', path('r6'), path('r7'))
  assert.match(missing, /r7" is not a folder, a file/)
  const document = `${path('r6')}\nNot a certificate.\n`
  const listed = await signet(['revoke', '--from', '-'], {}, document)
  assert.deepEqual([listed.code, listed.stdout], [2, ''])
  assert.match(listed.stderr, /--from: 1 of 2 lines in standard input .* the first is line 2: "Not/)
  assert.equal((await json('certificates', 'show', path('r6'))).Status, 'VALID')
  assert.match(await refused(2, 'revoke'), /specify at least one certificate/)
  assert.match(await refused(2, 'revoke', 'ff', '--reason', 'x'), /'x' is not a revocation reason/)
})

test('signet issue --pkcs12 writes a private file that OpenSSL reads', async (t) => {
  if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return
  await writeFile(path('password'), 'long enough\n', { mode: 0o600 })
  const flags = ['--pkcs12', path('p.p12'), '--pkcs12-password-file', path('password')]
  const issue = ['issue', '--name', 'p.test', '--ca', 'Corp Root CA']
  const issued = await json(...issue, '--out', path('p'), ...flags)
  assert.equal(issued.Pkcs12, path('p.p12'))
  assert.equal((await stat(path('p.p12'))).mode & 0o777, 0o600)
  const args = ['pkcs12', '-in', path('p.p12'), '-passin', `file:${path('password')}`, '-nodes']
  const { ok, text } = await outcome('openssl', args)
  assert.ok(ok, text)
  assert.match(text, /friendlyName: p\.test/)
  assert.match(await refused(2, ...issue, '--out', path('p2'), ...flags), /p\.p12 exists; replace/)
  await writeFile(path('short'), 'short\n', { mode: 0o600 })
  const short = ['--pkcs12', path('q.p12'), '--pkcs12-password-file', path('short')]
  assert.match(await refused(2, ...issue, '--out', path('q'), ...short), /at least 8 characters/)
  await assert.rejects(stat(path('q')))
})

test('signet renew replaces the PKCS #12 file of signet issue, and needs its password', async (t) => {
  if ((await tool(t, 'openssl', { probe: ['version'] })) === undefined) return
  const opensWith = async (file: string, certificate: string, password: string) => {
    const args = ['pkcs12', '-in', path(file), '-passin', `file:${path(password)}`, '-nokeys']
    const { ok, text } = await outcome('openssl', args)
    assert.ok(ok, text)
    assert.match(text, /friendlyName: r\.test/)
    return text.includes((await readFile(path(certificate), 'utf8')).trim())
  }
  await writeFile(path('first'), 'the first password\n', { mode: 0o600 })
  await writeFile(path('second'), 'the second password\n', { mode: 0o600 })
  const flags = ['--pkcs12', path('r.p12'), '--pkcs12-password-file', path('first')]
  await must('issue', '--name', 'r.test', '--ca', 'Corp Root CA', '--out', path('p12'), ...flags)
  const old = await readFile(path('r.p12'))
  await chmod(path('r.p12'), 0o640)
  await must('renew', path('p12'))
  assert.notDeepEqual(await readFile(path('r.p12')), old)
  assert.equal((await stat(path('r.p12'))).mode & 0o777, 0o640)
  assert.ok(await opensWith('r.p12', 'p12/cert.pem', 'first'))
  // A password file specified for the renewal takes precedence and is also used by later renewals.
  await must('renew', path('p12'), '--pkcs12-password-file', path('second'))
  await rm(path('first'))
  await must('renew', path('p12'))
  assert.ok(await opensWith('r.p12', 'p12/cert.pem', 'second'))

  // Without a password, no certificate is issued.
  const metadata = JSON.parse(await readFile(path('p12/metadata.json'), 'utf8'))
  const withoutFile = JSON.stringify({ ...metadata, pkcs12PasswordFile: undefined })
  await writeFile(path('p12/metadata.json'), withoutFile)
  const certificate = await readFile(path('p12/cert.pem'))
  const { code, stdout } = await signet(['renew', path('p12'), '--wide'])
  assert.equal(code, 1)
  assert.match(stdout, /its password is not available; specify .*--pkcs12-password-file FILE/)
  assert.deepEqual(await readFile(path('p12/cert.pem')), certificate)
  await writeFile(path('p12/metadata.json'), JSON.stringify({ ...metadata, pkcs12: path('no/r') }))
  const moved = await signet(['renew', path('p12'), '--wide'])
  assert.match(moved.stdout, /the folder \S+no for the PKCS #12 file does not exist/)
  assert.deepEqual(await readFile(path('p12/cert.pem')), certificate)
})

test('signet issue with a URI as the only name leaves the subject empty', async () => {
  const flags = ['--ca', 'Corp Root CA', '--out', path('spiffe')]
  await must('issue', '--name', 'spiffe://td.test/app', ...flags)
  const certificate = await certificateIn('spiffe/cert.pem')
  assert.equal(certificate.subject, undefined)
  assert.equal(certificate.subjectAltName, 'URI:spiffe://td.test/app')
})

test('signet trust print and install fetch the root certificates from the server', async () => {
  const pem = await must('trust', 'print')
  assert.equal(pem.match(/BEGIN CERTIFICATE/g)?.length, 2)
  const root = await must('trust', 'print', '--ca', 'Corp Root CA')
  assert.match(new X509Certificate(root).subject, /CN=Corp Root CA/)
  const withoutDatabase = await signet(['trust', 'install', '--store', 'nss'])
  assert.equal(withoutDatabase.code, 1)
  assert.match(
    withoutDatabase.stdout,
    /nss .*skipped .*no NSS database of Chromium or Firefox exists/,
  )
})
