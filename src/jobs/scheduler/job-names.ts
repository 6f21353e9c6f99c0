/** Names of all jobs. jobs/index.ts contains the table of jobs. */
export type JobName =
  | 'announce-expiry'
  | 'check-crl-issuers'
  | 'delete-expired'
  | 'deliver-events'
  | 'erase-authorities'
  | 'finish-creation'
  | 'forget-tokens'
  | 'index-certificates'
  | 'publish-crls'
  | 'record-key-uses'
  | 'seal-record'
  | 'write-audit-reports'
