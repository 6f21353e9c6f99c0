/** Reads the API listener's certificate, its key, and the CAs for client certificates from files. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.ts'
import { systemErrorText } from '../../text/system-error.ts'

/**
 * Reads a certificate and its key in PEM. Throws ConfigurationError if a file cannot be read or the key does not match the
 * certificate.
 */
export async function readCertificateAndKey(
  certFile: string,
  keyFile: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, key] = await Promise.all([
    readText('--tls-cert', certFile),
    readText('--tls-key', keyFile),
  ])
  const certificate = readCertificate('--tls-cert', certFile, cert)
  const privateKey = parse(`--tls-key ${keyFile} does not contain a private key in PEM`, () =>
    createPrivateKey(key),
  )
  if (!certificate.checkPrivateKey(privateKey))
    throw new ConfigurationError(`--tls-key ${keyFile} is not the key of --tls-cert ${certFile}`)
  return { cert, key }
}

/**
 * Returns a warning if every local user can read the key file; otherwise undefined. The warning contains the command that
 * corrects the file mode. The file's group may read the key, because Kubernetes and cert-manager grant read access to a group.
 */
export async function keyModeWarning(keyFile: string): Promise<string | undefined> {
  const { mode } = await stat(keyFile)
  return (mode & 0o004) === 0
    ? undefined
    : `every local user can read --tls-key ${keyFile}; restrict it with: chmod 640 ${keyFile}`
}

/** Reads the CAs that may issue client certificates, in PEM. Throws ConfigurationError if the file cannot be read. */
export async function readClientAuthorities(file: string): Promise<string> {
  const text = await readText('--tls-client-ca', file)
  readCertificate('--tls-client-ca', file, text)
  return text
}

function readCertificate(flag: string, file: string, text: string): X509Certificate {
  return parse(
    `${flag} ${file} does not contain a certificate in PEM`,
    () => new X509Certificate(text),
  )
}

async function readText(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1')
  } catch (error) {
    throw new ConfigurationError(`${flag} ${file} cannot be read: ${systemErrorText(error)}`)
  }
}

/**
 * Parses the content of a certificate or key file. OpenSSL's error message is omitted because it may contain parts of a key.
 */
function parse<T>(problem: string, read: () => T): T {
  try {
    return read()
  } catch {
    throw new ConfigurationError(problem)
  }
}
