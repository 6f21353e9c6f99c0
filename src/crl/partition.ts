/**
 * Partitions of a CRL (AWS Private CA User Guide, partitioned CRLs). A certificate is assigned to a partition when it is
 * issued. A partition never exceeds one megabyte, even if all its certificates are revoked.
 */

const partitionBytesMax = 1_000_000
/** Bytes reserved for headers, the longest supported signature, and extensions with the longest URL. */
const overheadBytes = 16_384
/** Maximum length of a CRL entry: SEQUENCE (2) of serialNumber (2 + 17), Time (2 + 15) and the reason extension (14). */
const entryBytesMax = 52

/** Returns the maximum number of certificates in a partition for a CA Name of the given length. */
export function partitionCertificatesMax(issuerBytes: number): number {
  const entriesBytes = partitionBytesMax - overheadBytes - issuerBytes
  return Math.max(1, Math.floor(entriesBytes / entryBytesMax))
}
