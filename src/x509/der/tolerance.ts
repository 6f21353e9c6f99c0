/**
 * Encodings that violate DER or an RFC, but that existing software writes. Readers are strict by default. A caller tolerates
 * some of these encodings if the bytes cannot be changed or will be re-encoded.
 */
type ForeignForm =
  /** TRUE encoded as any octet other than 00 (BER, X.690 §8.2.2). */
  | 'ber-boolean'
  /** An encoded default value: `critical` or cA FALSE, or a minimum of 0 in name constraints (X.690 §11.5). */
  | 'explicit-default'
  /** An extensionRequest attribute without a value. */
  | 'empty-extension-request'
  /** NULL parameters of an ECDSA signature (RFC 5758 §3.2 omits them). */
  | 'ecdsa-null-parameters'
  /** A negative serial number (RFC 5280 §4.1.2.2). */
  | 'negative-serial-number'

export type Tolerance = ReadonlySet<ForeignForm>

/** Tolerates nothing: only DER is accepted. */
export const strict: Tolerance = new Set()

/** Forms accepted in certification requests, whose contents are re-encoded for the certificate. */
export const requestTolerance: Tolerance = new Set([
  'ber-boolean',
  'explicit-default',
  'empty-extension-request',
  'ecdsa-null-parameters',
])

/** Forms accepted in certificates above one of this server's CAs, and in certificates that are only displayed. */
export const issuerTolerance: Tolerance = new Set([
  'ber-boolean',
  'explicit-default',
  'ecdsa-null-parameters',
  'negative-serial-number',
])
