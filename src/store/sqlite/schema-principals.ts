/**
 * Version 4 of the SQLite schema: users, roles, identity providers and shares. The migration creates a user from the user data
 * in an access key. The policy of an access key stays with the key, so that no key gains permissions.
 */
export const principalsSchema = `
  alter table accounts add column organization_id text;
  alter table certificates add column requester_service text;

  create table users (
    user_id text primary key,
    account_id text not null references accounts (account_id),
    user_name text not null,
    tags text not null,
    created_at_ms integer not null
  ) strict;
  create unique index users_by_name on users (account_id, user_name);

  create table roles (
    role_id text primary key,
    account_id text not null references accounts (account_id),
    role_name text not null,
    trust_policy text not null,
    session_seconds_max integer not null,
    tags text not null,
    created_at_ms integer not null
  ) strict;
  create unique index roles_by_name on roles (account_id, role_name);

  create table identity_policies (
    principal_id text not null,
    policy_name text not null,
    policy text not null,
    primary key (principal_id, policy_name)
  ) strict, without rowid;

  create table identity_providers (
    account_id text not null references accounts (account_id),
    issuer text not null,
    audiences text not null,
    key_set text,
    created_at_ms integer not null,
    primary key (account_id, issuer)
  ) strict, without rowid;

  create table access_keys_of_principals (
    access_key_id text primary key,
    account_id text not null references accounts (account_id),
    user_id text references users (user_id),
    service_principal text,
    source_arn text,
    secret_sealed blob not null,
    policy text,
    active integer not null check (active in (0, 1)),
    created_at_ms integer not null,
    last_used_at_ms integer,
    last_used_region text,
    last_used_service text,
    check ((user_id is null) <> (service_principal is null))
  ) strict;
  insert into users (user_id, account_id, user_name, tags, created_at_ms)
    select 'AIDA' || replace(replace(replace(replace(
        hex(randomblob(8)), '0', 'W'), '1', 'X'), '8', 'Y'), '9', 'Z'),
      account_id, user_name, '{}', min(created_at_ms)
    from access_keys group by account_id, user_name;
  insert into access_keys_of_principals (access_key_id, account_id, user_id, secret_sealed, policy,
      active, created_at_ms)
    select access_key_id, account_id, user_id, secret_sealed, policy, active, k.created_at_ms
    from access_keys k join users using (account_id, user_name);
  drop table access_keys;
  alter table access_keys_of_principals rename to access_keys;
  create index access_keys_by_user on access_keys (user_id);

  create table shares (
    share_id text primary key,
    account_id text not null references accounts (account_id),
    name text not null,
    permission text not null,
    principals text not null,
    created_at_ms integer not null
  ) strict;

  create table share_authorities (
    share_id text not null references shares (share_id) on delete cascade,
    authority_number integer not null references authorities (authority_number) on delete cascade,
    policy text not null,
    primary key (share_id, authority_number)
  ) strict, without rowid;
  create index share_authorities_by_authority on share_authorities (authority_number);

  create table authority_sharing_by_source (
    account_id text not null,
    authority_number integer not null references authorities (authority_number) on delete cascade,
    share_id text not null,
    primary key (account_id, authority_number, share_id)
  ) strict, without rowid;
  insert into authority_sharing_by_source select account_id, authority_number, ''
    from authority_sharing;
  drop table authority_sharing;
  alter table authority_sharing_by_source rename to authority_sharing;
  create index authority_sharing_by_authority on authority_sharing (authority_number);
  `
