/** The root certificates to add to trust stores or remove from them. */
import { hash } from 'node:crypto'
import type { Client } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import { nameWords } from '../../inspect/value-texts.ts'
import { parseCertificate, type Certificate } from '../../x509/certificate.ts'
import { issuerTolerance } from '../../x509/der/tolerance.ts'
import { oids } from '../../x509/der/oid.ts'
import { parseBasicConstraints } from '../../x509/extensions/basic-constraints.ts'
import { findExtension } from '../../x509/extensions/extensions.ts'
import { sameName } from '../../x509/names/name.ts'
import { encodePem, parsePem, pemText } from '../../x509/pem.ts'
import { chooseAuthority, listAuthorities } from '../authorities.ts'

export interface Root {
  readonly pem: string
  readonly subject: string
  /** SHA-256 of the DER-encoded certificate, in lower-case hexadecimal. */
  readonly fingerprint: string
}

/**
 * Returns the roots above one CA, or above all CAs in the account that have a certificate. Rejects with ConfigurationError if
 * no roots are found.
 */
export async function rootsOfServer(client: Client, ca: string | undefined): Promise<Root[]> {
  const authorities =
    ca === undefined
      ? (await listAuthorities(client)).filter(({ status }) => status === 'ACTIVE')
      : [await chooseAuthority(client, ca)]
  const roots = new Map<string, Root>()
  for (const { arn } of authorities) {
    const { Certificate: pem = '', CertificateChain: chain = '' } =
      await client.getCertificateAuthorityCertificate({ CertificateAuthorityArn: arn })
    const highest = [...parsePem(pem), ...parsePem(chain)].at(-1)
    const certificate = highest && parseCertificate(highest.der, issuerTolerance)
    if (certificate === undefined || !isRoot(certificate)) continue
    const root = rootOf(certificate)
    roots.set(root.fingerprint, root)
  }
  if (roots.size === 0) throw new ConfigurationError('no ACTIVE CA with a root certificate exists')
  return [...roots.values()]
}

/**
 * Returns all certificates in a file. Throws ConfigurationError unless every certificate in the file is a
 * self-issued CA certificate.
 */
export function rootsInFile(bytes: Uint8Array, path: string): Root[] {
  const certificates = certificatesIn(bytes, path)
  const other = certificates.find((certificate) => !isRoot(certificate))
  if (other !== undefined)
    throw new ConfigurationError(
      `--file: ${path} contains ${nameWords(other.subject)}, which is not a root certificate`,
    )
  if (certificates.length === 0) throw new ConfigurationError(`--file: ${path} has no certificate`)
  return certificates.map(rootOf)
}

function certificatesIn(bytes: Uint8Array, path: string): Certificate[] {
  try {
    const text = pemText(bytes)
    const blocks = text.includes('-----BEGIN ') ? parsePem(text) : [{ label: '', der: bytes }]
    return blocks.map(({ der }) => parseCertificate(der, issuerTolerance))
  } catch (error) {
    throw new ConfigurationError(
      `--file: ${path} must contain root certificates only: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function isRoot({ subject, issuer, extensions }: Certificate): boolean {
  const constraints = findExtension(extensions, oids.basicConstraints)
  return (
    sameName(subject, issuer) &&
    constraints !== undefined &&
    parseBasicConstraints(constraints.value, issuerTolerance).ca
  )
}

function rootOf({ der, subject }: Certificate): Root {
  return {
    pem: encodePem('CERTIFICATE', der),
    subject: nameWords(subject),
    fingerprint: hash('sha256', der),
  }
}
