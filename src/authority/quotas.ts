/** Quotas for one account (AWS Private CA quotas, AWS General Reference). */
export interface Quotas {
  /** CAs in one account and Region. A deleted CA counts until its restoration period has ended. */
  readonly authoritiesPerRegion: number
  /** Certificates issued by one CA that has no complete CRL, including expired certificates. */
  readonly certificatesPerAuthority: number
  /** Tags on one CA. */
  readonly tagsPerAuthority: number
  /** Revoked, unexpired certificates of one CA with a complete CRL. */
  readonly revocationsPerAuthority: number
}

export const defaultQuotas: Quotas = {
  authoritiesPerRegion: 200,
  certificatesPerAuthority: 100_000_000,
  tagsPerAuthority: 50,
  revocationsPerAuthority: 1_000_000,
}
