/** COMPLETE lists every certificate that a CA revoked; a PARTITION those of the certificates that are bound to it. */
export type CrlKind = 'COMPLETE' | 'PARTITION'

/** The CRL that certificates which a CA issues now are bound to. */
export interface CurrentCrl {
  readonly id: number
  /** Of the object, without folder and extension. */
  readonly name: string
  readonly kind: CrlKind
  /** Number of the identity of the CA that issues it (issuer-identity.ts). */
  readonly issuerIdentity: number
}
