/** Returns the `type` and `detail` of an ACME problem (RFC 8555 §6.7), for responses and for storage in orders and challenges. */
export function problemMembers(type: string, detail: string) {
  return { type: `urn:ietf:params:acme:error:${type}`, detail }
}
