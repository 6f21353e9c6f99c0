/**
 * A server with an enrollment listener for foreign ACME clients. The server is the built program with two workers. Challenges use
 * a DNS server and a web server's files. Names below `acme.test` resolve to 127.0.0.1.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { TestDnsServer } from '../../support/dns-server.ts'
import { freePort } from '../../support/free-port.ts'
import { startBalancer } from './balancer.ts'
import { command, enrollUrlOf, startServer, type ServerProcess } from '../../support/process.ts'

const run = promisify(execFile)

/** A key for external account binding, in the form that clients accept. */
export interface BindingKey {
  readonly keyId: string
  /** The MAC key in base64url. */
  readonly macKey: string
}

export interface AcmeWorld extends AsyncDisposable {
  readonly folder: string
  readonly server: ServerProcess
  /** File with the root certificate of the issuing CA. */
  readonly rootFile: string
  /** File with the root above the enrollment listener's certificate. */
  readonly listenerRootFile: string
  readonly httpPort: number
  readonly tlsPort: number
  /** The folder that `serveWebroot` serves. */
  readonly webroot: string
  /** A script that changes TXT records. The arguments are `set NAME VALUE` or `clear NAME`. */
  readonly dnsScript: string
  directoryOf(endpoint: string): string
  /** Runs a `signet` command as the administrator, and returns its standard output. */
  signet(...args: readonly string[]): Promise<string>
  /** Sets the address of a name that is not in the DNS server yet; 127.0.0.1 by default. */
  addName(name: string, address?: string): void
  createBindingKey(endpoint: string, ...options: readonly string[]): Promise<BindingKey>
}

interface WorldOptions {
  /** Endpoint names, each with its options for `signet acme create`. */
  readonly endpoints: Readonly<Record<string, readonly string[]>>
  /** URL of a PostgreSQL database that two nodes share. The nodes receive requests in turn. */
  readonly database?: string
}

export const issuingAuthority = 'Example ACME Issuing CA'
export const rootAuthority = 'Example ACME Root CA'

/** Starts the server, creates a hierarchy, and creates the endpoints. */
export async function openAcmeWorld({ endpoints, database }: WorldOptions): Promise<AcmeWorld> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'signet-acme-'))
  stack.defer(() => rm(folder, { recursive: true }))
  const dns = stack.use(await TestDnsServer.start())
  const [httpPort, tlsPort] = [await freePort(), await freePort()]
  const flags = [
    ['--workers', '2'],
    ['--enroll-listen', '127.0.0.1:0'],
    ['--enroll-names', 'localhost,127.0.0.1'],
    ['--acme-resolver', dns.address],
    ['--acme-networks', '127.0.0.0/8'],
    ['--acme-http-port', `${httpPort}`],
    ['--acme-tls-port', `${tlsPort}`],
  ]
  const data = join(folder, 'data')
  const start = async (node: string): Promise<ServerProcess> => {
    const started = await startServer(node, [
      ...flags.flat(),
      ...(database === undefined ? [] : ['--database', database]),
    ])
    stack.defer(async () => void (await started.stop('SIGTERM')))
    return started
  }
  const server = await start(data)
  const rootFile = join(folder, 'root.pem')
  const signet = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(args, {
      SIGNET_ENDPOINT: server.url,
      SIGNET_DATA: data,
      ...(database !== undefined && { SIGNET_DATABASE: database }),
    })
    if (code !== 0) throw new Error(`signet ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  await signet('init-hierarchy', '--name', 'Example ACME', '--ocsp', '--out', rootFile)
  for (const [name, options] of Object.entries(endpoints))
    await signet('acme', 'create', name, '--ca', issuingAuthority, ...options)
  let enrollUrl = enrollUrlOf(server)
  let listenerRootFile = join(data, 'tls-root.pem')
  if (database !== undefined) {
    const tls = join(folder, 'balancer')
    const names = ['--name', 'localhost', '--ip', '127.0.0.1']
    await signet('issue', ...names, '--ca', issuingAuthority, '--out', tls)
    const other = join(folder, 'other-node')
    await mkdir(other, { mode: 0o700 })
    await copyFile(join(data, 'master.key'), join(other, 'master.key'))
    const nodes = [enrollUrl, enrollUrlOf(await start(other))]
    const balancer = stack.use(await startBalancer(nodes, tls))
    enrollUrl = balancer.url
    listenerRootFile = rootFile
  }
  const challenges = await openChallengeFiles(folder, dns, stack)
  const moved = stack.move()
  return {
    folder,
    server,
    rootFile,
    listenerRootFile,
    httpPort,
    tlsPort,
    ...challenges,
    directoryOf: (endpoint) => `${enrollUrl}/acme/${endpoint}/directory`,
    signet,
    addName: (name, address = '127.0.0.1') => dns.set(name, { A: [address] }),
    async createBindingKey(endpoint, ...options) {
      const output = await signet('acme', 'eab', 'create', endpoint, ...options, '--output', 'json')
      const { KeyId, HmacKey } = JSON.parse(output) as { KeyId: string; HmacKey: string }
      return { keyId: KeyId, macKey: HmacKey }
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

/** Opens the folder for http-01 challenges, and writes the script for dns-01 challenges. */
async function openChallengeFiles(
  folder: string,
  dns: TestDnsServer,
  stack: AsyncDisposableStack,
): Promise<Pick<AcmeWorld, 'webroot' | 'dnsScript'>> {
  const webroot = join(folder, 'webroot')
  await mkdir(join(webroot, '.well-known/acme-challenge'), { recursive: true })
  const values = new Map<string, Set<string>>()
  const setRecord = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = basename(request.url ?? '').toLowerCase()
    const value = await text(request)
    const records = values.get(name) ?? new Set()
    if (request.method === 'PUT') records.add(value)
    else records.clear()
    values.set(name, records)
    dns.set(name, { TXT: [...records] })
    response.end()
  }
  const server = createServer((request, response) => {
    setRecord(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => void server.close())
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const dnsScript = join(folder, 'dns.sh')
  const lines = [
    '#!/bin/sh',
    'case "$1" in',
    `set) exec curl -sf -X PUT --data-binary "$3" "${url}/\${2%.}" ;;`,
    `clear) exec curl -sf -X DELETE "${url}/\${2%.}" ;;`,
    'esac',
  ]
  await writeScript(dnsScript, lines)
  return { webroot, dnsScript }
}

export async function writeScript(path: string, lines: readonly string[]): Promise<void> {
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o755 })
}

/** Serves the folder for http-01 challenges on the port that validation connects to, until the returned object is disposed. */
export async function serveWebroot({ webroot, httpPort }: AcmeWorld): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    const token = basename(request.url ?? '')
    const status = (code: number): ServerResponse =>
      response.writeHead(code, { 'content-type': 'text/plain' })
    readFile(join(webroot, '.well-known/acme-challenge', token)).then(
      (content) => status(200).end(content),
      () => status(404).end(),
    )
  }).listen(httpPort, '127.0.0.1')
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

/** Runs a foreign client, and throws with the client's output if it fails. */
export async function runClient(
  program: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const [file = '', ...args] = program
  try {
    const { stdout, stderr } = await run(file, args, {
      env: { PATH: process.env['PATH'], ...environment },
      timeout: 120_000,
    })
    return stdout + stderr
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    if (stdout === undefined) throw error
    // The error of execFile repeats the output.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`${program.join(' ')} failed:\n${stdout}${stderr}`)
  }
}
