/**
 * Identities of CAs (chain/issuer-identity.ts), and host names under which CRLs were published. Rows of earlier versions
 * have identity 1. Both engines have the same columns in the same order.
 */
function identitiesSchema(integer: 'integer' | 'bigint', text: string): string {
  return `
  alter table authority_certificates add column issuer_identity ${integer} not null default 1;
  alter table crls add column issuer_identity ${integer} not null default 1;
  alter table authorities add column past_crl_cnames ${text};
  `
}

export const sqliteIdentitiesSchema: string = identitiesSchema('integer', 'text')
export const postgresIdentitiesSchema: string = identitiesSchema('bigint', 'text collate "C"')
