/** Returns the `type` and `detail` of an ACME problem (RFC 8555 §6.7), as responses contain them, and orders and challenges store them. */
export function problemMembers(type: string, detail: string) {
  return { type: `urn:ietf:params:acme:error:${type}`, detail }
}
