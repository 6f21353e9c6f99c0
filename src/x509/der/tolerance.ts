/**
 * Encodings that violate DER or an RFC, but that software in use writes. Readers are strict by default. A caller lists the
 * forms to accept where the bytes cannot be changed, or are encoded again.
 */
type ForeignForm =
  /** TRUE as any octet but 00 (BER, X.690 §8.2.2). */
  | 'ber-boolean'
  /** An encoded default value: `critical` or cA FALSE, or a minimum of 0 in name constraints (X.690 §11.5). */
  | 'explicit-default'
  /** An extensionRequest attribute without a value. */
  | 'empty-extension-request'
  /** NULL parameters of an ECDSA signature (RFC 5758 §3.2 leaves them out). */
  | 'ecdsa-null-parameters'
  /** A negative serial number (RFC 5280 §4.1.2.2). */
  | 'negative-serial-number'

export type Tolerance = ReadonlySet<ForeignForm>

/** DER only. */
export const strict: Tolerance = new Set()

/** For certification requests, whose contents are encoded again for the certificate. */
export const requestTolerance: Tolerance = new Set([
  'ber-boolean',
  'explicit-default',
  'empty-extension-request',
  'ecdsa-null-parameters',
])

/** For certificates above a CA of ours, and for certificates that are only displayed. */
export const issuerTolerance: Tolerance = new Set([
  'ber-boolean',
  'explicit-default',
  'ecdsa-null-parameters',
  'negative-serial-number',
])
