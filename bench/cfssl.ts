/** CFSSL as a peer: it signs over HTTP too, without authentication and without storing anything. */
import { execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface CfsslKey {
  readonly algo: 'ecdsa' | 'rsa'
  readonly size: number
}

export interface Peer {
  readonly host: string
  readonly port: number
  /** A whole HTTP request that signs a CSR. */
  signRequest(csrPem: string): Buffer
  stop(): void
}

/** Whether CFSSL is installed. */
export async function hasCfssl(): Promise<boolean> {
  return run('cfssl', ['version']).then(
    () => true,
    () => false,
  )
}

/** Starts `cfssl serve` in `folder` with a CA of that kind. */
export async function startCfssl(folder: string, key: CfsslKey, port: number): Promise<Peer> {
  const at = (name: string): string => join(folder, `cfssl-${key.algo}-${key.size}-${name}`)
  await writeFile(
    at('request.json'),
    JSON.stringify({ CN: 'CFSSL', key, ca: { expiry: '87600h' } }),
  )
  const { stdout } = await run('cfssl', ['gencert', '-initca', at('request.json')])
  const made = JSON.parse(stdout) as { cert: string; key: string }
  await writeFile(at('ca.pem'), made.cert)
  await writeFile(at('ca-key.pem'), made.key, { mode: 0o600 })
  const profile = {
    usages: ['digital signature', 'key encipherment', 'server auth', 'client auth'],
    expiry: '720h',
  }
  await writeFile(at('config.json'), JSON.stringify({ signing: { default: profile } }))
  const child = spawn(
    'cfssl',
    [
      'serve',
      '-address',
      '127.0.0.1',
      '-port',
      String(port),
      '-loglevel',
      '5',
      '-ca',
      at('ca.pem'),
      '-ca-key',
      at('ca-key.pem'),
      '-config',
      at('config.json'),
    ],
    { stdio: 'ignore' },
  )
  await waitUntilServing(port)
  return {
    host: '127.0.0.1',
    port,
    signRequest(csrPem) {
      const body = JSON.stringify({ certificate_request: csrPem })
      return Buffer.from(
        `POST /api/v1/cfssl/sign HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
    },
    stop: () => child.kill(),
  }
}

async function waitUntilServing(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const served = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (served) return
    await setTimeout(50)
  }
  throw new Error('cfssl does not serve')
}
