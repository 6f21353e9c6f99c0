/** External account binding (RFC 8555 §7.3.4): a MAC over the account's public key, with a key from the administrator. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AcmeEndpoint } from '../../enrollment/endpoint.ts'
import type { SealerRing } from '../../sealer.ts'
import type { Database } from '../../store/database.ts'
import { findBindingKey, type BindingKey } from '../../store/enrollment/binding-keys.ts'
import { isStorableText } from '../../text/storable-text.ts'
import { isObject, type JsonObject } from '../../text/json.ts'
import { quoted } from '../../text/visible-text.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountKey } from '../resource.ts'
import { readAccountKey } from './account-key.ts'
import { decodeJws, requireUrl, textMember, type Jws } from './jws.ts'
import { malformed, parseJsonObject } from './parse-json.ts'

interface BindingServices {
  readonly db: Database
  readonly sealers: SealerRing
}

/** The values that an external account binding must match. */
interface BindingContext {
  readonly endpoint: AcmeEndpoint
  /** The URL of newAccount, to which the request was sent. */
  readonly url: string
  readonly accountKey: AccountKey
  readonly now: Date
}

const name = 'externalAccountBinding'
/** MAC algorithms and their hash functions. */
const hashes: Readonly<Record<string, string>> = {
  HS256: 'sha256',
  HS384: 'sha384',
  HS512: 'sha512',
}

/**
 * Returns the EAB key that a newAccount payload is bound to; undefined if the account needs no key. Throws an
 * `externalAccountRequired` problem if the binding is missing, and an `unauthorized` problem if it is not valid.
 */
export async function readBinding(
  services: BindingServices,
  payload: JsonObject,
  context: BindingContext,
): Promise<BindingKey | undefined> {
  const { eab } = context.endpoint.configuration
  const binding = payload[name]
  if (eab === 'off') return undefined
  if (binding === undefined) {
    if (eab === 'optional') return undefined
    throw new AcmeProblem(
      'externalAccountRequired',
      `A new account needs ${name}. Request a key from the administrator of this endpoint.`,
    )
  }
  if (!isObject(binding))
    throw malformed(`The ${name} must be a JWS in flattened JSON serialization.`)
  const jws = decodeJws(binding, name)
  const hash = requireMacAlgorithm(jws)
  if (jws.header['nonce'] !== undefined)
    throw malformed(`The protected header of the ${name} must not have a nonce.`)
  requireUrl(jws.header, context.url, name)
  requireSameKey(jws, context.accountKey)
  const keyId = textMember(jws.header, 'kid', name)
  const key = isStorableText(keyId)
    ? await findBindingKey(services.db, services.sealers, keyId)
    : undefined
  if (key === undefined || key.endpointName !== context.endpoint.name)
    throw unusableKey(keyId, 'does not exist at this endpoint')
  try {
    requireMac(jws, hash, key)
  } finally {
    key.macKey.fill(0)
  }
  if (key.expiresAt !== undefined && key.expiresAt <= context.now)
    throw unusableKey(keyId, `expired at ${key.expiresAt.toISOString()}`)
  if (key.usedAt !== undefined && !key.reusable)
    throw unusableKey(keyId, 'was used for another account')
  return key
}

/** Creates the problem for a key that cannot be used for a new account. */
export function unusableKey(keyId: string, reason: string): AcmeProblem {
  return new AcmeProblem(
    'unauthorized',
    `The key ${quoted(keyId)} for external account binding ${reason}. Request a key from the administrator of this endpoint.`,
  )
}

function requireMacAlgorithm({ header }: Jws): string {
  const alg = textMember(header, 'alg', name)
  const hash = Object.hasOwn(hashes, alg) ? hashes[alg] : undefined
  if (hash === undefined)
    throw malformed(
      `The algorithm of the ${name} is ${quoted(alg)}. It must be HS256, HS384 or HS512.`,
    )
  return hash
}

function requireSameKey({ payload }: Jws, accountKey: AccountKey): void {
  const jwk = readAccountKey(parseJsonObject(payload, `payload of the ${name}`))
  if (jwk.keyThumbprint !== accountKey.keyThumbprint)
    throw new AcmeProblem(
      'unauthorized',
      `The payload of the ${name} must be the public key that signed the request.`,
    )
}

function requireMac({ signed, signature }: Jws, hash: string, { keyId, macKey }: BindingKey): void {
  const mac = createHmac(hash, macKey).update(signed).digest()
  if (mac.length !== signature.length || !timingSafeEqual(mac, signature))
    throw unusableKey(keyId, 'does not match the signature of the binding')
}
