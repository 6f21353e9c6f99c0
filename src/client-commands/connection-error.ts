/** Readable messages for failed connections to a server, shared by all commands that call the API or read a URL. */
import { ConfigurationError } from '../errors.ts'

export function cannotConnect(endpoint: string, reason: string): string {
  return `cannot connect to ${endpoint} (${reason}): start the server with 'signet serve', or specify another --endpoint`
}

/** Node.js error codes for a server certificate whose issuer is not trusted. */
const untrustedCodes: ReadonlySet<unknown> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])

/** Node.js error codes for a failed connection to the server. */
const unreachableCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Replaces unhelpful error messages from Node.js and the SDK with messages that state what the user can do. */
export function explainConnectionError(error: unknown, endpoint: string): unknown {
  for (let each = error; each instanceof Error; each = each.cause) {
    const advice = adviceFor(each, endpoint)
    if (advice !== undefined) return new Error(advice, { cause: error })
    if (each.name === 'CredentialsProviderError')
      return new ConfigurationError(
        "no credentials found: specify the server's data folder with --data, or use --profile, AWS_PROFILE or AWS_ACCESS_KEY_ID",
        { cause: error },
      )
  }
  return error
}

function adviceFor(error: Error, endpoint: string): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (error.message.includes('Deserialization error'))
    return `${endpoint} does not serve the AWS Private CA API; it may be the URL of the server's public listener`
  // Node.js adds advice on its own flags after a semicolon.
  if (untrustedCodes.has(code))
    return `the TLS certificate of ${endpoint} is not trusted (${error.message.replace(/;.*/s, '')}): specify the root certificate of its issuer with --ca-file`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `the TLS certificate of ${endpoint} is for another name: ${error.message}`
  if (code !== undefined && unreachableCodes.has(code)) return cannotConnect(endpoint, code)
  const advice = schemeAdvice(error, endpoint)
  if (advice !== undefined) return advice
  // The SDK also calls a closed connection a TimeoutError.
  return error.name === 'TimeoutError'
    ? `${endpoint} did not respond in time: check the server and the network`
    : undefined
}

/** Node.js error codes for a connection that the server has closed. */
const closedCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Node.js error codes for a response that is not TLS. */
const plainResponseCodes: ReadonlySet<string> = new Set([
  'EPROTO',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
])

/** Returns advice for an error that occurs if a URL has the scheme http and the server has TLS, or the reverse. */
export function schemeAdvice(error: unknown, url: string): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code = '' } = each as NodeJS.ErrnoException
    if (plainResponseCodes.has(code))
      return `${url} does not speak TLS: use an http:// URL, or start the server with TLS`
    if (closedCodes.has(code))
      return url.startsWith('http:')
        ? `${url} closed the connection: use an https:// URL if the server has TLS`
        : `${url} closed the connection: check the server's log`
  }
  return undefined
}
