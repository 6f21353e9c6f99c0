import { incompleteSignature, invalidSignature } from '../../errors.ts'

/** The signature of a request before it is verified. */
export interface SignatureClaim {
  readonly accessKeyId: string
  /** Date in the credential scope, in the form YYYYMMDD. */
  readonly date: string
  readonly region: string
  readonly service: string
  readonly terminator: string
  /** Names of the signed headers, including `host`, in lower case, in ascending order and without duplicates. */
  readonly signedHeaders: readonly string[]
  /** Signature as the client sent it: hexadecimal digits, which have not been validated. */
  readonly signature: string
  readonly timestamp: Date
  /** Validity period of a presigned URL, or undefined for a signature in the Authorization header. */
  readonly expiresSeconds: number | undefined
  /** Value of X-Amz-Security-Token, from the header or from the query. */
  readonly securityToken: string | undefined
}

export type CredentialScope = Pick<
  SignatureClaim,
  'accessKeyId' | 'date' | 'region' | 'service' | 'terminator'
>

const credentialLengthMax = 256
const signedHeadersLengthMax = 4096
const signedHeadersMax = 100
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/

/**
 * Splits `KEYID/YYYYMMDD/REGION/SERVICE/aws4_request` without validating the parts. Throws IncompleteSignatureException unless
 * there are five parts.
 */
export function parseCredential(text: string): CredentialScope {
  const parts = text.length > credentialLengthMax ? [] : text.split('/')
  const [accessKeyId = '', date = '', region = '', service = '', terminator = ''] = parts
  if (parts.length === 5) return { accessKeyId, date, region, service, terminator }
  throw incompleteSignature(
    'Credential must have exactly 5 slash-delimited elements, ' +
      `e.g. keyid/date/region/service/term, got '${text.slice(0, credentialLengthMax)}'`,
  )
}

/**
 * Parses `host;x-amz-date`. Throws InvalidSignatureException if the list is too long or unsorted, or contains duplicates or a
 * malformed name. The list must contain `host`, because the signature would otherwise also be valid for other servers.
 */
export function parseSignedHeaders(text: string): readonly string[] {
  const names = text.length > signedHeadersLengthMax ? [] : text.split(';')
  const ascending = names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name)
  if (
    names.length > signedHeadersMax ||
    !ascending ||
    !names.every((name) => headerName.test(name))
  )
    throw invalidSignature(
      'SignedHeaders must be a list of header names in lower case, sorted, without duplicates, ' +
        `delimited by ';', of at most ${signedHeadersMax} names and ${signedHeadersLengthMax} characters.`,
    )
  if (!names.includes('host'))
    throw invalidSignature(
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    )
  return names
}
