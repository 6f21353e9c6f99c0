/**
 * Who asked for a certificate, and what certificates are searched by. The search tables follow from `certificates`: a job
 * fills them, also with what was there before, and they are in no backup.
 */
export const searchSchema = `
  alter table certificates add column requester_arn text;

  create table certificate_facets (
    facet integer not null,
    position integer not null,
    certificate_number integer not null,
    primary key (facet, position, certificate_number)
  ) strict, without rowid;

  create table certificate_names (
    facet integer not null,
    name text not null,
    certificate_number integer not null,
    primary key (facet, name, certificate_number)
  ) strict, without rowid;

  create table search_progress (
    search text primary key,
    certificate_number integer not null
  ) strict, without rowid;
  insert into search_progress values ('certificates', 0);
  `
