/**
 * Partitions of a CRL (AWS Private CA User Guide, partitioned CRLs): a certificate is bound to one when it is issued, and
 * one never exceeds a megabyte, even if everything that is bound to it is revoked.
 */

const partitionOctetsMax = 1_000_000
/** Headers, the longest signature that we write, and extensions with the longest URL. */
const overheadOctets = 16_384
/** SEQUENCE (2) of serialNumber (2 + 17), Time (2 + 15) and the reason extension (14). */
const entryOctetsMax = 52

/** Certificates that are bound to one partition at most, of a CA whose Name has so many octets. */
export function partitionCertificatesMax(issuerOctets: number): number {
  const entriesOctets = partitionOctetsMax - overheadOctets - issuerOctets
  return Math.max(1, Math.floor(entriesOctets / entryOctetsMax))
}
