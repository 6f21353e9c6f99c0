/**
 * Partitions of a CRL (AWS Private CA User Guide, partitioned CRLs): a certificate is bound to one when it is issued, and
 * one never exceeds a megabyte, even if everything that is bound to it is revoked.
 */

const partitionBytesMax = 1_000_000
/** Headers, the longest signature that we write, and extensions with the longest URL. */
const overheadBytes = 16_384
/** SEQUENCE (2) of serialNumber (2 + 17), Time (2 + 15) and the reason extension (14). */
const entryBytesMax = 52

/** Certificates that are bound to one partition at most, of a CA whose Name has so many bytes. */
export function partitionCertificatesMax(issuerBytes: number): number {
  const entriesBytes = partitionBytesMax - overheadBytes - issuerBytes
  return Math.max(1, Math.floor(entriesBytes / entryBytesMax))
}
