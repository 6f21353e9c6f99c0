/** Bytes to inspect: of a file, of standard input, of a URL, or the certificates that a TLS server presents. */
import { open } from 'node:fs/promises'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import { ConfigurationError } from '../errors.ts'
import { encodePem } from '../x509/pem.ts'

/** The longest CRL that Signet publishes is about 40 MiB: a million entries. */
const bytesMax = 64 * 1024 * 1024
const milliseconds = 15_000
/** The longest chain that is read. */
const chainMax = 10
const httpsPort = 443

/**
 * `-`, a URL of http, https or tls, or a file. With `tls`, what the server of an https URL presents instead of what it
 * serves. Rejects for more than 64 MiB, and after 15 seconds.
 */
export async function loadBytes(
  source: string,
  { tls, stdin }: { readonly tls: boolean; readonly stdin: () => AsyncIterable<unknown> },
): Promise<Uint8Array> {
  if (source === '-') return collect(stdin(), 'standard input')
  if (/^tls:\/\//i.test(source) || (tls && /^https:\/\//i.test(source))) return fetchChain(source)
  if (tls) throw new ConfigurationError('--tls goes with an https URL')
  return /^https?:\/\//i.test(source) ? download(source) : readWhole(source)
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    return await collect(file.createReadStream({ autoClose: false }), path)
  } finally {
    await file.close()
  }
}

async function collect(stream: AsyncIterable<unknown>, noun: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`${noun} is not bytes`)
    size += chunk.length
    if (size > bytesMax) throw new Error(`${noun} is larger than ${bytesMax / 1024 / 1024} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function download(url: string): Promise<Uint8Array> {
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(milliseconds) })
  } catch (error) {
    const { message, cause } = error as Error
    const reason = cause instanceof Error && cause.message !== '' ? cause.message : message
    throw new Error(`${url} cannot be read: ${reason}`, { cause: error })
  }
  if (!response.ok || response.body === null)
    throw new Error(`${url} is answered with status ${response.status}`)
  return collect(response.body, url)
}

/** PEM of the chain. It is only described, so it need not be trusted. */
function fetchChain(source: string): Promise<Uint8Array> {
  const url = new URL(source.replace(/^tls:/i, 'https:'))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? httpsPort : Number(url.port)
  return new Promise((resolve, reject) => {
    const isName = /[a-z]/i.test(host) && !host.includes(':')
    const socket = connect({
      host,
      port,
      rejectUnauthorized: false,
      ...(isName && { servername: host }),
    })
    const fail = (reason: string): void => {
      socket.destroy()
      reject(new Error(`${source} presents no certificate: ${reason}`))
    }
    socket.setTimeout(milliseconds, () => fail('it does not answer'))
    socket.once('error', ({ message }) => fail(message))
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true))
      socket.destroy()
      if (chain.length === 0) fail('there is none in its handshake')
      else resolve(Buffer.from(chain.map((der) => encodePem('CERTIFICATE', der)).join('')))
    })
  })
}

function chainOf(first: DetailedPeerCertificate): Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate: DetailedPeerCertificate | undefined = first
  while (certificate?.raw !== undefined && chain.length < chainMax) {
    chain.push(certificate.raw)
    // A root is its own issuer.
    const { issuerCertificate }: DetailedPeerCertificate = certificate
    certificate = issuerCertificate === certificate ? undefined : issuerCertificate
  }
  return chain
}
