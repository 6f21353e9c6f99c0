/** The command `signet revoke`, which revokes one or more certificates. */
import { ClientError, type Client, type RevocationReason } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import { certificateArn, resolveCertificate, type CertificateId } from './resolve-certificate.ts'

/** The result for one certificate in the command's output form, with keys in PascalCase. */
export interface Revocation {
  /** The argument that referred to the certificate. */
  readonly Target: string
  /** ARN of the certificate; null if no certificate was found. */
  readonly CertificateArn: string | null
  readonly Result: 'revoked' | 'already revoked' | 'failed'
  readonly Problem?: string
}

export interface RevokeOptions {
  readonly reason: RevocationReason
  /** ARN of the CA that issued the certificates given by serial number; if undefined, all CAs are searched. */
  readonly certificateAuthorityArn: string | undefined
  readonly progress: (text: string) => void
}

/**
 * Revocation reasons, keyed by AWS name. The names in RFC 5280 differ from AWS's names only in case, except the
 * name for a compromised CA.
 */
const reasons = [
  'UNSPECIFIED',
  'KEY_COMPROMISE',
  'CERTIFICATE_AUTHORITY_COMPROMISE',
  'AFFILIATION_CHANGED',
  'SUPERSEDED',
  'CESSATION_OF_OPERATION',
  'PRIVILEGE_WITHDRAWN',
  'A_A_COMPROMISE',
] as const satisfies readonly RevocationReason[]

const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '')
const reasonByLetters = new Map<string, RevocationReason>([
  ...reasons.map((name) => [lettersOf(name), name] as const),
  ['cacompromise', 'CERTIFICATE_AUTHORITY_COMPROMISE'],
])

/**
 * Parses a revocation reason by its name in AWS (KEY_COMPROMISE) or in RFC 5280 (keyCompromise), ignoring case. Throws
 * ConfigurationError for any other string.
 */
export function parseReason(text: string): RevocationReason {
  const reason = reasonByLetters.get(lettersOf(text))
  if (reason !== undefined) return reason
  const note = ['certificatehold', 'removefromcrl'].includes(lettersOf(text))
    ? `a certificate cannot be put on hold; '${text}' is not supported`
    : `'${text}' is not a revocation reason`
  throw new ConfigurationError(`--reason: ${note}; use one of ${reasons.join(', ')}`)
}

/**
 * Parses a list with one certificate per line. Empty lines and lines that start with # are skipped. Only the first cell of each
 * CSV line is used, so that the output of `signet certificates list --output csv` is a valid list.
 */
export function parseTargets(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^"([^"]*)"/.exec(line)?.[1] ?? line)
    .filter((line) => !line.startsWith('CertificateArn,'))
}

/**
 * Revokes certificates sequentially. After a failure, the revocation continues with the next certificate. The promise
 * never rejects.
 */
export async function revokeAll(
  client: Client,
  targets: readonly string[],
  options: RevokeOptions,
): Promise<Revocation[]> {
  const revocations: Revocation[] = []
  for (const [index, target] of targets.entries()) {
    if (targets.length > 1) options.progress(`Revoking ${index + 1} of ${targets.length}`)
    revocations.push(await revokeOne(client, target, options))
  }
  return revocations
}

async function revokeOne(
  client: Client,
  target: string,
  { reason, certificateAuthorityArn }: RevokeOptions,
): Promise<Revocation> {
  let id: CertificateId | undefined
  try {
    id = await resolveCertificate(client, target, certificateAuthorityArn)
    await client.revokeCertificate({
      CertificateAuthorityArn: id.certificateAuthorityArn,
      CertificateSerial: id.serialNumber,
      RevocationReason: reason,
    })
    return { Target: target, CertificateArn: certificateArn(id), Result: 'revoked' }
  } catch (error) {
    const CertificateArn = id === undefined ? null : certificateArn(id)
    if (error instanceof ClientError && error.code === 'RequestAlreadyProcessedException')
      return { Target: target, CertificateArn, Result: 'already revoked' }
    const Problem =
      error instanceof ClientError ? error.response.Error.Message : (error as Error).message
    return { Target: target, CertificateArn, Result: 'failed', Problem }
  }
}
