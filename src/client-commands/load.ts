/** Loads bytes from a file, standard input or a URL, or the certificates that a TLS server presents. */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type DetailedPeerCertificate } from 'node:tls'
import { ConfigurationError } from '../errors.ts'
import { fetchErrorText, systemErrorText } from '../text/system-error.ts'
import { encodePem } from '../x509/pem.ts'
import { schemeAdvice } from './connection-error.ts'

/** Maximum size of loaded content. The largest CRL that Signet publishes has a million entries and is about 40 MiB. */
const bytesMax = 64 * 1024 * 1024
const milliseconds = 15_000
/** Maximum length of a certificate chain. */
const chainMax = 10
const httpsPort = 443

/**
 * Loads `-` (standard input), an http, https or tls URL, or a file. With `tls`, an https URL loads the certificates that its
 * server presents. Rejects if the content exceeds 64 MiB or takes longer than 15 seconds.
 */
export async function loadBytes(
  source: string,
  { tls, stdin }: { readonly tls: boolean; readonly stdin: () => AsyncIterable<unknown> },
): Promise<Uint8Array> {
  if (source === '-') return collect(stdin(), 'standard input')
  if (/^tls:\/\//i.test(source) || (tls && /^https:\/\//i.test(source))) return fetchChain(source)
  if (tls) throw new ConfigurationError('--tls requires an https URL')
  return /^https?:\/\//i.test(source) ? download(source) : readWhole(source)
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path).catch((error: unknown) => {
    throw new Error(`cannot read ${path}: ${systemErrorText(error)}`, { cause: error })
  })
  try {
    if ((await file.stat()).isDirectory()) throw new Error(folderProblem(path))
    return await collect(file.createReadStream({ autoClose: false }), path)
  } finally {
    await file.close()
  }
}

function folderProblem(path: string): string {
  // `signet issue` writes this file.
  const chain = join(path, 'fullchain.pem')
  return `cannot read ${path}: it is a folder; specify a file${existsSync(chain) ? `, such as ${chain}` : ''}`
}

async function collect(stream: AsyncIterable<unknown>, noun: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`${noun} is not binary data`)
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
    throw new Error(schemeAdvice(error, url) ?? `cannot read ${url}: ${fetchErrorText(error)}`, {
      cause: error,
    })
  }
  if (!response.ok || response.body === null)
    throw new Error(`${url} responded with status ${response.status}`)
  return collect(response.body, url)
}

/** Returns a TLS server's certificate chain in PEM. The chain is not verified, because it is only displayed. */
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
    socket.setTimeout(milliseconds, () => fail('the server does not respond'))
    // OpenSSL's error message contains the name of a source file, so only the error code is shown.
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      fail(
        code?.startsWith('ERR_SSL_') === true ? `the server does not speak TLS (${code})` : message,
      ),
    )
    socket.once('secureConnect', () => {
      const chain = chainOf(socket.getPeerCertificate(true))
      socket.destroy()
      if (chain.length === 0) fail('the server sent no certificate')
      else resolve(Buffer.from(chain.map((der) => encodePem('CERTIFICATE', der)).join('')))
    })
  })
}

function chainOf(first: DetailedPeerCertificate): Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate: DetailedPeerCertificate | undefined = first
  while (certificate?.raw !== undefined && chain.length < chainMax) {
    chain.push(certificate.raw)
    // The chain ends at a root, which is its own issuer.
    const { issuerCertificate }: DetailedPeerCertificate = certificate
    certificate = issuerCertificate === certificate ? undefined : issuerCertificate
  }
  return chain
}
