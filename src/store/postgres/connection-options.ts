/** Where a PostgreSQL database is, and how its server is trusted. Plain values: they can be sent to a thread. */

export interface PostgresConnectionOptions {
  /** Name, address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly tls: PostgresTls
  readonly password: PasswordSource
}

/** Modes of libpq: `require` encrypts and trusts anybody, `verify-full` checks certificate and name. */
type PostgresTls =
  | { readonly mode: 'disable' | 'require' }
  | {
      readonly mode: 'verify-full'
      /** PEM file of the roots that are trusted; undefined for those of Node.js. */
      readonly rootCertificateFile: string | undefined
    }

/** Read again for each connection, so that a password can be changed while the server runs. */
type PasswordSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  /** A file with the password as its first line. */
  | { readonly kind: 'file'; readonly path: string }
  /** libpq's password file (PostgreSQL documentation, "The Password File"). */
  | { readonly kind: 'pgpass'; readonly path: string }

/** For messages: without user and password. */
export function connectionName({ host, port, database }: PostgresConnectionOptions): string {
  return `PostgreSQL at ${host.includes(':') ? `[${host}]` : host}:${port}, database ${database}`
}
