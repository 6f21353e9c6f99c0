/** Migrations for the enrollment tables (ACME and EST). shared-migrations.ts includes these migrations. */
import type { Dialect } from './dialect.ts'

/** Adds the tables for ACME and EST endpoints, and for the one-time passwords of EST (store/enrollment). */
export function enrollmentEndpoints({
  text,
  integer,
  bytes,
  strict,
  strictIndex,
}: Dialect): string {
  return `
  create table enrollment_endpoints (
    protocol ${text} not null check (protocol in ('acme', 'est')),
    name ${text} not null,
    account_id ${text} not null references accounts (account_id),
    authority_number ${integer} not null references authorities (authority_number) on delete cascade,
    configuration ${text} not null,
    created_at_ms ${integer} not null,
    primary key (protocol, name)
  )${strictIndex};
  create index enrollment_endpoints_by_account on enrollment_endpoints (account_id, protocol, name);
  create index enrollment_endpoints_by_authority on enrollment_endpoints (authority_number);

  create table est_passwords (
    user_name ${text} primary key,
    endpoint_name ${text} not null,
    password_sha256 ${bytes} not null,
    names ${text} not null,
    created_at_ms ${integer} not null,
    expires_at_ms ${integer} not null,
    used_at_ms ${integer},
    request_sha256 ${bytes},
    certificate_arn ${text}
  )${strict};
  create index est_passwords_by_endpoint on est_passwords (endpoint_name, created_at_ms);
  create index est_passwords_by_expiry on est_passwords (expires_at_ms);
  `
}

/** Adds the tables for ACME's external account binding keys, accounts and used nonces (RFC 8555). */
export function acmeAccounts({
  text,
  integer,
  numbered,
  bytes,
  strict,
  strictIndex,
}: Dialect): string {
  return `
  create table acme_binding_keys (
    key_id ${text} primary key,
    endpoint_name ${text} not null,
    mac_key_sealed ${bytes} not null,
    master_key_id ${text} not null,
    names ${text} not null,
    reusable ${integer} not null check (reusable in (0, 1)),
    created_at_ms ${integer} not null,
    expires_at_ms ${integer},
    used_at_ms ${integer}
  )${strict};
  create index acme_binding_keys_by_endpoint on acme_binding_keys (endpoint_name, created_at_ms);

  create table acme_accounts (
    acme_account_number ${numbered},
    acme_account_id ${text} not null unique,
    endpoint_name ${text} not null,
    key_thumbprint ${text} not null,
    public_key ${text} not null,
    contacts ${text} not null,
    status ${text} not null check (status in ('valid', 'deactivated', 'revoked')),
    binding_key_id ${text},
    created_at_ms ${integer} not null,
    unique (endpoint_name, key_thumbprint)
  )${strict};
  create index acme_accounts_by_endpoint on acme_accounts (endpoint_name, acme_account_number);

  create table acme_used_nonces (
    nonce ${text} primary key,
    expires_at_ms ${integer} not null
  )${strictIndex};
  create index acme_used_nonces_by_expiry on acme_used_nonces (expires_at_ms);
  `
}

/** Adds the tables for ACME orders and authorizations. */
export function acmeOrders({
  text,
  integer,
  numbered,
  bytes,
  strict,
  strictIndex,
}: Dialect): string {
  return `
  create table acme_orders (
    order_number ${numbered},
    order_id ${text} not null unique,
    acme_account_number ${integer} not null references acme_accounts (acme_account_number) on delete cascade,
    status ${text} not null check (status in ('pending', 'ready', 'processing', 'valid', 'invalid')),
    identifiers ${text} not null,
    profile ${text},
    not_before ${integer},
    not_after ${integer},
    replaced_certificate ${text},
    error ${text},
    authority_number ${integer} not null,
    certificate_serial_number ${bytes},
    certificate_id ${text} unique,
    created_at_ms ${integer} not null,
    expires_at_ms ${integer} not null
  )${strict};
  create index acme_orders_by_account on acme_orders (acme_account_number, order_number);
  create index acme_orders_by_expiry on acme_orders (expires_at_ms);
  create index acme_orders_unfinished on acme_orders (acme_account_number, expires_at_ms)
    where certificate_serial_number is null;
  create index acme_orders_by_serial_number on acme_orders (certificate_serial_number);
  create index acme_orders_by_replaced on acme_orders (replaced_certificate)
    where replaced_certificate is not null;

  create table acme_authorizations (
    authorization_number ${numbered},
    authorization_id ${text} not null unique,
    acme_account_number ${integer} not null references acme_accounts (acme_account_number) on delete cascade,
    identifier_type ${text} not null,
    identifier_value ${text} not null,
    wildcard ${integer} not null check (wildcard in (0, 1)),
    status ${text} not null
      check (status in ('pending', 'valid', 'invalid', 'deactivated', 'revoked')),
    created_at_ms ${integer} not null,
    expires_at_ms ${integer} not null
  )${strict};
  create index acme_authorizations_by_identifier on acme_authorizations
    (acme_account_number, identifier_type, identifier_value, expires_at_ms);
  create index acme_authorizations_by_expiry on acme_authorizations (expires_at_ms);
  create index acme_authorizations_pending on acme_authorizations (acme_account_number, expires_at_ms)
    where status = 'pending';

  create table acme_order_authorizations (
    order_number ${integer} not null references acme_orders (order_number) on delete cascade,
    authorization_number ${integer} not null
      references acme_authorizations (authorization_number) on delete cascade,
    primary key (order_number, authorization_number)
  )${strictIndex};
  create index acme_order_authorizations_by_authorization on acme_order_authorizations (authorization_number);
  `
}

/** Adds the table for ACME challenges, which a job validates under a lease. */
export function acmeChallenges({ text, integer, numbered, strict }: Dialect): string {
  return `
  create table acme_challenges (
    challenge_number ${numbered},
    challenge_id ${text} not null unique,
    authorization_number ${integer} not null
      references acme_authorizations (authorization_number) on delete cascade,
    type ${text} not null,
    token ${text} not null,
    status ${text} not null check (status in ('pending', 'processing', 'valid', 'invalid')),
    error ${text},
    validated_at_ms ${integer},
    requested_at_ms ${integer},
    failures ${integer} not null,
    retry_at_ms ${integer} not null,
    lease ${text},
    lease_until_ms ${integer} not null
  )${strict};
  create index acme_challenges_by_authorization on acme_challenges (authorization_number);
  create index acme_challenges_due on acme_challenges (retry_at_ms) where status = 'processing';
  create index acme_challenges_leased on acme_challenges (lease) where lease is not null;
  `
}
