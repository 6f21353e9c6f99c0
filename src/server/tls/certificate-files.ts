/** Certificates, keys and CAs of the API listener that are in files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.ts'

/** The certificate and its key. Throws ConfigurationError if they cannot be read or do not belong together. */
export async function readCertificateAndKey(
  certFile: string,
  keyFile: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, key] = await Promise.all([
    readText('--tls-cert', certFile),
    readText('--tls-key', keyFile),
  ])
  const certificate = readCertificate('--tls-cert', certFile, cert)
  const privateKey = understood(`--tls-key ${keyFile} is no private key in PEM`, () =>
    createPrivateKey(key),
  )
  if (!certificate.checkPrivateKey(privateKey))
    throw new ConfigurationError(`--tls-key ${keyFile} is not the key of --tls-cert ${certFile}`)
  return { cert, key }
}

/**
 * Returns a warning with the command that fixes the mode if every local user can read the key. Undefined otherwise: a group may
 * read the key, because Kubernetes and cert-manager grant access to a group.
 */
export async function keyModeWarning(keyFile: string): Promise<string | undefined> {
  const { mode } = await stat(keyFile)
  return (mode & 0o004) === 0
    ? undefined
    : `every local user can read --tls-key ${keyFile}; restrict it with: chmod 640 ${keyFile}`
}

/** CAs that clients must have a certificate of. Throws ConfigurationError if they cannot be read. */
export async function readClientAuthorities(file: string): Promise<string> {
  const text = await readText('--tls-client-ca', file)
  readCertificate('--tls-client-ca', file, text)
  return text
}

function readCertificate(flag: string, file: string, text: string): X509Certificate {
  return understood(`${flag} ${file} is no certificate in PEM`, () => new X509Certificate(text))
}

async function readText(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (error) {
    throw new ConfigurationError(`${flag} ${file} cannot be read: ${(error as Error).message}`)
  }
}

/** What OpenSSL says of a key may have some of it: it is not repeated. */
function understood<T>(problem: string, read: () => T): T {
  try {
    return read()
  } catch {
    throw new ConfigurationError(problem)
  }
}
