/**
 * Retained data of certificates that were deleted after they expired (`--keep-expired`), for audit reports and for the counts
 * of their CAs. `kept_since` of a CRL prevents the deletion of a revoked certificate that it still lists.
 */
const retired = (text: string, integer: string, bytes: string): string => `
  create table retired_certificates (
    certificate_number ${integer} primary key,
    authority_number ${integer} not null references authorities (authority_number),
    serial_number ${bytes} not null,
    template_name ${text} not null,
    subject_der ${bytes} not null,
    not_before ${integer} not null,
    not_after ${integer} not null,
    issued_at_ms ${integer} not null,
    revoked_at_ms ${integer},
    reason_code ${integer},
    requester_account_id ${text},
    requester_service ${text},
    requester_arn ${text}
  )`

const rest = (integer: string): string => `
  create index retired_certificates_by_authority
    on retired_certificates (authority_number, certificate_number);
  alter table crls add column kept_since ${integer};
  `

export const sqliteRetiredSchema = `${retired('text', 'integer', 'blob')} strict;${rest('integer')}`
export const postgresRetiredSchema = `${retired('text collate "C"', 'bigint', 'bytea')};${rest('bigint')}`
