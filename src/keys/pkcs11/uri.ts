/**
 * PKCS #11 URIs (RFC 7512) that locate a private key: `pkcs11:token=…;object=…;id=…;type=private`. A URI may contain only the
 * path attributes that Signet writes, so there is exactly one URI for each key.
 */

/** Location of a private key in a PKCS #11 token. */
export interface TokenKey {
  /** CKA_LABEL of the token: 1 to 32 bytes of UTF-8 without padding. */
  readonly token: string
  /** CKA_LABEL of the key: 1 to 255 bytes of UTF-8. */
  readonly label: string
  /** CKA_ID of the key: 1 to 255 bytes. */
  readonly id: Uint8Array
}

const scheme = 'pkcs11:'
const tokenBytesMax = 32
const attributeBytesMax = 255
/** Characters that are not percent-encoded in a path attribute: the unreserved characters (RFC 3986 §2.3). */
const unreserved = /^[A-Za-z0-9\-._~]$/

/** Encodes the location of a private key as a URI. Throws TypeError if a value is empty or too long. */
export function encodeUri({ token, label, id }: TokenKey): string {
  const attributes = [
    ['token', encodeText(token, tokenBytesMax)],
    ['object', encodeText(label, attributeBytesMax)],
    ['id', encodeId(id)],
    ['type', 'private'],
  ]
  return scheme + attributes.map(([name, value]) => `${name}=${value}`).join(';')
}

/** Parses a URI created by `encodeUri`. Returns undefined for any other string. */
export function parseUri(uri: string): TokenKey | undefined {
  const path = /^pkcs11:token=([^;]+);object=([^;]+);id=([^;]+);type=private$/.exec(uri)
  if (path === null) return undefined
  const [token, label, id] = path.slice(1).map((value) => decodeBytes(value))
  if (token === undefined || label === undefined || id === undefined) return undefined
  const key = { token: token.toString('utf8'), label: label.toString('utf8'), id }
  return isEncodingOf(uri, key) ? { ...key, id: Uint8Array.from(id) } : undefined
}

function isEncodingOf(uri: string, key: TokenKey): boolean {
  try {
    return encodeUri(key) === uri
  } catch {
    return false
  }
}

function encodeText(text: string, max: number): string {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length === 0 || bytes.length > max || bytes.toString('utf8') !== text)
    throw new TypeError(`a label must have 1 to ${max} bytes of UTF-8`)
  return [...bytes].map((byte) => encodeByte(byte)).join('')
}

function encodeByte(byte: number): string {
  const character = String.fromCodePoint(byte)
  return unreserved.test(character) ? character : percentEncode(byte)
}

/** In an identifier, every byte is percent-encoded (RFC 7512 §2.3). */
function encodeId(id: Uint8Array): string {
  if (id.length === 0 || id.length > attributeBytesMax)
    throw new TypeError(`the ID of a key must have 1 to ${attributeBytesMax} bytes`)
  return [...id].map((byte) => percentEncode(byte)).join('')
}

function percentEncode(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function decodeBytes(value: string): Buffer | undefined {
  if (!/^(?:[A-Za-z0-9\-._~]|%[0-9A-F]{2})+$/.test(value)) return undefined
  const hex = value.replaceAll(/%([0-9A-F]{2})|(.)/g, (_all, encoded?: string, plain?: string) =>
    encoded === undefined ? Buffer.from(plain ?? '', 'latin1').toString('hex') : encoded,
  )
  return Buffer.from(hex, 'hex')
}
