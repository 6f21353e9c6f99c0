/**
 * Names of all background jobs, in the order in which `signet jobs list` displays them. The table of jobs is in jobs/index.ts.
 */
export const jobNames = [
  'finish-creation',
  'finish-issuance',
  'publish-crls',
  'write-audit-reports',
  'announce-expiry',
  'check-crl-issuers',
  'erase-authorities',
  'forget-tokens',
  'forget-enrollments',
  'record-key-uses',
  'index-certificates',
  'seal-record',
  'delete-expired',
  'deliver-events',
  'validate-challenges',
] as const

export type JobName = (typeof jobNames)[number]
