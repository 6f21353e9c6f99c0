/**
 * The server that owns the database, and how many groups of transactions were ever committed. One row, in no backup. Only
 * SQLite uses it; PostgreSQL has the table so that both engines have the same schema.
 */
const ownership = (text: string, integer: string): string => `
  create table ownership (
    single ${integer} primary key check (single = 1),
    database_id ${text} not null,
    commits ${integer} not null,
    owner ${text} not null,
    process ${text} not null,
    challenge ${text} not null,
    response ${text} not null
  )`

export const sqliteOwnershipSchema = `${ownership('text', 'integer')} strict;`
export const postgresOwnershipSchema = `${ownership('text collate "C"', 'bigint')};`
