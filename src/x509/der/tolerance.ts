/**
 * Encodings that existing software writes although they violate DER or an RFC. By default, readers are strict. A caller can
 * tolerate some non-DER encodings if the bytes cannot be changed or will be encoded again.
 */
type ForeignForm =
  /** The value TRUE, encoded as any octet other than 00 (BER, X.690 §8.2.2). */
  | 'ber-boolean'
  /** An encoded default value: `critical` or cA with the value FALSE, or a minimum of 0 in name constraints (X.690 §11.5). */
  | 'explicit-default'
  /** An extensionRequest attribute that has no value. */
  | 'empty-extension-request'
  /** NULL parameters for an ECDSA signature (RFC 5758 §3.2 requires that they are absent). */
  | 'ecdsa-null-parameters'
  /** A serial number that is negative (RFC 5280 §4.1.2.2). */
  | 'negative-serial-number'

export type Tolerance = ReadonlySet<ForeignForm>

/** Empty set of tolerances: only DER is accepted. */
export const strict: Tolerance = new Set()

/** Encodings that are tolerated in certification requests. The contents of a request are encoded again for the certificate. */
export const requestTolerance: Tolerance = new Set([
  'ber-boolean',
  'explicit-default',
  'empty-extension-request',
  'ecdsa-null-parameters',
])

/** Encodings that are tolerated in the certificates above the server's own CAs, and in certificates that are only displayed. */
export const issuerTolerance: Tolerance = new Set([
  'ber-boolean',
  'explicit-default',
  'ecdsa-null-parameters',
  'negative-serial-number',
])
