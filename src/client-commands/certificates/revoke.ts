/** The command `signet revoke`, which revokes one or more certificates. */
import { ClientError, type Client, type RevocationReason } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import {
  certificateArn,
  readReference,
  resolveReference,
  type CertificateId,
  type LocalReference,
} from './resolve-certificate.ts'

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

/** A certificate that an argument or a line of a list refers to. */
export interface Target {
  readonly text: string
  /** Number of the line, starting with 1. */
  readonly line: number
}

/**
 * Parses a list with one certificate per line. Empty lines and lines that start with # are skipped. Only the first cell of each
 * CSV line is used, so that the output of `signet certificates list --output csv` is a valid list.
 */
export function parseTargets(text: string): Target[] {
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.trim(), line: index + 1 }))
    .filter((target) => target.text !== '' && !target.text.startsWith('#'))
    .map(({ text: words, line }) => ({ text: /^"([^"]*)"/.exec(words)?.[1] ?? words, line }))
    .filter((target) => !target.text.startsWith('CertificateArn,'))
}

/** Local references by the text of their targets. */
export type References = ReadonlyMap<string, LocalReference>

/** Reads the references in the arguments. Rejects with ConfigurationError if an argument is invalid. */
export async function readReferences(targets: readonly string[]): Promise<References> {
  const references = new Map<string, LocalReference>()
  for (const target of targets) references.set(target, await readReference(target))
  return references
}

/**
 * Reads the references in a list before the first revocation, because a file without certificates may have been specified by
 * mistake. Rejects with a ConfigurationError that contains the first invalid line and the number of invalid lines.
 */
export async function readList(targets: readonly Target[], file: string): Promise<References> {
  const references = new Map<string, LocalReference>()
  const problems: string[] = []
  for (const { text, line } of targets) {
    if (references.has(text)) continue
    try {
      references.set(text, await readReference(text))
    } catch (error) {
      problems.push(`line ${line}: ${(error as Error).message}`)
    }
  }
  const [first] = problems
  if (first === undefined) return references
  const list = file === '-' ? 'standard input' : file
  throw new ConfigurationError(
    `--from: ${problems.length} of ${targets.length} lines in ${list} do not refer to certificates, so no certificate was revoked; the first is ${first}`,
  )
}

/**
 * Revokes certificates sequentially. After a failure, the revocation continues with the next certificate. The promise
 * never rejects.
 */
export async function revokeAll(
  client: Client,
  references: References,
  options: RevokeOptions,
): Promise<Revocation[]> {
  const revocations: Revocation[] = []
  for (const [target, reference] of references) {
    if (references.size > 1)
      options.progress(`Revoking ${revocations.length + 1} of ${references.size}`)
    revocations.push(await revokeOne(client, { target, reference }, options))
  }
  return revocations
}

async function revokeOne(
  client: Client,
  { target, reference }: { readonly target: string; readonly reference: LocalReference },
  { reason, certificateAuthorityArn }: RevokeOptions,
): Promise<Revocation> {
  let id: CertificateId | undefined
  try {
    id = await resolveReference(client, reference, certificateAuthorityArn)
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
