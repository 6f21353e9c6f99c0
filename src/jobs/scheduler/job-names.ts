/** Every job. Each has a file in src/jobs, and jobs/index.ts is the table of them. */
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
  | 'write-audit-reports'
