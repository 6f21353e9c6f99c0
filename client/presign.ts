/** Presigned URLs: the query string contains the call's members and signature (AWS IAM User Guide, Signature V4). */
import { SignatureV4 } from '@smithy/signature-v4'
import { checkOptions, dateRule, numberRule, textRule, type OptionRules } from './check-options.ts'
import { apiName, type OperationName } from './commands.ts'
import { encodeInput } from './json-form.ts'
import type { SdkClient } from './sdk-client.ts'

/** Options for a presigned URL. */
export interface PresignOptions {
  /** Lifetime of the URL in seconds, from 1 to 604800 (seven days); 3600 by default. */
  readonly expiresIn?: number
  /** HTTP method that the signature covers; by default `POST`, the only method that the service accepts. */
  readonly method?: string
  /** The start of the URL's lifetime; the current time by default. */
  readonly signingDate?: Date
}

const rules: OptionRules<PresignOptions> = {
  expiresIn: numberRule,
  method: textRule,
  signingDate: dateRule,
}

const expiresInMax = 604_800

/** Returns the headers that a request to a presigned URL must have. The signature covers the returned headers. */
export function presignedHeaders(operation: OperationName): Record<string, string> {
  return {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `ACMPrivateCA.${apiName(operation)}`,
  }
}

/**
 * Returns the presigned URL. Throws RangeError for an invalid lifetime. Throws TypeError for invalid options, and for
 * members that are lists or structures, because a query string cannot contain them.
 */
export async function presign(
  sdk: SdkClient,
  operation: OperationName,
  { input, options }: { readonly input: object; readonly options: PresignOptions },
): Promise<string> {
  checkOptions('generatePresignedUrl', options, rules)
  const { expiresIn = 3600, method = 'POST', signingDate } = options
  if (!Number.isSafeInteger(expiresIn) || expiresIn < 1 || expiresIn > expiresInMax)
    throw new RangeError(`expiresIn must be a number of seconds from 1 to ${expiresInMax}`)
  const { config } = sdk
  const { protocol, host, hostname, pathname } = await sdk.endpoint()
  // With the AWS JSON protocol, the SDK sends requests to a path that ends with a slash.
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
          `the ${operation} parameter ${name} is a list or a structure, which a presigned URL cannot contain`,
        )
      return [name, String(value)]
    }),
  )
}

/** Applies the percent-encoding of Signature V4, which leaves only A-Z a-z 0-9 - . _ ~ unencoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
