import { sqliteDialect } from '../dialect.ts'
import { sharedMigrations } from '../shared-migrations.ts'
import { principalsSchema } from './schema-principals.ts'

/**
 * The SQLite schema, with one entry per version. The entries are applied in order, each once, and are never edited after a
 * release.
 *
 * docs/reference/database-tables.md describes every table and column. Times are integers. Columns named `…_ms` contain
 * milliseconds since 1970; columns named `…_at` or `not_…` contain seconds since 1970. All columns contain text, integers or
 * bytes, so that PostgreSQL can store the same values.
 */
export const sqliteSchema: readonly string[] = [
  `
  create table settings (
    name text primary key,
    value blob not null
  ) strict;

  create table accounts (
    account_id text primary key,
    created_at_ms integer not null
  ) strict;

  create table access_keys (
    access_key_id text primary key,
    account_id text not null references accounts (account_id),
    user_name text not null,
    secret_sealed blob not null,
    policy text,
    active integer not null check (active in (0, 1)),
    created_at_ms integer not null
  ) strict;

  create table keys (
    name text primary key,
    algorithm text not null,
    subject_public_key_info blob not null,
    data_key_sealed blob not null,
    private_key_sealed blob not null
  ) strict;

  create table authorities (
    authority_number integer primary key autoincrement,
    id text not null unique,
    partition_name text not null,
    region text not null,
    account_id text not null references accounts (account_id),
    type text not null,
    usage_mode text not null,
    key_storage_security_standard text not null,
    configuration text not null,
    revocation_configuration text not null,
    status text not null,
    failure_reason text,
    created_at_ms integer not null,
    last_state_change_at_ms integer not null,
    key_handle text,
    csr_pem text,
    authority_certificate_number integer,
    deleted_at_ms integer,
    restorable_until_ms integer,
    revision integer not null
  ) strict;
  create index authorities_by_owner on authorities (account_id, region, authority_number);
  create index authorities_creating on authorities (authority_number) where status = 'CREATING';
  create index authorities_deleted on authorities (restorable_until_ms)
    where restorable_until_ms is not null;

  create table authority_certificates (
    authority_certificate_number integer primary key autoincrement,
    authority_number integer not null references authorities (authority_number) on delete cascade,
    serial_number text not null,
    not_before integer not null,
    not_after integer not null,
    certificate_der blob not null,
    chain_pem text,
    imported_at_ms integer not null
  ) strict;
  create index authority_certificates_by_authority on authority_certificates (authority_number);

  create table certificates (
    certificate_number integer primary key,
    authority_number integer not null references authorities (authority_number),
    serial_number blob not null,
    authority_certificate_number integer,
    template_name text not null,
    certificate_der blob not null,
    issued_at_ms integer not null,
    not_after integer not null
  ) strict;
  create unique index certificates_by_serial_number on certificates (serial_number, authority_number);

  create table certificate_counts (
    authority_number integer primary key references authorities (authority_number) on delete cascade,
    issued integer not null
  ) strict;

  create table tags (
    authority_number integer not null references authorities (authority_number) on delete cascade,
    tag_key text not null,
    tag_value text,
    primary key (authority_number, tag_key)
  ) strict, without rowid;

  create table idempotency_tokens (
    scope text not null,
    token text not null,
    arn text not null,
    expires_at_ms integer not null,
    primary key (scope, token)
  ) strict, without rowid;
  create index idempotency_tokens_by_expiry on idempotency_tokens (expires_at_ms);
  `,
  `
  alter table authorities add column crl_id integer;
  alter table certificates add column crl_id integer;
  alter table certificate_counts add column revoked integer not null default 0;
  alter table certificate_counts add column revoked_counted_at integer not null default 0;
  create index certificates_by_authority on certificates (authority_number, certificate_number);

  create table crls (
    crl_id integer primary key autoincrement,
    authority_number integer not null references authorities (authority_number) on delete cascade,
    name text not null unique,
    kind text not null check (kind in ('COMPLETE', 'PARTITION')),
    certificates integer not null,
    last_not_after integer not null,
    changes integer not null,
    published_changes integer not null,
    due_at_ms integer,
    failures integer not null,
    retry_at_ms integer not null,
    lease text,
    lease_until_ms integer not null,
    crl_number integer not null,
    generated_at_ms integer,
    etag text,
    bucket text,
    object_key text,
    size integer,
    entries integer
  ) strict;
  create index crls_by_authority on crls (authority_number, crl_id);
  create index crls_due on crls (due_at_ms) where due_at_ms is not null;
  create index crls_generated on crls (generated_at_ms) where generated_at_ms is not null;

  create table revocations (
    authority_number integer not null references authorities (authority_number),
    certificate_number integer not null,
    serial_number blob not null,
    crl_id integer,
    revoked_at_ms integer not null,
    reason_code integer not null,
    not_after integer not null,
    primary key (authority_number, certificate_number)
  ) strict, without rowid;
  create index revocations_by_crl on revocations (crl_id);
  create index revocations_by_expiry on revocations (authority_number, not_after);

  create table audit_reports (
    report_number integer primary key autoincrement,
    report_id text not null unique,
    authority_number integer not null references authorities (authority_number) on delete cascade,
    bucket text not null,
    object_key text not null,
    format text not null,
    status text not null check (status in ('CREATING', 'SUCCESS', 'FAILED')),
    created_at_ms integer not null,
    failures integer not null,
    retry_at_ms integer not null,
    lease text,
    lease_until_ms integer not null
  ) strict;
  create index audit_reports_by_authority on audit_reports (authority_number, created_at_ms);
  create index audit_reports_creating on audit_reports (report_number) where status = 'CREATING';

  create table expiry_announcements (
    authority_certificate_number integer not null
      references authority_certificates (authority_certificate_number) on delete cascade,
    days integer not null,
    announced_at_ms integer not null,
    primary key (authority_certificate_number, days)
  ) strict, without rowid;
  create index authority_certificates_by_expiry on authority_certificates (not_after);

  create table events (
    event_number integer primary key autoincrement,
    event text not null,
    created_at_ms integer not null,
    failures integer not null,
    retry_at_ms integer not null,
    lease text,
    lease_until_ms integer not null
  ) strict;
  create index events_due on events (retry_at_ms);

  create table job_outcomes (
    job text primary key,
    finished_at_ms integer not null,
    milliseconds integer not null,
    done integer not null,
    failed integer not null,
    error text
  ) strict;
  `,
  `
  create table resource_policies (
    authority_number integer primary key references authorities (authority_number) on delete cascade,
    policy text not null
  ) strict;

  create table authority_sharing (
    account_id text not null,
    authority_number integer not null references authorities (authority_number) on delete cascade,
    primary key (account_id, authority_number)
  ) strict, without rowid;
  create index authority_sharing_by_authority on authority_sharing (authority_number);

  create table permissions (
    authority_number integer not null references authorities (authority_number) on delete cascade,
    principal text not null,
    source_account text not null,
    actions text not null,
    created_at_ms integer not null,
    primary key (authority_number, principal, source_account)
  ) strict, without rowid;

  alter table certificates add column requester_account_id text;
  `,
  principalsSchema,
  ...sharedMigrations(sqliteDialect),
]
