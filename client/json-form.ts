/** Converts inputs and outputs to and from the AWS JSON protocol, in which bytes are base64 and times are seconds since 1970. */
import { isDate, isUint8Array } from 'node:util/types'

/** Binary members that callers may pass as strings, by operation. All binary members contain PEM. */
export const blobMembers: Readonly<Record<string, readonly string[]>> = {
  importCertificateAuthorityCertificate: ['Certificate', 'CertificateChain'],
  issueCertificate: ['Csr'],
}

/** Response members that contain times. */
export const timeMembers = new Set([
  'CreatedAt',
  'LastStateChangeAt',
  'NotBefore',
  'NotAfter',
  'RestorableUntil',
  // Members of operations that only Signet has.
  'IssuedAt',
  'RevokedAt',
  'RequestedAt',
  'ExpiresAt',
  'DecidedAt',
  'UsedAt',
  'CreateDate',
  'GeneratedAt',
  'Start',
  'LastUsedDate',
  'Time',
  'SearchedSince',
  'SignedAt',
  'StartedAt',
  'CurrentTime',
  'LastStartedAt',
  'LastSucceededAt',
  'NextRunAt',
  'LastWorkAt',
  'ThisUpdate',
  'NextUpdate',
  'ProducedAt',
  'DueAt',
  'RetryAt',
  'SignerNotAfter',
])

/** Converts the input to JSON, omitting members that are undefined or null. */
export function encodeInput(operation: string, input: object): object {
  const blobs = blobMembers[operation] ?? []
  return Object.fromEntries(
    Object.entries(input)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]: [string, unknown]) => [
        name,
        blobs.includes(name) && typeof value === 'string'
          ? Buffer.from(value).toString('base64')
          : encodeValue(value),
      ]),
  )
}

function encodeValue(value: unknown): unknown {
  if (isDate(value)) return value.getTime() / 1000
  if (isUint8Array(value)) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(encodeValue)
  return typeof value === 'object' && value !== null ? encodeInput('', value) : value
}

/** Replaces the times in a response with Date objects, in place. */
export function decodeOutput(output: object): object {
  const members = output as Record<string, unknown>
  for (const [name, value] of Object.entries(members))
    if (typeof value === 'number' && timeMembers.has(name)) members[name] = new Date(value * 1000)
    else if (typeof value === 'object' && value !== null) decodeOutput(value)
  return output
}
