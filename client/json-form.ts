/** Members as callers have them, and as JSON of the AWS JSON protocol: bytes are base64, times are seconds since 1970. */

/** Members whose bytes callers may give as text, by operation. All of them are PEM. */
export const blobMembers: Readonly<Record<string, readonly string[]>> = {
  importCertificateAuthorityCertificate: ['Certificate', 'CertificateChain'],
  issueCertificate: ['Csr'],
}

/** Members of responses that are times. */
export const timeMembers = new Set([
  'CreatedAt',
  'LastStateChangeAt',
  'NotBefore',
  'NotAfter',
  'RestorableUntil',
  // Of ListCertificates, which only Signet has.
  'IssuedAt',
  'RevokedAt',
])

/** Members without a value are left out. */
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
  if (value instanceof Date) return value.getTime() / 1000
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(encodeValue)
  return typeof value === 'object' && value !== null ? encodeInput('', value) : value
}

/** Changes the response in place. */
export function decodeOutput(output: object): object {
  const members = output as Record<string, unknown>
  for (const [name, value] of Object.entries(members))
    if (typeof value === 'number' && timeMembers.has(name)) members[name] = new Date(value * 1000)
    else if (typeof value === 'object' && value !== null) decodeOutput(value)
  return output
}
