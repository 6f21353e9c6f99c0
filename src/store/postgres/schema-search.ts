/** Who asked for a certificate, and what certificates are searched by: see sqlite-schema-search.ts. */
export const postgresSearchSchema = `
  alter table certificates add column requester_arn text collate "C";

  create table certificate_facets (
    facet bigint not null,
    position bigint not null,
    certificate_number bigint not null,
    primary key (facet, position, certificate_number)
  );

  create table certificate_names (
    facet bigint not null,
    name text collate "C" not null,
    certificate_number bigint not null,
    primary key (facet, name, certificate_number)
  );

  create table search_progress (
    search text collate "C" primary key,
    certificate_number bigint not null
  );
  insert into search_progress values ('certificates', 0);
  `
