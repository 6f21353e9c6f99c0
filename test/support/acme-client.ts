/**
 * An ACME client for tests (RFC 8555). The client signs with node:crypto and shares no code with src/acme. `AcmeClient` sends
 * correct requests. The functions create parts of requests, and hostile tests change these parts.
 */
import {
  createHash,
  createHmac,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { request as httpsRequest, Agent } from 'node:https'

export const accountKeyAlgorithms = ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'] as const
export type AccountKeyAlgorithm = (typeof accountKeyAlgorithms)[number]

/** The key pair of an ACME account. */
export interface AccountKey {
  readonly alg: AccountKeyAlgorithm
  readonly privateKey: KeyObject
  /** The public key as a JWK. */
  readonly jwk: JsonWebKey
}

/** A JWS in flattened JSON serialization. */
export interface Jws {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

export interface AcmeHttpRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface AcmeHttpResponse {
  readonly status: number
  /**
   * Header values by name in lower case. The values of a repeated header are joined with `, `, except for `link`, whose
   * values are in `links`.
   */
  readonly headers: Readonly<Record<string, string>>
  /** URLs in the `Link` headers, by relation. */
  readonly links: Readonly<Record<string, readonly string[]>>
  readonly text: string
}

/** Sends a single ACME request. Tests use `httpsTransport`, or a transport that calls routes without a listener. */
export type AcmeTransport = (request: AcmeHttpRequest) => Promise<AcmeHttpResponse>

/** A response whose body has been parsed if it is JSON. */
export interface AcmeResponse extends AcmeHttpResponse {
  /** Members of the JSON body; empty if the body is not JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests read members of any type and compare them
  readonly json: Readonly<Record<string, any>>
  /** The problem type without its prefix, such as `badNonce`; undefined if the response is not a problem document. */
  readonly problem: string | undefined
}

/** A key for external account binding, in the form that clients receive from the server's administrator. */
export interface ExternalBinding {
  readonly keyId: string
  readonly macKey: Uint8Array
}

export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  readonly newAuthz?: string
  readonly revokeCert: string
  readonly keyChange: string
  readonly renewalInfo?: string
  readonly meta?: Readonly<Record<string, unknown>>
}

interface PostOptions {
  /** Members that replace the correct members of the protected header. A member with the value undefined is removed. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Whether the protected header contains the key itself (`jwk`) instead of the account's URL (`kid`). */
  readonly withJwk?: boolean
  /** Key for the signature; the client's key by default. */
  readonly key?: AccountKey
}

interface RegisterOptions {
  readonly contacts?: readonly string[]
  readonly binding?: ExternalBinding
  /** Additional members of the payload, such as `onlyReturnExisting`. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Thrown for an error response where a test expects success. */
export class AcmeError extends Error {
  override name = 'AcmeError'
  readonly response: AcmeResponse

  constructor(response: AcmeResponse) {
    super(`status ${response.status}: ${response.text}`)
    this.response = response
  }
}

/**
 * An ACME client with one account key. The client's methods resolve even for error responses, which `expect` converts
 * to exceptions.
 */
export class AcmeClient {
  readonly key: AccountKey
  readonly directoryUrl: string
  readonly #transport: AcmeTransport
  #directory: Directory | undefined
  #nonce: string | undefined
  /** URL of the account, available after `register`. */
  accountUrl: string | undefined

  constructor(
    directoryUrl: string,
    transport: AcmeTransport,
    key: AccountKey = createAccountKey('ES256'),
  ) {
    this.directoryUrl = directoryUrl
    this.#transport = transport
    this.key = key
  }

  async directory(): Promise<Directory> {
    this.#directory ??= (await this.get(this.directoryUrl)).json as Directory
    return this.#directory
  }

  async get(url: string, method = 'GET'): Promise<AcmeResponse> {
    return parsed(await this.#transport({ method, url, headers: {} }))
  }

  /** Returns an unused nonce: the nonce in the previous response, or a new nonce. */
  async nonce(): Promise<string> {
    const nonce = this.#nonce ?? (await this.freshNonce())
    this.#nonce = undefined
    return nonce
  }

  async freshNonce(): Promise<string> {
    const { newNonce } = await this.directory()
    const { headers } = await this.get(newNonce, 'HEAD')
    const nonce = headers['replay-nonce']
    if (nonce === undefined) throw new Error(`${newNonce} returned no nonce`)
    return nonce
  }

  /**
   * Sends a signed request. `payload` is an object, an exact text, or undefined for POST-as-GET. A request that fails with
   * badNonce is not repeated.
   */
  async post(
    url: string,
    payload?: object | string,
    options: PostOptions = {},
  ): Promise<AcmeResponse> {
    return this.send(url, JSON.stringify(await this.sign(url, payload, options)))
  }

  /** Creates the JWS that `post` sends. */
  async sign(url: string, payload?: object | string, options: PostOptions = {}): Promise<Jws> {
    const { key = this.key, withJwk = this.accountUrl === undefined } = options
    const header = {
      alg: key.alg,
      nonce: await this.nonce(),
      url,
      ...(withJwk ? { jwk: key.jwk } : { kid: this.accountUrl }),
      ...options.header,
    }
    return signJws(key, header, payload)
  }

  /** Sends a body without changing it. */
  async send(
    url: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = { 'content-type': 'application/jose+json' },
  ): Promise<AcmeResponse> {
    const response = parsed(await this.#transport({ method: 'POST', url, headers, body }))
    this.#nonce = response.headers['replay-nonce'] ?? this.#nonce
    return response
  }

  /** Creates or finds the key's account, and stores the account's URL. */
  async register({ contacts, binding, members }: RegisterOptions = {}): Promise<AcmeResponse> {
    const { newAccount } = await this.directory()
    const payload = {
      termsOfServiceAgreed: true,
      ...(contacts && { contact: contacts }),
      ...(binding && {
        externalAccountBinding: bindAccount(binding, { jwk: this.key.jwk, newAccount }),
      }),
      ...members,
    }
    const response = await this.post(newAccount, payload, { withJwk: true })
    if (response.status < 300) this.accountUrl = response.headers['location']
    return response
  }

  /**
   * Requests an order for DNS names and addresses. `members` are additional members of the order, such as
   * `profile` or `notAfter`.
   */
  async order(names: readonly string[], members: object = {}): Promise<AcmeResponse> {
    const { newOrder } = await this.directory()
    return this.post(newOrder, { identifiers: names.map(identifierOf), ...members })
  }

  /** Returns the key authorization for a challenge's token (RFC 8555 §8.1). */
  keyAuthorization(token: string): string {
    return `${token}.${thumbprint(this.key.jwk)}`
  }

  /** Requests validation of a challenge. */
  async respond(challengeUrl: string): Promise<AcmeResponse> {
    return this.post(challengeUrl, {})
  }

  /** Submits a DER-encoded CSR to an order's finalize URL. */
  async finalize(finalizeUrl: string, csr: Uint8Array): Promise<AcmeResponse> {
    return this.post(finalizeUrl, { csr: base64url(csr) })
  }

  async revoke(
    certificate: Uint8Array,
    { reason, ...options }: PostOptions & { readonly reason?: number } = {},
  ): Promise<AcmeResponse> {
    const { revokeCert } = await this.directory()
    const payload = {
      certificate: base64url(certificate),
      ...(reason !== undefined && { reason }),
    }
    return this.post(revokeCert, payload, options)
  }

  /** Replaces the account's key (RFC 8555 §7.3.5). Returns the response, and a client that uses the new key. */
  async changeKey(
    newKey: AccountKey,
    inner: { readonly header?: object; readonly payload?: object; readonly key?: AccountKey } = {},
  ): Promise<{ readonly response: AcmeResponse; readonly client: AcmeClient }> {
    const { keyChange } = await this.directory()
    const payload = { account: this.accountUrl, oldKey: this.key.jwk, ...inner.payload }
    const header = { alg: newKey.alg, jwk: newKey.jwk, url: keyChange, ...inner.header }
    const response = await this.post(keyChange, signJws(inner.key ?? newKey, header, payload))
    const client = new AcmeClient(this.directoryUrl, this.#transport, newKey)
    client.accountUrl = this.accountUrl
    return { response, client }
  }
}

/** Returns the response if it is successful, and otherwise throws AcmeError. */
export function expectSuccess(response: AcmeResponse): AcmeResponse {
  if (response.status >= 300) throw new AcmeError(response)
  return response
}

export function createAccountKey(alg: AccountKeyAlgorithm, rsaBits = 2048): AccountKey {
  const { publicKey, privateKey } = generate(alg, rsaBits)
  return { alg, privateKey, jwk: publicKey.export({ format: 'jwk' }) }
}

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const
const hashes = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512', RS256: 'sha256' } as const

function generate(alg: AccountKeyAlgorithm, modulusLength: number) {
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength })
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: curves[alg] })
}

/** Signs a payload: an object is encoded as JSON, text is signed unchanged, and undefined stands for an empty payload. */
export function signJws(key: AccountKey, header: object, payload?: object | string): Jws {
  const parts = encodeParts(header, payload)
  const { alg, privateKey } = key
  const signature = sign(
    alg === 'EdDSA' ? null : hashes[alg],
    Buffer.from(`${parts.protected}.${parts.payload}`),
    { key: privateKey, dsaEncoding: 'ieee-p1363' },
  )
  return { ...parts, signature: base64url(signature) }
}

/** Authenticates a payload with HMAC. */
export function macJws(
  macKey: Uint8Array,
  header: Readonly<Record<string, unknown>> & { readonly alg: string },
  payload: object | string,
): Jws {
  const parts = encodeParts(header, payload)
  const mac = createHmac(header.alg.replace('HS', 'sha'), macKey)
    .update(`${parts.protected}.${parts.payload}`)
    .digest()
  return { ...parts, signature: base64url(mac) }
}

/**
 * Creates the `externalAccountBinding` for a new account (RFC 8555 §7.3.4). `header` replaces members of the protected header.
 */
export function bindAccount(
  { keyId, macKey }: ExternalBinding,
  { jwk, newAccount }: { readonly jwk: JsonWebKey; readonly newAccount: string },
  header: object = {},
): Jws {
  return macJws(macKey, { alg: 'HS256', kid: keyId, url: newAccount, ...header }, jwk)
}

function encodeParts(header: object, payload: object | string | undefined) {
  const text = typeof payload === 'object' ? JSON.stringify(payload) : (payload ?? '')
  return { protected: base64url(JSON.stringify(header)), payload: base64url(text) }
}

export function base64url(content: string | Uint8Array): string {
  return Buffer.from(content as string).toString('base64url')
}

/** Members of a public key that are included in its thumbprint (RFC 7638 §3.2, RFC 8037 §2). */
const thumbprintMembers = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
}

/** Returns a key's SHA-256 thumbprint (RFC 7638). */
export function thumbprint(jwk: JsonWebKey): string {
  const names = thumbprintMembers[jwk.kty as keyof typeof thumbprintMembers]
  const members = names.map((name) => [name, jwk[name as keyof JsonWebKey]])
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url')
}

function identifierOf(value: string): { readonly type: string; readonly value: string } {
  return { type: /^[0-9.]+$|:/.test(value) ? 'ip' : 'dns', value }
}

function parsed(response: AcmeHttpResponse): AcmeResponse {
  const type = response.headers['content-type'] ?? ''
  const json = /json/.test(type) ? (JSON.parse(response.text) as AcmeResponse['json']) : {}
  const isProblem = type.startsWith('application/problem+json')
  const problem = isProblem
    ? String(json['type']).replace(/^urn:ietf:params:acme:error:/, '')
    : undefined
  if (isProblem) requireSentences(json)
  return { ...response, json, problem }
}

/** Throws unless the details of a problem document are sentences. */
function requireSentences({ detail, subproblems = [] }: AcmeResponse['json']): void {
  const details = [detail, ...(subproblems as { detail: unknown }[]).map((each) => each.detail)]
  const fragment = details.map(String).find((each) => !/^[A-Z][^]*[^.]\.$/.test(each))
  if (fragment !== undefined) throw new Error(`the detail is not a sentence: ${fragment}`)
}

/** Returns the URLs in `Link` headers, by relation. */
export function linksOf(values: readonly string[]): Record<string, string[]> {
  const links: Record<string, string[]> = {}
  for (const [, url = '', relation = ''] of values
    .join(', ')
    .matchAll(/<([^>]*)>;\s*rel="([^"]*)"/g))
    (links[relation] ??= []).push(url)
  return links
}

/**
 * Creates a transport over TLS that trusts the certificates in `ca`. The transport's connections are closed when the
 * object is disposed.
 */
export function httpsTransport(ca: string): AcmeTransport & Disposable {
  const agent = new Agent({ ca, keepAlive: true })
  const transport: AcmeTransport = ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const sent = httpsRequest(url, { method, headers, agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const named = Object.entries(response.headersDistinct)
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(
              named.map(([name, values = []]) => [name, values.join(', ')]),
            ),
            links: linksOf(response.headersDistinct['link'] ?? []),
            text: Buffer.concat(chunks).toString(),
          })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  return Object.assign(transport, { [Symbol.dispose]: () => agent.destroy() })
}
