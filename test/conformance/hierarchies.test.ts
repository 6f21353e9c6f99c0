/** Tests of hierarchies. Each foreign client creates a hierarchy, and each foreign verifier verifies every hierarchy. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { connect, createServer } from 'node:tls'
import { promisify } from 'node:util'
import {
  ACMPCAClient,
  CreateCertificateAuthorityCommand,
  GetCertificateAuthorityCsrCommand,
  GetCertificateCommand,
  ImportCertificateAuthorityCertificateCommand,
  IssueCertificateCommand,
  paginateListCertificateAuthorities,
  waitUntilCertificateAuthorityCSRCreated,
  waitUntilCertificateIssued,
  type CertificateAuthorityType,
} from '@aws-sdk/client-acm-pca'
import { allClients, clientEnvironment, clients, tool } from '../support/foreign-tools.ts'
import { chosenKeyFlags } from '../support/on-token.ts'
import { TestService } from '../support/service.ts'
import { thorough } from '../support/thorough.ts'

const run = promisify(execFile)
let service: TestService
let folder: string
let serverCsr: string

before(async () => {
  service = await TestService.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-conformance-'))
  serverCsr = join(folder, 'server.csr')
  await run('openssl', [
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    join(folder, 'server.key'),
    '-out',
    serverCsr,
    '-config',
    '/dev/null',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
  ])
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

/** Returns the environment for a foreign client, without the machine's own AWS configuration. */
function environment(): NodeJS.ProcessEnv {
  const { dataDirectory } = service.config
  return clientEnvironment(folder, { dataDirectory, region: 'eu-central-1' })
}

async function verify(t: TestContext, client: string): Promise<void> {
  const pathOf = (name: string): string => join(folder, client, `${name}.pem`)
  const openssl = await tool(t, 'openssl')
  if (openssl !== undefined) {
    const { stdout } = await run(openssl, [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'localhost',
      '-CAfile',
      pathOf('root'),
      '-untrusted',
      pathOf('subordinate'),
      pathOf('leaf'),
    ])
    assert.match(stdout, /leaf\.pem: OK/)
  }
  const certtool = await tool(t, 'certtool')
  if (certtool !== undefined) {
    const path = join(folder, client, 'path.pem')
    await writeFile(
      path,
      `${await readFile(pathOf('leaf'), 'utf8')}${await readFile(pathOf('chain'), 'utf8')}`,
    )
    const { stdout } = await run(certtool, [
      '--verify',
      '--verify-purpose=1.3.6.1.5.5.7.3.1',
      '--verify-hostname=localhost',
      '--load-ca-certificate',
      pathOf('root'),
      '--infile',
      path,
    ])
    assert.match(stdout, /Chain verification output: Verified\. The certificate is trusted\./)
  }
  await verifyWithNss(t, client)
  await handshake(pathOf)
}

async function verifyWithNss(t: TestContext, client: string): Promise<void> {
  const pathOf = (name: string): string => join(folder, client, `${name}.pem`)
  const [vfychain, certutil] = [await tool(t, 'vfychain'), await tool(t, 'certutil')]
  if (vfychain === undefined || certutil === undefined) return
  const db = `sql:${join(folder, client)}`
  await run(certutil, ['-N', '-d', db, '--empty-password'])
  await run(certutil, ['-A', '-d', db, '-n', 'root', '-t', 'C,,', '-a', '-i', pathOf('root')])
  const { stdout, stderr } = await run(vfychain, [
    '-d',
    db,
    '-pp',
    '-u',
    '1',
    '-a',
    pathOf('leaf'),
    pathOf('subordinate'),
  ])
  assert.match(stdout + stderr, /Chain is good/)
}

/** Connects over TLS to a server that presents the leaf certificate. The client trusts the root. */
async function handshake(pathOf: (name: string) => string): Promise<void> {
  const cert = `${await readFile(pathOf('leaf'), 'utf8')}${await readFile(pathOf('subordinate'), 'utf8')}`
  const key = await readFile(join(folder, 'server.key'))
  const server = createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const socket = connect({
    port: address.port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: await readFile(pathOf('root')),
  })
  const text = await new Promise<string>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('data', (data) => resolve(data.toString()))
  })
  assert.equal(socket.authorized, true)
  assert.equal(text, 'hello')
  socket.destroy()
  await new Promise((resolve) => server.close(resolve))
}

async function runClient(client: string, command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output += data.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  assert.equal(code, 0, `${client}:\n${output}`)
}

/** Whether the CA keys are in a token. Clients cannot detect a token, so a few clients are enough for a test with a token. */
const isOnToken = chosenKeyFlags().caKeys !== undefined
const isThorough = thorough && !isOnToken

const scriptPath = (name: string): string => join(import.meta.dirname, name)

for (const { command, optional } of isThorough ? allClients('python3') : clients('python3'))
  test(`boto3 with ${command} creates a hierarchy that foreign verifiers accept`, async (t) => {
    const found = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
    if (found === undefined) return
    const client = `boto3${command.replaceAll('/', '-')}`
    const out = await clientFolder(client)
    await runClient(client, found, [scriptPath('hierarchy_boto3.py'), service.url, out, serverCsr])
    await verify(t, client)
  })

for (const { command, optional } of isOnToken
  ? []
  : isThorough
    ? allClients('aws')
    : clients('aws'))
  test(`the AWS CLI ${command} creates a hierarchy that foreign verifiers accept`, async (t) => {
    const found = await tool(t, command, { optional })
    if (found === undefined) return
    const client = `cli${command.replaceAll('/', '-')}`
    const out = await clientFolder(client)
    const script = scriptPath('hierarchy_aws_cli.sh')
    await runClient(client, 'sh', [script, found, service.url, out, serverCsr])
    await verify(t, client)
  })

test('the AWS SDK for JavaScript creates a hierarchy that foreign verifiers accept', async (t) => {
  const out = await clientFolder('sdk-js')
  const client = new ACMPCAClient({
    endpoint: service.url,
    region: 'eu-central-1',
    credentials: service.credentials,
  })
  const create = async (kind: CertificateAuthorityType): Promise<{ arn: string; csr: string }> => {
    const { CertificateAuthorityArn: arn = '' } = await client.send(
      new CreateCertificateAuthorityCommand({
        CertificateAuthorityType: kind,
        CertificateAuthorityConfiguration: {
          KeyAlgorithm: 'EC_secp384r1',
          SigningAlgorithm: 'SHA384WITHECDSA',
          Subject: { Organization: 'Signet Test', CommonName: `SDK ${kind}` },
        },
      }),
    )
    const waited = await waitUntilCertificateAuthorityCSRCreated(
      { client, maxWaitTime: 30, minDelay: 1 },
      { CertificateAuthorityArn: arn },
    )
    assert.equal(waited.state, 'SUCCESS')
    const { Csr = '' } = await client.send(
      new GetCertificateAuthorityCsrCommand({ CertificateAuthorityArn: arn }),
    )
    return { arn, csr: Csr }
  }
  const validityDays: Record<string, number> = {
    RootCACertificate: 3650,
    SubordinateCACertificate_PathLen0: 365,
  }
  const issue = async (
    arn: string,
    csrPem: string,
    template: string,
  ): Promise<{ certificate: string; chain: string }> => {
    const { CertificateArn } = await client.send(
      new IssueCertificateCommand({
        CertificateAuthorityArn: arn,
        Csr: Buffer.from(csrPem),
        SigningAlgorithm: 'SHA384WITHECDSA',
        TemplateArn: `arn:aws:acm-pca:::template/${template}/V1`,
        Validity: { Type: 'DAYS', Value: validityDays[template] ?? 30 },
      }),
    )
    const identifiers = { CertificateAuthorityArn: arn, CertificateArn }
    const waited = await waitUntilCertificateIssued(
      { client, maxWaitTime: 30, minDelay: 1 },
      identifiers,
    )
    assert.equal(waited.state, 'SUCCESS')
    const { Certificate = '', CertificateChain = '' } = await client.send(
      new GetCertificateCommand(identifiers),
    )
    return { certificate: Certificate, chain: CertificateChain }
  }
  const importInto = (
    arn: string,
    { certificate, chain }: { certificate: string; chain: string },
  ) =>
    client.send(
      new ImportCertificateAuthorityCertificateCommand({
        CertificateAuthorityArn: arn,
        Certificate: Buffer.from(certificate),
        ...(chain === '' ? {} : { CertificateChain: Buffer.from(chain) }),
      }),
    )
  const root = await create('ROOT')
  const rootCertificate = await issue(root.arn, root.csr, 'RootCACertificate')
  await importInto(root.arn, rootCertificate)
  const subordinate = await create('SUBORDINATE')
  const certificate = await issue(root.arn, subordinate.csr, 'SubordinateCACertificate_PathLen0')
  await importInto(subordinate.arn, certificate)
  const leaf = await issue(
    subordinate.arn,
    await readFile(serverCsr, 'utf8'),
    'EndEntityServerAuthCertificate',
  )
  await writeFile(join(out, 'root.pem'), `${rootCertificate.certificate}\n`)
  await writeFile(join(out, 'subordinate.pem'), `${certificate.certificate}\n`)
  await writeFile(join(out, 'leaf.pem'), `${leaf.certificate}\n`)
  await writeFile(join(out, 'chain.pem'), `${leaf.chain}\n`)
  const arns: (string | undefined)[] = []
  for await (const page of paginateListCertificateAuthorities({ client, pageSize: 1 }, {}))
    arns.push(...(page.CertificateAuthorities ?? []).map(({ Arn }) => Arn))
  assert.ok(arns.includes(root.arn) && arns.includes(subordinate.arn))
  await verify(t, 'sdk-js')
})

async function clientFolder(client: string): Promise<string> {
  const path = join(folder, client)
  await run('mkdir', ['-p', path])
  return path
}
