/** Verifiers for certificates that foreign ACME clients have obtained: OpenSSL, GnuTLS, and an OCSP request from OpenSSL. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The files that a client has written. */
export interface IssuedFiles {
  /** The only DNS name or address in the certificate. */
  readonly name: string
  /** The certificate and its chain, without the root. */
  readonly fullchain: string
  readonly key: string
}

/** Checks the chain, the name and the key with OpenSSL, and the chain with GnuTLS. Returns the certificate's serial number. */
export async function judge(
  { name, fullchain, key }: IssuedFiles,
  rootFile: string,
): Promise<string> {
  const openssl = async (...args: readonly string[]): Promise<string> =>
    (await run('openssl', [...args])).stdout
  const names = isIP(name) === 0 ? ['-verify_hostname', name] : ['-verify_ip', name]
  const purpose = ['-purpose', 'sslserver', '-x509_strict', ...names]
  const chain = ['-CAfile', rootFile, '-untrusted', fullchain]
  assert.match(await openssl('verify', ...purpose, ...chain, fullchain), /: OK/)
  const publicKey = await openssl('x509', '-in', fullchain, '-noout', '-pubkey')
  assert.equal(await openssl('pkey', '-in', key, '-pubout'), publicKey, 'the key fits')
  const pem = await readFile(fullchain, 'utf8')
  assert.equal(
    pem.match(/BEGIN CERTIFICATE/g)?.length,
    2,
    'the chain has the issuing CA and no root',
  )
  const trust = ['--verify', '--load-ca-certificate', rootFile, '--infile', fullchain]
  const { stdout } = await run('certtool', trust)
  assert.match(stdout, /Verified/)
  return (await openssl('x509', '-in', fullchain, '-noout', '-serial')).trim()
}

/** Returns the OCSP status of the first certificate in a file: `good` or `revoked`. */
export async function revocationStatus(
  fullchain: string,
  rootFile: string,
): Promise<string | undefined> {
  const pem = await readFile(fullchain, 'utf8')
  const [, issuer = ''] = pem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
  const issuerFile = `${fullchain}.issuer`
  await writeFile(issuerFile, issuer)
  const { stdout: url } = await run('openssl', ['x509', '-in', fullchain, '-noout', '-ocsp_uri'])
  const request = [
    '-issuer',
    issuerFile,
    '-cert',
    fullchain,
    '-url',
    url.trim(),
    '-CAfile',
    rootFile,
  ]
  const { stdout } = await run('openssl', ['ocsp', ...request])
  return /: (good|revoked|unknown)/.exec(stdout)?.[1]
}
