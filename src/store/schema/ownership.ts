/**
 * The server that owns the database, and the number of committed groups of transactions. The table has one row and is not
 * backed up. Only SQLite uses it; PostgreSQL has it so that both engines have the same schema.
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
