/** Quotas for an account (AWS Private CA quotas, AWS General Reference). */
export interface Quotas {
  /** Maximum number of CAs in one account and Region. A deleted CA is counted until its restoration period has ended. */
  readonly authoritiesPerRegion: number
  /** Maximum number of certificates issued by a CA without a complete CRL, including expired certificates. */
  readonly certificatesPerAuthority: number
  /** Maximum number of tags on a CA. */
  readonly tagsPerAuthority: number
  /** Maximum number of revoked, unexpired certificates of a CA with a complete CRL. */
  readonly revocationsPerAuthority: number
}

export const defaultQuotas: Quotas = {
  authoritiesPerRegion: 200,
  certificatesPerAuthority: 100_000_000,
  tagsPerAuthority: 50,
  revocationsPerAuthority: 1_000_000,
}
