/**
 * Tests that an offline root can sign a running server's CA with `signet ceremony` and `signet ca import`. The results are
 * verified with OpenSSL.
 */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createClient, type Client } from '../../client/index.ts'
import { parseCredentials } from '../../src/text/credentials-file.ts'
import { outcome, tool } from '../support/foreign-tools.ts'
import { command, startServer, type ServerProcess } from '../support/process.ts'
import type { Members } from '../support/service.ts'

let folder: string
let server: ServerProcess
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-ceremony-api-'))
  server = await startServer(join(folder, 'data'))
  await writeFile(path('passphrase'), 'correct horse battery\n', { mode: 0o600 })
})
after(async () => {
  await server.stop('SIGTERM')
  await rm(folder, { recursive: true })
})

const path = (name: string): string => join(folder, name)
const online = (): string[] =>
  `--endpoint ${server.url} --data ${path('data')} --region us-east-1`.split(' ')

async function must(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command(args, { HOME: folder })
  assert.equal(code, 0, stderr)
  return stdout
}

async function json(...args: readonly string[]): Promise<Members> {
  return JSON.parse(await must(...args, '--output', 'json'))
}

async function refused(...args: readonly string[]): Promise<string> {
  const { code, stderr } = await command(args, { HOME: folder })
  assert.notEqual(code, 0)
  return stderr
}

async function administrator(): Promise<Client> {
  const credentials = parseCredentials(await readFile(path('data/credentials'), 'utf8'))
  assert.ok(credentials !== undefined)
  return createClient({ endpoint: server.url, region: 'us-east-1', credentials })
}

const sha256Of = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')

/** Writes a ceremony script, and returns the arguments that run the script with confirmations from two people. */
async function scriptArguments(content: object, name = 'script.json'): Promise<string[]> {
  await writeFile(path(name), JSON.stringify({ version: 1, ...content }, undefined, 2))
  const confirmed = ['--confirmed-by', 'Ada', '--confirmed-by', 'Grace']
  const passphrase = ['--passphrase-file', path('passphrase')]
  const digest = await sha256Of(path(name))
  return [
    path(name),
    '--folder',
    path('root'),
    ...passphrase,
    ...confirmed,
    '--script-sha256',
    digest,
  ]
}

/** The `useRoot` member of a later ceremony's script. */
async function useRootAfter(ceremony: string, root: X509Certificate): Promise<object> {
  const previousTranscriptSha256 = await sha256Of(path(`root/${ceremony}/transcript.json`))
  return { certificateSha256: root.fingerprint256, previousTranscriptSha256 }
}

/** Creates a subordinate CA on the server, and returns the ceremony action that signs its CSR. */
async function subordinate(name: string, file: string): Promise<object> {
  const client = await administrator()
  const { CertificateAuthorityArn: arn = '' } = await client.createCertificateAuthority({
    CertificateAuthorityType: 'SUBORDINATE',
    CertificateAuthorityConfiguration: {
      KeyAlgorithm: 'EC_prime256v1',
      SigningAlgorithm: 'SHA256WITHECDSA',
      Subject: { Organization: 'Example', CommonName: name },
    },
    RevocationConfiguration: { OcspConfiguration: { Enabled: true } },
  })
  await client
    .getWaiter('certificateAuthorityCsrCreated')
    .wait({ CertificateAuthorityArn: arn, WaiterConfig: { Delay: 0.05, MaxAttempts: 600 } })
  await must('ca', 'renew', arn, '--csr-out', path(`${file}.csr`), ...online())
  return {
    action: 'sign',
    name: file,
    csr: `${file}.csr`,
    csrSha256: await sha256Of(path(`${file}.csr`)),
    template: 'SubordinateCACertificate_PathLen0',
    validity: '5y',
  }
}

const createRoot = {
  subject: { Organization: 'Example', CommonName: 'Offline Root' },
  keyAlgorithm: 'EC_secp384r1',
  signingAlgorithm: 'SHA384WITHECDSA',
  validity: '20y',
  pathLength: 1,
  nameConstraints: { permitted: ['DNS:example.com', 'IP:10.0.0.0/8'] },
  crlUrl: 'http://pki.example.com/root.crl',
}
const crl = { action: 'crl', validity: '1y' }

test('an offline root signs the CA of a server, which imports the certificate and issues below it', async (t) => {
  const actions = [await subordinate('Ceremony Issuing CA', 'issuing'), crl]
  const script = { title: 'Create the root', createRoot, actions }
  const args = await scriptArguments(script)
  const plan = await json('ceremony', 'check', ...args.slice(0, 3))
  assert.deepEqual(
    plan.Certificates.map(({ File, Subject }: Members) => [File, Subject]),
    [
      ['root.pem', 'O=Example, CN=Offline Root'],
      ['issuing.pem', 'O=Example, CN=Ceremony Issuing CA'],
    ],
  )
  const completed = await json('ceremony', 'run', ...args)
  assert.deepEqual(completed.Certificates, ['root.pem', 'issuing.pem'])
  const first = path('root/0001')

  const imported = await json(
    'ca',
    'import',
    `${first}/issuing.pem`,
    '--chain',
    `${first}/root.pem`,
    ...online(),
  )
  assert.equal(imported.Name, 'Ceremony Issuing CA')
  assert.equal(imported.Issuer, 'O=Example, CN=Offline Root')
  await must(
    'issue',
    '--ca',
    'Ceremony Issuing CA',
    '--name',
    'host.example.com',
    '--out',
    path('tls'),
    ...online(),
  )
  const outside = [
    'issue',
    '--ca',
    'Ceremony Issuing CA',
    '--name',
    'host.example.org',
    '--out',
    path('no'),
  ]
  assert.match(await refused(...outside, ...online()), /not allowed: /)

  const tree = await must('ca', 'tree', ...online())
  assert.match(tree, /^Offline Root +EXTERNAL +20\d\d-.*\n└─ Ceremony Issuing CA +ACTIVE /m)
  assert.match(
    await must('status', ...online()),
    /^Offline Root +EXTERNAL .*\n└─ Ceremony Issuing CA +ACTIVE /m,
  )
  const [node] = await json('ca', 'tree', ...online())
  assert.equal(node.ExternalChain[0].Subject, 'O=Example, CN=Offline Root')

  const openssl = await tool(t, 'openssl')
  if (openssl === undefined) return
  const run = (...parameters: readonly string[]): Promise<void> => mustRun(openssl, parameters)
  const trust = ['-x509_strict', '-CAfile', `${first}/root.pem`]
  await run('verify', ...trust, '-untrusted', path('tls/chain.pem'), path('tls/cert.pem'))
  await run(
    'verify',
    ...trust,
    '-crl_check',
    '-CRLfile',
    `${first}/root.crl`,
    `${first}/issuing.pem`,
  )
  await run('x509', '-in', `${first}/root.pem`, '-noout', '-pubkey', '-out', path('root.pub'))
  const signed = [`${first}/transcript.json.sig`, `${first}/transcript.json`]
  await run('dgst', '-sha384', '-verify', path('root.pub'), '-signature', ...signed)
})

test('a second ceremony with the same root revokes a certificate and publishes the next CRL', async (t) => {
  const certificate = new X509Certificate(await readFile(path('root/0001/issuing.pem')))
  const root = new X509Certificate(await readFile(path('root/0001/root.pem')))
  const useRoot = await useRootAfter('0001', root)
  const revoke = { action: 'revoke', serialNumber: certificate.serialNumber, reason: 'SUPERSEDED' }
  const actions = [await subordinate('Second Issuing CA', 'second'), revoke, crl]
  await must(
    'ceremony',
    'run',
    ...(await scriptArguments({ title: 'Replace it', useRoot, actions })),
  )
  const second = path('root/0002')
  const verified = await json(
    'ceremony',
    'verify',
    `${second}/transcript.json`,
    '--root',
    path('root/0001/root.pem'),
  )
  assert.equal(verified.Number, 2)
  assert.equal(
    verified.Revocations[0].SerialNumber.toUpperCase(),
    certificate.serialNumber.padStart(32, '0'),
  )
  await must('ca', 'import', `${second}/second.pem`, '--chain', `${second}/root.pem`, ...online())
  const tree = await must('ca', 'tree', ...online())
  assert.equal(tree.match(/Offline Root/g)?.length, 1)
  assert.match(tree, /^├─ .* Issuing CA .*\n└─ .* Issuing CA /m)

  const openssl = await tool(t, 'openssl')
  if (openssl === undefined) return
  const check = ['-crl_check', '-CAfile', `${second}/root.pem`, '-CRLfile', `${second}/root.crl`]
  await mustRun(openssl, ['verify', ...check, `${second}/second.pem`])
  const revoked = await outcome(openssl, ['verify', ...check, path('root/0001/issuing.pem')])
  assert.ok(!revoked.ok)
  assert.match(revoked.text, /certificate revoked/)
})

test('a changed script, CSR or transcript is refused, and so is a run without confirmation', async () => {
  const root = new X509Certificate(await readFile(path('root/0001/root.pem')))
  const useRoot = await useRootAfter('0002', root)
  const args = await scriptArguments({ title: 'Next CRL', useRoot, actions: [crl] })
  await writeFile(path('script.json'), `${await readFile(path('script.json'), 'utf8')} `)
  assert.match(
    await refused('ceremony', 'run', ...args),
    /--script-sha256: the script has a different SHA-256/,
  )
  const unconfirmed = args.slice(0, 5)
  assert.match(
    await refused('ceremony', 'run', ...unconfirmed),
    /two people must confirm the script at a terminal/,
  )

  const changed = await subordinate('Third Issuing CA', 'third')
  await writeFile(path('third.csr'), await readFile(path('second.csr')))
  const swapped = await scriptArguments({ title: 'Swapped', useRoot, actions: [changed] })
  assert.match(
    await refused('ceremony', 'check', ...swapped.slice(0, 3)),
    /third\.csr has a different SHA-256/,
  )

  await cp(path('root/0002'), path('copy'), { recursive: true })
  const verify = [
    'ceremony',
    'verify',
    path('copy/transcript.json'),
    '--root',
    path('root/0001/root.pem'),
  ]
  await must(...verify)
  const text = await readFile(path('copy/transcript.json'), 'utf8')
  await writeFile(path('copy/transcript.json'), text.replace('Grace', 'Mallory'))
  assert.match(
    await refused(...verify),
    /transcript\.json was changed, or was signed by another root/,
  )
  await writeFile(path('copy/transcript.json'), text)
  await rm(path('copy/second.pem'))
  assert.match(await refused(...verify), /second\.pem is missing/)
})

test('a certificate for no CA of the server, and a file without a certificate, are refused', async () => {
  const first = path('root/0001')
  assert.match(
    await refused('ca', 'import', `${first}/root.pem`, ...online()),
    /no CA in this account and Region has the public key in the certificate for O=Example, CN=Offline Root/,
  )
  assert.match(
    await refused('ca', 'import', `${first}/root.crl`, ...online()),
    /root\.crl: the file has no certificate in PEM/,
  )
  assert.match(
    await refused('ca', 'import', `${first}/issuing.csr`, ...online()),
    /issuing\.csr: the file must contain only PEM certificates/,
  )
})

async function mustRun(program: string, args: readonly string[]): Promise<void> {
  const { ok, text } = await outcome(program, args)
  assert.ok(ok, `${args.join(' ')}\n${text}`)
}
