/**
 * Typed claims in a verified token (RFC 7519 §4.1; OpenID Connect Core 1.0 §2). The token's claims become condition keys. A claim
 * with the wrong type is rejected. No condition would match a claim of the wrong type, so a Deny statement with a condition on
 * the claim would not apply.
 */
import { asStorableText, type StorableText } from '../text/storable-text.ts'

export interface TokenClaims {
  readonly subject: StorableText
  /** The `aud` claim: at least one audience. */
  readonly audiences: readonly StorableText[]
  /** The `azp` claim: the party to which the token was issued. */
  readonly authorizedParty: StorableText | undefined
}

/** Returns the token's claims, or the name of a claim with the wrong type. */
export function readClaims(
  payload: Readonly<Record<string, unknown>>,
): TokenClaims | { readonly wrong: string } {
  const { sub, aud, azp } = payload
  const wrong = Object.entries(types).find(([name, isRight]) => !isRight(payload[name]))
  if (wrong !== undefined) return { wrong: wrong[0] }
  const subject = asStorableText(sub)
  const audiences = textsOf(aud)
  if (subject === undefined) return { wrong: 'sub' }
  if (audiences === undefined || audiences.length === 0) return { wrong: 'aud' }
  return { subject, audiences, authorizedParty: asStorableText(azp) }
}

/** Type checks for the remaining claims. */
const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  iss: (value) => asStorableText(value) !== undefined,
  exp: Number.isFinite,
  iat: Number.isFinite,
  nbf: (value) => value === undefined || Number.isFinite(value),
  azp: (value) => value === undefined || asStorableText(value) !== undefined,
  amr: (value) => value === undefined || textsOf(value) !== undefined,
}

/** Converts a string or a list of strings to a list. */
function textsOf(value: unknown): readonly StorableText[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).map(asStorableText)
  return all.every((text) => text !== undefined) ? all : undefined
}
