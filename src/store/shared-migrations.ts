/**
 * Migrations that all engines share, oldest first. Each migration is applied once, and is never edited after a release. A new
 * migration consists of a function and its call at the end of the list. The tables, the columns and their order are the same on
 * every engine (docs/reference/database.md).
 */
import type { Dialect } from './dialect.ts'
import {
  acmeAccounts,
  acmeChallenges,
  acmeOrders,
  enrollmentEndpoints,
} from './enrollment-migrations.ts'
import { certificateDays, searchLease, searchTables } from './search-migrations.ts'

/** Adds indexes on due rows and on leased rows, so that jobs, server starts and queue metrics do not read any other rows. */
function dueIndexes(): string {
  return `
  create index crls_changed on crls (due_at_ms) where changes > published_changes;
  create index crls_leased on crls (lease) where lease is not null;
  create index audit_reports_leased on audit_reports (lease) where lease is not null;
  create index events_leased on events (lease) where lease is not null;
  drop index events_due;
  create index events_due on events (retry_at_ms, failures, lease_until_ms);
  `
}

/**
 * Adds CA identities (chain/issuer-identity.ts), and the host names under which CRLs were published. Rows from earlier versions
 * have identity 1.
 */
function issuerIdentities({ text, integer }: Dialect): string {
  return `
  alter table authority_certificates add column issuer_identity ${integer} not null default 1;
  alter table crls add column issuer_identity ${integer} not null default 1;
  alter table authorities add column past_crl_cnames ${text};
  `
}

/**
 * Adds a table that records which server owns the database and how many groups of transactions were committed. The table has a
 * single row, is not backed up, and is used only on SQLite.
 */
function ownershipTable({ text, integer, strict }: Dialect): string {
  return `
  create table ownership (
    single ${integer} primary key check (single = 1),
    database_id ${text} not null,
    commits ${integer} not null,
    owner ${text} not null,
    process ${text} not null,
    challenge ${text} not null,
    response ${text} not null
  )${strict};`
}

/**
 * Adds the table for certificates that were deleted after they expired (`--keep-expired`). The table retains the data for audit
 * reports and for the CAs' counts. A CRL's `kept_since` prevents the deletion of a revoked certificate that the CRL still lists.
 */
function retiredCertificates({ text, integer, bytes, strict }: Dialect): string {
  return `
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
  )${strict};
  create index retired_certificates_by_authority
    on retired_certificates (authority_number, certificate_number);
  alter table crls add column kept_since ${integer};
  `
}

/**
 * Adds the nextUpdate of published CRLs. For existing rows, nextUpdate is computed from the due time, because a CRL without
 * pending changes is due after half of its validity.
 */
function crlNextUpdates({ integer }: Dialect): string {
  return `
  alter table crls add column next_update_ms ${integer};
  update crls set next_update_ms = 2 * due_at_ms - generated_at_ms
    where changes = published_changes and due_at_ms > generated_at_ms;
  `
}

/** Adds two-person approval (approval/): its policies, and the requests that require a second person's approval. */
function approvalTables({ text, integer, bytes, strict }: Dialect): string {
  return `
  create table approval_policies (
    account_id ${text} primary key references accounts (account_id),
    actions ${text} not null,
    window_seconds ${integer} not null
  )${strict};

  create table approvals (
    approval_id ${text} primary key,
    account_id ${text} not null references accounts (account_id),
    request_hash ${bytes} not null,
    action ${text} not null,
    operation ${text} not null,
    resource_arn ${text},
    input ${text} not null,
    requester_arn ${text} not null,
    requester_person ${text} not null,
    requested_at_ms ${integer} not null,
    window_seconds ${integer} not null,
    state ${text} not null,
    expires_at_ms ${integer} not null,
    decider_arn ${text},
    decider_person ${text},
    decided_at_ms ${integer},
    used_at_ms ${integer}
  )${strict};
  create index approvals_by_request on approvals (request_hash);
  create index approvals_by_time on approvals (account_id, requested_at_ms, approval_id);
  create index approvals_pending on approvals (account_id, expires_at_ms) where state = 'PENDING';
  `
}

/** Adds the ID of the master key that seals a value. The ID is empty for the master key from before the first rotation. */
function masterKeyIds({ text }: Dialect): string {
  return `
  alter table keys add column master_key_id ${text} not null default '';
  alter table access_keys add column master_key_id ${text} not null default '';
  `
}

/** Adds the locations and public keys of CA keys in tokens. The private keys themselves are in the tokens. */
function tokenKeys({ text, bytes, strict }: Dialect): string {
  return `
  create table token_keys (
    name ${text} primary key,
    algorithm ${text} not null,
    handle ${text} not null,
    subject_public_key_info ${bytes} not null
  )${strict};
  `
}

/**
 * Adds the tamper-evident record, which consists of leaves, tiles of hashes, and the newest checkpoint (record/,
 * docs/decisions/0038). `state` is the last field of a leaf and is computed by the database. The record identifies a CA
 * certificate by its CA and its import time, so equal times from earlier versions are made distinct.
 */
function recordTables({ text, integer, bytes, strict }: Dialect): string {
  return `
  update authority_certificates set imported_at_ms = distinct_times.imported_at_ms from (
    select authority_certificate_number, position
      + max(imported_at_ms - position) over (partition by authority_number order by position) as imported_at_ms
    from (select *, row_number() over (partition by authority_number order by authority_certificate_number)
      as position from authority_certificates) numbered
  ) distinct_times
  where distinct_times.authority_certificate_number = authority_certificates.authority_certificate_number;

  create table record_leaves (
    leaf_number ${integer} primary key,
    entry ${bytes} not null,
    state ${text}
  )${strict};

  create table record_tiles (
    tile_level ${integer} not null,
    tile_number ${integer} not null,
    hashes ${bytes} not null,
    primary key (tile_level, tile_number)
  )${strict};

  create table record_checkpoint (
    single ${integer} primary key check (single = 1),
    tree_size ${integer} not null,
    note ${text} not null,
    signed_at_ms ${integer} not null
  )${strict};
  `
}

/**
 * Adds the certificates that wait for their CA's key (docs/decisions/0042). The job finish-issuance uses the retry times and
 * leases.
 */
function certificateIntents({ text, integer, bytes, strict }: Dialect): string {
  return `
  create table certificate_intents (
    authority_number ${integer} not null references authorities (authority_number),
    serial_number ${text} not null,
    authority_certificate_number ${integer},
    template_name ${text} not null,
    signing_algorithm ${text} not null,
    tbs_certificate_der ${bytes} not null,
    not_after ${integer} not null,
    crl_id ${integer},
    requester_account_id ${text} not null,
    requester_service ${text},
    requester_arn ${text} not null,
    requested_at_ms ${integer} not null,
    failure_reason ${text},
    failed_at_ms ${integer},
    failures ${integer} not null,
    retry_at_ms ${integer} not null,
    lease ${text},
    lease_until_ms ${integer} not null,
    primary key (authority_number, serial_number)
  )${strict};
  create index certificate_intents_waiting on certificate_intents (requested_at_ms)
    where failed_at_ms is null;
  create index certificate_intents_of_authority on certificate_intents (authority_number)
    where failed_at_ms is null;
  create index certificate_intents_failed on certificate_intents (failed_at_ms)
    where failed_at_ms is not null;
  create index certificate_intents_leased on certificate_intents (lease) where lease is not null;
  `
}

/** Adds signed OCSP responses, which a server can send even without its keys (ocsp/stored-responses.ts). */
function ocspResponses({ text, integer, bytes, strict }: Dialect): string {
  return `
  create table ocsp_responses (
    cert_id_sha256 ${bytes} primary key,
    authority_certificate_number ${integer} not null,
    status ${text} not null,
    produced_at_ms ${integer} not null,
    next_update_ms ${integer} not null,
    response ${bytes} not null
  )${strict};
  create index ocsp_responses_by_time on ocsp_responses (next_update_ms);
  `
}

/** Adds the index for the list of an account's access keys. */
function accessKeyIndex(): string {
  return `
  create index access_keys_by_account on access_keys (account_id, created_at_ms, access_key_id);
  `
}

/** Adds columns and an index for the state of a CA's CRLs and OCSP responses (operations/revocation). */
function revocationStates({ integer }: Dialect): string {
  return `
  alter table crls add column published_number ${integer};
  create index ocsp_responses_by_issuer on ocsp_responses (authority_certificate_number);
  `
}

export function sharedMigrations(dialect: Dialect): readonly string[] {
  return [
    dueIndexes(),
    searchTables(dialect),
    issuerIdentities(dialect),
    ownershipTable(dialect),
    retiredCertificates(dialect),
    searchLease(dialect),
    crlNextUpdates(dialect),
    approvalTables(dialect),
    masterKeyIds(dialect),
    tokenKeys(dialect),
    recordTables(dialect),
    certificateIntents(dialect),
    ocspResponses(dialect),
    accessKeyIndex(),
    certificateDays(dialect),
    revocationStates(dialect),
    enrollmentEndpoints(dialect),
    acmeAccounts(dialect),
    acmeOrders(dialect),
    acmeChallenges(dialect),
  ]
}
