import { postgresDialect } from '../dialect.ts'
import { sharedMigrations } from '../shared-migrations.ts'

const { text, numbered } = postgresDialect

/**
 * The PostgreSQL schema, with one entry per version. The entries are applied in order, each once, and are never edited after a
 * release. The tables, the columns and their order are the same as in SQLite (docs/reference/database.md).
 */
export const postgresSchema: readonly string[] = [
  `
  create function require_rows(actual bigint, expected integer) returns boolean
    language plpgsql as $$
    begin
      if actual <> expected then
        raise exception '% rows where % are expected', actual, expected using errcode = 'SGNT1';
      end if;
      return true;
    end $$;

  create table settings (
    name ${text} primary key,
    value bytea not null
  );

  create table accounts (
    account_id ${text} primary key,
    created_at_ms bigint not null,
    organization_id ${text}
  );

  create table users (
    user_id ${text} primary key,
    account_id ${text} not null references accounts (account_id),
    user_name ${text} not null,
    tags ${text} not null,
    created_at_ms bigint not null
  );
  create unique index users_by_name on users (account_id, user_name);

  create table roles (
    role_id ${text} primary key,
    account_id ${text} not null references accounts (account_id),
    role_name ${text} not null,
    trust_policy ${text} not null,
    session_seconds_max bigint not null,
    tags ${text} not null,
    created_at_ms bigint not null
  );
  create unique index roles_by_name on roles (account_id, role_name);

  create table identity_policies (
    principal_id ${text} not null,
    policy_name ${text} not null,
    policy ${text} not null,
    primary key (principal_id, policy_name)
  );

  create table identity_providers (
    account_id ${text} not null references accounts (account_id),
    issuer ${text} not null,
    audiences ${text} not null,
    key_set ${text},
    created_at_ms bigint not null,
    primary key (account_id, issuer)
  );

  create table access_keys (
    access_key_id ${text} primary key,
    account_id ${text} not null references accounts (account_id),
    user_id ${text} references users (user_id),
    service_principal ${text},
    source_arn ${text},
    secret_sealed bytea not null,
    policy ${text},
    active bigint not null check (active in (0, 1)),
    created_at_ms bigint not null,
    last_used_at_ms bigint,
    last_used_region ${text},
    last_used_service ${text},
    check ((user_id is null) <> (service_principal is null))
  );
  create index access_keys_by_user on access_keys (user_id);

  create table keys (
    name ${text} primary key,
    algorithm ${text} not null,
    subject_public_key_info bytea not null,
    data_key_sealed bytea not null,
    private_key_sealed bytea not null
  );

  create table authorities (
    authority_number ${numbered},
    id ${text} not null unique,
    partition_name ${text} not null,
    region ${text} not null,
    account_id ${text} not null references accounts (account_id),
    type ${text} not null,
    usage_mode ${text} not null,
    key_storage_security_standard ${text} not null,
    configuration ${text} not null,
    revocation_configuration ${text} not null,
    status ${text} not null,
    failure_reason ${text},
    created_at_ms bigint not null,
    last_state_change_at_ms bigint not null,
    key_handle ${text},
    csr_pem ${text},
    authority_certificate_number bigint,
    deleted_at_ms bigint,
    restorable_until_ms bigint,
    revision bigint not null,
    crl_id bigint
  );
  create index authorities_by_owner on authorities (account_id, region, authority_number);
  create index authorities_creating on authorities (authority_number) where status = 'CREATING';
  create index authorities_deleted on authorities (restorable_until_ms)
    where restorable_until_ms is not null;

  create table authority_certificates (
    authority_certificate_number ${numbered},
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    serial_number ${text} not null,
    not_before bigint not null,
    not_after bigint not null,
    certificate_der bytea not null,
    chain_pem ${text},
    imported_at_ms bigint not null
  );
  create index authority_certificates_by_authority on authority_certificates (authority_number);
  create index authority_certificates_by_expiry on authority_certificates (not_after);

  create table certificates (
    certificate_number ${numbered},
    authority_number bigint not null references authorities (authority_number),
    serial_number bytea not null,
    authority_certificate_number bigint,
    template_name ${text} not null,
    certificate_der bytea not null,
    issued_at_ms bigint not null,
    not_after bigint not null,
    crl_id bigint,
    requester_account_id ${text},
    requester_service ${text}
  );
  create unique index certificates_by_serial_number on certificates (serial_number, authority_number);
  create index certificates_by_authority on certificates (authority_number, certificate_number);

  create table certificate_counts (
    authority_number bigint primary key references authorities (authority_number) on delete cascade,
    issued bigint not null,
    revoked bigint not null default 0,
    revoked_counted_at bigint not null default 0
  ) with (fillfactor = 50);

  create table tags (
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    tag_key ${text} not null,
    tag_value ${text},
    primary key (authority_number, tag_key)
  );

  create table idempotency_tokens (
    scope ${text} not null,
    token ${text} not null,
    arn ${text} not null,
    expires_at_ms bigint not null,
    primary key (scope, token)
  );
  create index idempotency_tokens_by_expiry on idempotency_tokens (expires_at_ms);

  create table crls (
    crl_id ${numbered},
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    name ${text} not null unique,
    kind ${text} not null check (kind in ('COMPLETE', 'PARTITION')),
    certificates bigint not null,
    last_not_after bigint not null,
    changes bigint not null,
    published_changes bigint not null,
    due_at_ms bigint,
    failures bigint not null,
    retry_at_ms bigint not null,
    lease ${text},
    lease_until_ms bigint not null,
    crl_number bigint not null,
    generated_at_ms bigint,
    etag ${text},
    bucket ${text},
    object_key ${text},
    size bigint,
    entries bigint
  ) with (fillfactor = 50);
  create index crls_by_authority on crls (authority_number, crl_id);
  create index crls_due on crls (due_at_ms) where due_at_ms is not null;
  create index crls_generated on crls (generated_at_ms) where generated_at_ms is not null;

  create table revocations (
    authority_number bigint not null references authorities (authority_number),
    certificate_number bigint not null,
    serial_number bytea not null,
    crl_id bigint,
    revoked_at_ms bigint not null,
    reason_code bigint not null,
    not_after bigint not null,
    primary key (authority_number, certificate_number)
  );
  create index revocations_by_crl on revocations (crl_id, certificate_number);
  create index revocations_by_expiry on revocations (authority_number, not_after);

  create table audit_reports (
    report_number ${numbered},
    report_id ${text} not null unique,
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    bucket ${text} not null,
    object_key ${text} not null,
    format ${text} not null,
    status ${text} not null check (status in ('CREATING', 'SUCCESS', 'FAILED')),
    created_at_ms bigint not null,
    failures bigint not null,
    retry_at_ms bigint not null,
    lease ${text},
    lease_until_ms bigint not null
  );
  create index audit_reports_by_authority on audit_reports (authority_number, created_at_ms);
  create index audit_reports_creating on audit_reports (report_number) where status = 'CREATING';

  create table expiry_announcements (
    authority_certificate_number bigint not null
      references authority_certificates (authority_certificate_number) on delete cascade,
    days bigint not null,
    announced_at_ms bigint not null,
    primary key (authority_certificate_number, days)
  );

  create table events (
    event_number ${numbered},
    event ${text} not null,
    created_at_ms bigint not null,
    failures bigint not null,
    retry_at_ms bigint not null,
    lease ${text},
    lease_until_ms bigint not null
  );
  create index events_due on events (retry_at_ms);

  create table job_outcomes (
    job ${text} primary key,
    finished_at_ms bigint not null,
    milliseconds bigint not null,
    done bigint not null,
    failed bigint not null,
    error ${text}
  );

  create table resource_policies (
    authority_number bigint primary key references authorities (authority_number) on delete cascade,
    policy ${text} not null
  );

  create table authority_sharing (
    account_id ${text} not null,
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    share_id ${text} not null,
    primary key (account_id, authority_number, share_id)
  );
  create index authority_sharing_by_authority on authority_sharing (authority_number);

  create table permissions (
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    principal ${text} not null,
    source_account ${text} not null,
    actions ${text} not null,
    created_at_ms bigint not null,
    primary key (authority_number, principal, source_account)
  );

  create table shares (
    share_id ${text} primary key,
    account_id ${text} not null references accounts (account_id),
    name ${text} not null,
    permission ${text} not null,
    principals ${text} not null,
    created_at_ms bigint not null
  );

  create table share_authorities (
    share_id ${text} not null references shares (share_id) on delete cascade,
    authority_number bigint not null references authorities (authority_number) on delete cascade,
    policy ${text} not null,
    primary key (share_id, authority_number)
  );
  create index share_authorities_by_authority on share_authorities (authority_number);
  `,
  ...sharedMigrations(postgresDialect),
]
