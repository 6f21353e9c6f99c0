/** Migrations of the tables that a job derives from certificates: search tables and daily counts. Backups omit these tables. */
import type { Dialect } from './dialect.ts'

/**
 * Adds the requesters of certificates and the search tables. A job fills the search tables from `certificates`, and backups
 * omit the search tables.
 */
export function searchTables({ text, integer, strictIndex }: Dialect): string {
  return `
  alter table certificates add column requester_arn ${text};

  create table certificate_facets (
    facet ${integer} not null,
    position ${integer} not null,
    certificate_number ${integer} not null,
    primary key (facet, position, certificate_number)
  )${strictIndex};

  create table certificate_names (
    facet ${integer} not null,
    name ${text} not null,
    certificate_number ${integer} not null,
    primary key (facet, name, certificate_number)
  )${strictIndex};

  create table search_progress (
    search ${text} primary key,
    certificate_number ${integer} not null
  )${strictIndex};
  insert into search_progress values ('certificates', 0);
  `
}

/**
 * Adds the lease of the process that fills the search tables (jobs/index-certificates.ts). Earlier versions of Signet use no
 * lease and sort names in a single era. Processes of earlier versions insert nothing, because they do not find the row under its
 * new name.
 */
export function searchLease({ text, integer }: Dialect): string {
  return `
  alter table search_progress add column lease ${text};
  alter table search_progress add column lease_until_ms ${integer} not null default 0;
  update search_progress set search = 'certificates in eras';
  create index search_progress_leased on search_progress (lease) where lease is not null;
  `
}

/**
 * Adds the daily numbers of certificates for each CA (store/certificate-days.ts), and the number of the last counted
 * certificate. The job index-certificates counts the certificates, and backups omit the counts.
 */
export function certificateDays({ integer, strictIndex }: Dialect): string {
  return `
  create table certificate_days (
    authority_number ${integer} not null references authorities (authority_number) on delete cascade,
    utc_day ${integer} not null,
    issued ${integer} not null,
    revoked ${integer} not null,
    expiring ${integer} not null,
    primary key (authority_number, utc_day)
  )${strictIndex};
  alter table search_progress add column counted_number ${integer} not null default 0;
  `
}
