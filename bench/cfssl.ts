/**
 * CFSSL as a benchmark peer that signs CSRs over HTTP. CFSSL runs either without authentication and storage, or with its HMAC
 * provider and SQLite. Unlike Signet, CFSSL does not flush each commit to disk: its SQLite driver uses WAL and
 * synchronous=NORMAL.
 */
import { execFile, spawn } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from '../test/support/free-port.ts'
import { onCores } from './machine.ts'
import type { BenchOptions } from './options.ts'
import { names } from './targets.ts'
import { addressOf, type LoadTarget } from './turns.ts'

const run = promisify(execFile)

export interface CfsslKey {
  readonly algo: 'ecdsa' | 'rsa'
  readonly size: number
}

export interface Peer {
  readonly load: LoadTarget
  /** Number of certificates in the peer's database; undefined if the peer has no database. */
  readonly stored: () => number | undefined
  stop(): void
}

/** Whether CFSSL is installed. */
export async function hasCfssl(): Promise<boolean> {
  return run('cfssl', ['version']).then(
    () => true,
    () => false,
  )
}

/** SQLite tables from CFSSL's migrations. */
const schema = `pragma journal_mode = wal;
  create table certificates (serial_number blob not null, authority_key_identifier blob not null,
    ca_label blob, status blob not null, reason int, expiry timestamp, revoked_at timestamp,
    pem blob not null, primary key (serial_number, authority_key_identifier));
  create table ocsp_responses (serial_number blob not null, authority_key_identifier blob not null,
    body blob not null, expiry timestamp, primary key (serial_number, authority_key_identifier),
    foreign key (serial_number, authority_key_identifier)
      references certificates (serial_number, authority_key_identifier));`

export interface CfsslRequest {
  readonly key: CfsslKey
  readonly csrs: readonly string[]
  /** Whether CFSSL uses the HMAC provider and SQLite. */
  readonly stores: boolean
}

/** Starts `cfssl serve` in a new folder below `data`, with a new CA. */
export async function startCfssl(
  data: string,
  { key, csrs, stores }: CfsslRequest,
  { cores, tls }: BenchOptions,
): Promise<Peer> {
  const port = await freePort()
  const folder = join(data, `cfssl-${port}`)
  await mkdir(folder)
  const file = async (name: string, content: unknown): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const ca = { CN: 'CFSSL', key, ca: { expiry: '87600h' } }
  const { stdout } = await run('cfssl', ['gencert', '-initca', await file('request.json', ca)])
  const issuer = JSON.parse(stdout) as { cert: string; key: string }
  const secret = randomBytes(16)
  const usages = ['digital signature', 'key encipherment', 'server auth', 'client auth']
  const profile = { usages, expiry: '720h', ...(stores && { auth_key: 'hmac' }) }
  const config = {
    signing: { default: profile },
    ...(stores && { auth_keys: { hmac: { type: 'standard', key: secret.toString('hex') } } }),
  }
  const path = join(folder, 'certificates.sqlite')
  const source = { driver: 'sqlite3', data_source: `file:${path}?_busy_timeout=60000` }
  const database = stores ? new DatabaseSync(path) : undefined
  database?.exec(schema)
  const flags = [
    ['-address', '127.0.0.1', '-port', String(port), '-loglevel', '5'],
    ['-ca', await file('ca.pem', issuer.cert), '-ca-key', await file('ca.key', issuer.key)],
    ['-config', await file('config.json', config)],
    stores ? ['-db-config', await file('database.json', source)] : [],
    tls === undefined ? [] : ['-tls-cert', tls.cert, '-tls-key', tls.key],
  ].flat()
  const [program = '', ...args] = onCores(cores, ['cfssl', 'serve', ...flags])
  const child = spawn(program, args, { stdio: 'ignore' })
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  await waitUntilServing(url)
  return {
    load: {
      name: stores ? names.cfsslStored : names.cfssl,
      pids: [child.pid ?? 0],
      ...addressOf(url),
      requests: () => csrs.map((csr) => signRequest(csr, stores ? secret : undefined)),
    },
    stored: () =>
      database && Number(database.prepare('select count(*) as n from certificates').get()?.['n']),
    stop() {
      child.kill('SIGKILL')
      database?.close()
    },
  }
}

/** Returns a complete HTTP request to sign a CSR, authenticated if a secret is given. */
function signRequest(csr: string, secret: Buffer | undefined): Buffer {
  const request = Buffer.from(JSON.stringify({ certificate_request: csr }))
  const token = secret && createHmac('sha256', secret).update(request).digest('base64')
  const body =
    token === undefined
      ? request
      : Buffer.from(JSON.stringify({ token, request: request.toString('base64') }))
  const head =
    `POST /api/v1/cfssl/${token === undefined ? 'sign' : 'authsign'} HTTP/1.1\r\n` +
    'Host: 127.0.0.1\r\nContent-Type: application/json\r\n'
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body])
}

async function waitUntilServing(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isServing = await fetch(url).then(
      () => true,
      () => false,
    )
    if (isServing) return
    await setTimeout(50)
  }
  throw new Error(`cfssl does not respond at ${url}`)
}
