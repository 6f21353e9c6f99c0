/** Presigned URLs: an operation with its members and its signature in the query (AWS IAM User Guide, Signature V4). */
import { SignatureV4 } from '@smithy/signature-v4'
import { apiName, type OperationName } from './commands.ts'
import { encodeInput } from './json-form.ts'
import type { SdkClient } from './sdk-client.ts'

export interface PresignOptions {
  /** Seconds from 1 to 604800, which is seven days; 3600 unless given. */
  readonly expiresIn?: number
  /** Method that the URL is for; POST, the only one that the service answers, unless given. */
  readonly method?: string
  /** Moment from which the URL is valid; now unless given. */
  readonly signingDate?: Date
}

const expiresInMax = 604_800

/** Headers that a request to a presigned URL of the operation must have: they are part of what is signed. */
export function presignedHeaders(operation: OperationName): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `ACMPrivateCA.${apiName(operation)}`,
  }
}

/**
 * The URL. Throws RangeError for a time that no URL can be valid for, and TypeError for a member that is a list or a
 * structure, for which a query has no form.
 */
export async function presign(
  sdk: SdkClient,
  operation: OperationName,
  { input, options }: { readonly input: object; readonly options: PresignOptions },
): Promise<string> {
  const { expiresIn = 3600, method = 'POST', signingDate } = options
  if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > expiresInMax)
    throw new RangeError(`expiresIn must be a number of seconds from 1 to ${expiresInMax}`)
  const { config } = sdk
  const { protocol, host, hostname, pathname } = await sdk.endpoint()
  // As the SDK sends requests of this protocol.
  const path = pathname.endsWith('/') ? pathname : `${pathname}/`
  const signer = new SignatureV4({
    credentials: config.credentials,
    region: config.region,
    service: 'acm-pca',
    sha256: config.sha256,
  })
  const headers = { host, ...presignedHeaders(operation) }
  const signed = await signer.presign(
    { method, protocol, hostname, path, headers, query: queryOf(operation, input) },
    {
      expiresIn,
      signingDate: signingDate ?? new Date(Date.now() + config.systemClockOffset),
      unhoistableHeaders: new Set(['x-amz-target']),
    },
  )
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encode(name)}=${encode(String(value))}`,
  )
  return `${protocol}//${host}${path}?${query.join('&')}`
}

type JsonValue = string | number | boolean | object

function queryOf(operation: OperationName, input: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(encodeInput(operation, input)).map(([name, value]: [string, JsonValue]) => {
      if (typeof value === 'object')
        throw new TypeError(
          `${name} of ${operation} is a list or a structure, which a presigned URL cannot hold`,
        )
      return [name, String(value)]
    }),
  )
}

/** As Signature V4 encodes: everything but A-Z a-z 0-9 - . _ ~. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
