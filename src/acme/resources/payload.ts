/** Payloads of requests, and IDs in their URLs. */
import { isObject, type JsonObject } from '../../text/json.ts'
import { AcmeProblem } from '../problem.ts'
import type { AcmeRequest } from '../resource.ts'

/** Returns the payload of a request that has a JSON object. */
export function membersOf({ payload }: Pick<AcmeRequest, 'payload'>): JsonObject {
  if (!isObject(payload)) throw new TypeError('the payload has not been checked')
  return payload
}

/** Decodes DER in base64url without padding. Throws a problem that contains the name of the member. */
export function requireDer(payload: JsonObject, member: string, bytesMax: number): Uint8Array {
  const text = payload[member]
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : undefined
  if (bytes === undefined || bytes.length === 0 || bytes.toString('base64url') !== text)
    throw new AcmeProblem('malformed', `${member} must be DER in base64url without padding.`)
  if (bytes.length > bytesMax)
    throw new AcmeProblem('malformed', `${member} must not be longer than ${bytesMax} bytes.`)
  return bytes
}

/** The problem of a URL whose ID is unknown or belongs to another account. */
export function notFound(what: string): AcmeProblem {
  return new AcmeProblem('malformed', `The account has no ${what} at this URL.`, { status: 404 })
}
