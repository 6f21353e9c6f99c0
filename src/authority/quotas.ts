/** How much one account may hold (AWS Private CA quotas, AWS General Reference). */
export interface Quotas {
  /** CAs of one account in one Region; deleted ones count until their restoration period is over. */
  readonly authoritiesPerRegion: number
  /** Certificates ever issued by one CA without a complete CRL. */
  readonly certificatesPerAuthority: number
  /** Tags on one CA. */
  readonly tagsPerAuthority: number
  /** Certificates revoked and not expired of one CA with a complete CRL. */
  readonly revocationsPerAuthority: number
}

export const defaultQuotas: Quotas = {
  authoritiesPerRegion: 200,
  certificatesPerAuthority: 100_000_000,
  tagsPerAuthority: 50,
  revocationsPerAuthority: 1_000_000,
}
