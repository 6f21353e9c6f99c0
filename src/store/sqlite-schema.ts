/**
 * The SQLite schema, one entry per version: applied in order, each once, never edited after a release.
 *
 * What every table and row means is in docs/storage.md. Times are integers: `…_ms` milliseconds, `…_at` and
 * `not_…` seconds since 1970. Only text, integer and bytes occur, so that PostgreSQL can hold the same.
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
]
