/** Peers that answer OCSP: `openssl ocsp`, which signs each answer, and `cfssl ocspserve`, which has them ready. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LoadTarget } from './turns.ts'

const run = promisify(execFile)

export interface OcspPeer {
  /** One request about one good certificate, again and again. */
  readonly load: LoadTarget
  stop(): void
}

/** A CA of OpenSSL's own with one certificate, in `folder`. */
export async function makePeerCa(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args)
  const ca = ['-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Peer', '-days', '30']
  await openssl('req', '-x509', ...key, ...ca)
  await openssl('req', ...key, '-keyout', at('l.key'), '-out', at('l.csr'), '-subj', '/CN=leaf')
  const by = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', '0x1001', '-days', '20']
  await openssl('x509', '-req', '-in', at('l.csr'), ...by, '-out', at('leaf.pem'))
  await writeFile(at('index.txt'), 'V\t391231235959Z\t\t1001\tunknown\t/CN=leaf\n')
  await ocspRequest(at('ca.pem'), at('leaf.pem'), at('request.der'))
}

/** DER of an OCSPRequest without a nonce, made by OpenSSL. */
export async function ocspRequest(issuer: string, leaf: string, out: string): Promise<Buffer> {
  await run('openssl', ['ocsp', '-issuer', issuer, '-cert', leaf, '-no_nonce', '-reqout', out])
  return readFile(out)
}

export async function startOpensslOcsp(folder: string, port: number): Promise<OcspPeer> {
  const at = (name: string): string => join(folder, name)
  const signer = ['-rsigner', at('ca.pem'), '-rkey', at('ca.key'), '-CA', at('ca.pem')]
  const child = spawn(
    'openssl',
    ['ocsp', '-index', at('index.txt'), '-port', String(port), '-ndays', '1', ...signer],
    { stdio: 'ignore' },
  )
  const der = await readFile(at('request.der'))
  await untilAnswering(port, der)
  return peerOf('openssl ocsp', child, { port, der })
}

export async function startCfsslOcsp(folder: string, port: number): Promise<OcspPeer> {
  const at = (name: string): string => join(folder, name)
  const signer = ['-ca', at('ca.pem'), '-responder', at('ca.pem'), '-responder-key', at('ca.key')]
  const about = ['-cert', at('leaf.pem'), '-loglevel', '5']
  const { stdout } = await run('cfssl', ['ocspsign', ...signer, ...about])
  const { ocspResponse } = JSON.parse(stdout) as { ocspResponse: string }
  await writeFile(at('responses'), `${ocspResponse}\n`)
  const child = spawn(
    'cfssl',
    ['ocspserve', '-port', String(port), '-responses', at('responses'), '-loglevel', '5'],
    { stdio: 'ignore' },
  )
  const der = await readFile(at('request.der'))
  await untilAnswering(port, der)
  return peerOf('cfssl ocspserve', child, { port, der })
}

/** A whole HTTP request with an OCSPRequest in its body. */
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

/** Asked as it will be: OpenSSL's responder waits for ever for who connects and says nothing. */
async function untilAnswering(port: number, der: Buffer): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answered = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request', connection: 'close' },
      body: new Uint8Array(der),
      signal: AbortSignal.timeout(2000),
    }).then(
      (response) => response.ok,
      () => false,
    )
    if (answered) return
    await setTimeout(50)
  }
  throw new Error(`nothing answers OCSP on port ${port}`)
}
