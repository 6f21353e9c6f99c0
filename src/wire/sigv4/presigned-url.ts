/**
 * Presigned URLs, which contain a signature in their query. The code in expiry.ts checks whether presigned URLs have expired.
 */
import { incompleteSignature } from '../../errors.ts'
import { parseCredential, parseSignedHeaders, type SignatureClaim } from './credential.ts'
import { parseExpires } from './expiry.ts'
import { signatureAlgorithm } from './header.ts'
import type { QueryString } from './query-string.ts'
import type { RawHeaders } from './request.ts'
import { parseTimestamp } from './timestamp.ts'

const required = ['Algorithm', 'Credential', 'Signature', 'SignedHeaders', 'Date'] as const
const names = [...required, 'Expires', 'Security-Token'] as const
const authenticationNames: ReadonlySet<string> = new Set(names.map((name) => `X-Amz-${name}`))

/** Returns whether the query of a request contains the request's signature. */
export function isPresigned({ names: parameterNames }: QueryString): boolean {
  return parameterNames.has('X-Amz-Algorithm')
}

/** Returns whether a query parameter belongs to the signature rather than to the operation. */
export function isAuthenticationParameter(name: string): boolean {
  return authenticationNames.has(name)
}

/**
 * Parses the signature of a presigned URL from its query (IAM User Guide, Query string parameters). Throws
 * InvalidSignatureException, or an IncompleteSignatureException that lists all parts that are missing, duplicate or out of
 * range.
 */
export function parsePresignedUrl(
  parameters: QueryString['parameters'],
  headers: RawHeaders,
): SignatureClaim {
  const values = collect(parameters)
  const algorithm = values.get('X-Amz-Algorithm') ?? ''
  if (algorithm !== signatureAlgorithm)
    throw incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm.slice(0, 64)}'.`)
  return {
    ...parseCredential(values.get('X-Amz-Credential') ?? ''),
    signedHeaders: parseSignedHeaders(values.get('X-Amz-SignedHeaders') ?? ''),
    signature: values.get('X-Amz-Signature') ?? '',
    timestamp: parseTimestamp(values.get('X-Amz-Date') ?? ''),
    expiresSeconds: parseExpires(values.get('X-Amz-Expires')),
    securityToken: values.get('X-Amz-Security-Token') ?? headers.get('x-amz-security-token')?.[0],
  }
}

function collect(parameters: QueryString['parameters']): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of parameters) {
    if (!isAuthenticationParameter(name)) continue
    if (values.has(name))
      throw incompleteSignature(`AWS query-string parameters must include '${name}' only once.`)
    values.set(name, value)
  }
  const problems = required
    .map((name) => `X-Amz-${name}`)
    .filter((name) => !values.get(name))
    .map((name) => `AWS query-string parameters must include '${name}'.`)
  if (problems.length > 0)
    throw incompleteSignature(`${problems.join(' ')} Re-examine the query-string parameters.`)
  return values
}
