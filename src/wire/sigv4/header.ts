import { incompleteSignature } from '../../errors.ts'
import { parseCredential, parseSignedHeaders, type SignatureClaim } from './credential.ts'
import type { RawHeaders } from './request.ts'
import { parseTimestamp } from './timestamp.ts'

/** The one algorithm that is accepted. */
export const signatureAlgorithm = 'AWS4-HMAC-SHA256'

const authorizationLengthMax = 8192
const echoLengthMax = 1024
const required = ['Credential', 'Signature', 'SignedHeaders'] as const

/**
 * Reads the Authorization header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` (AWS IAM User Guide,
 * Create a signed AWS API request, step 5). Throws IncompleteSignatureException, naming every part that is missing,
 * or InvalidSignatureException.
 */
export function parseAuthorization(authorization: string, headers: RawHeaders): SignatureClaim {
  if (authorization.length > authorizationLengthMax)
    throw incompleteSignature(
      `Authorization header must have at most ${authorizationLengthMax} characters.`,
    )
  const parameters = parseParameters(authorization)
  const timestamp = headers.get('x-amz-date')?.[0] ?? headers.get('date')?.[0]
  const problems = required
    .filter((name) => !parameters.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`)
  if (!timestamp)
    problems.push(
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    )
  if (problems.length > 0 || timestamp === undefined)
    throw incompleteSignature(
      `${problems.join(' ')} Authorization=${authorization.slice(0, echoLengthMax)}`,
    )
  return {
    ...parseCredential(parameters.get('Credential') ?? ''),
    signedHeaders: parseSignedHeaders(parameters.get('SignedHeaders') ?? ''),
    signature: parameters.get('Signature') ?? '',
    timestamp: parseTimestamp(timestamp),
    expiresSeconds: undefined,
    securityToken: headers.get('x-amz-security-token')?.[0],
  }
}

/** Parameters after the algorithm; none for a scheme that is not AWS's, such as Bearer. */
function parseParameters(authorization: string): ReadonlyMap<string, string> {
  const space = authorization.indexOf(' ')
  const algorithm = space < 0 ? authorization : authorization.slice(0, space)
  const parameters = new Map<string, string>()
  if (!algorithm.startsWith('AWS')) return parameters
  if (algorithm !== signatureAlgorithm)
    throw incompleteSignature(`Unsupported AWS 'algorithm': '${algorithm.slice(0, 64)}'.`)
  if (space < 0) return parameters
  for (const part of authorization.slice(space + 1).split(','))
    addParameter(parameters, part.trim())
  return parameters
}

function addParameter(parameters: Map<string, string>, part: string): void {
  const equals = part.indexOf('=')
  if (equals < 0)
    throw incompleteSignature(
      `Invalid key=value pair (missing equal-sign) in Authorization header: '${part.slice(0, 64)}'.`,
    )
  const name = part.slice(0, equals)
  if (parameters.has(name))
    throw incompleteSignature(
      `Authorization header must have '${name.slice(0, 64)}' parameter only once.`,
    )
  parameters.set(name, part.slice(equals + 1))
}
