/** Payloads of requests, and IDs in their URLs. */
import { decodeBase64url } from '../../text/base64url.ts'
import { isObject, type JsonObject } from '../../text/json.ts'
import { AcmeProblem } from '../problem.ts'
import type { AcmeRequest } from '../resource.ts'

/** Returns the payload of a request to a resource that requires a JSON object. */
export function membersOf({ payload }: Pick<AcmeRequest, 'payload'>): JsonObject {
  if (!isObject(payload)) throw new TypeError('the payload has not been checked')
  return payload
}

/** Decodes DER in base64url without padding. Throws a problem that contains the name of the member. */
export function requireDer(payload: JsonObject, member: string, bytesMax: number): Uint8Array {
  const bytes = decodeBase64url(payload[member])
  if (bytes === undefined || bytes.length === 0)
    throw new AcmeProblem(
      'malformed',
      `The member ${member} must be DER in base64url without padding.`,
    )
  if (bytes.length > bytesMax)
    throw new AcmeProblem(
      'malformed',
      `The member ${member} must not be longer than ${bytesMax} bytes.`,
    )
  return bytes
}

/** The problem for a URL whose ID is unknown or belongs to another account. */
export function notFound(what: string): AcmeProblem {
  return new AcmeProblem('malformed', `The account has no ${what} at this URL.`, { status: 404 })
}
