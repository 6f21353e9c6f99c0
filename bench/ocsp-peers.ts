/** Other OCSP responders: `openssl ocsp` signs each response, and `cfssl ocspserve` serves presigned responses. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LoadTarget } from './turns.ts'

const run = promisify(execFile)

export interface OcspPeer {
  /** A load that repeats the same OCSP request for a valid certificate. */
  readonly load: LoadTarget
  stop(): void
}

/** Uses OpenSSL to create a CA with one certificate in `folder`. */
export async function makePeerCa(folder: string): Promise<void> {
  const path = (name: string): string => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args)
  const ca = ['-keyout', path('ca.key'), '-out', path('ca.pem'), '-subj', '/CN=Peer', '-days', '30']
  await openssl('req', '-x509', ...key, ...ca)
  await openssl('req', ...key, '-keyout', path('l.key'), '-out', path('l.csr'), '-subj', '/CN=leaf')
  const issuer = [
    '-CA',
    path('ca.pem'),
    '-CAkey',
    path('ca.key'),
    '-set_serial',
    '0x1001',
    '-days',
    '20',
  ]
  await openssl('x509', '-req', '-in', path('l.csr'), ...issuer, '-out', path('leaf.pem'))
  await writeFile(path('index.txt'), 'V\t391231235959Z\t\t1001\tunknown\t/CN=leaf\n')
  await ocspRequest(path('ca.pem'), path('leaf.pem'), path('request.der'))
}

/** Uses OpenSSL to create an OCSPRequest without a nonce, in DER. */
export async function ocspRequest(issuer: string, leaf: string, out: string): Promise<Buffer> {
  await run('openssl', ['ocsp', '-issuer', issuer, '-cert', leaf, '-no_nonce', '-reqout', out])
  return readFile(out)
}

export async function startOpensslOcsp(folder: string, port: number): Promise<OcspPeer> {
  const path = (name: string): string => join(folder, name)
  const signer = ['-rsigner', path('ca.pem'), '-rkey', path('ca.key'), '-CA', path('ca.pem')]
  const child = spawn(
    'openssl',
    ['ocsp', '-index', path('index.txt'), '-port', String(port), '-ndays', '1', ...signer],
    { stdio: 'ignore' },
  )
  const der = await readFile(path('request.der'))
  await untilResponding(port, der)
  return peerOf('openssl ocsp', child, { port, der })
}

export async function startCfsslOcsp(folder: string, port: number): Promise<OcspPeer> {
  const path = (name: string): string => join(folder, name)
  const signer = [
    '-ca',
    path('ca.pem'),
    '-responder',
    path('ca.pem'),
    '-responder-key',
    path('ca.key'),
  ]
  const certificate = ['-cert', path('leaf.pem'), '-loglevel', '5']
  const { stdout } = await run('cfssl', ['ocspsign', ...signer, ...certificate])
  const { ocspResponse } = JSON.parse(stdout) as { ocspResponse: string }
  await writeFile(path('responses'), `${ocspResponse}\n`)
  const child = spawn(
    'cfssl',
    ['ocspserve', '-port', String(port), '-responses', path('responses'), '-loglevel', '5'],
    { stdio: 'ignore' },
  )
  const der = await readFile(path('request.der'))
  await untilResponding(port, der)
  return peerOf('cfssl ocspserve', child, { port, der })
}

/** Returns a complete HTTP request with an OCSPRequest in its body. */
export function postRequest(path: string, der: Uint8Array): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/ocsp-request\r\n`
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${der.length}\r\n\r\n`), der])
}

function peerOf(
  name: string,
  child: ChildProcess,
  { port, der }: { readonly port: number; readonly der: Buffer },
): OcspPeer {
  const requests = (): Buffer[] => [postRequest('/', der)]
  return {
    load: { name, pids: [child.pid ?? 0], ports: [port], tls: false, requests },
    stop: () => child.kill('SIGKILL'),
  }
}

/** Waits until the responder answers an OCSP request. A connection without a request would block OpenSSL's responder forever. */
async function untilResponding(port: number, der: Buffer): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const hasResponded = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request', connection: 'close' },
      body: new Uint8Array(der),
      signal: AbortSignal.timeout(2000),
    }).then(
      (response) => response.ok,
      () => false,
    )
    if (hasResponded) return
    await setTimeout(50)
  }
  throw new Error(`no OCSP responder is available on port ${port}`)
}
