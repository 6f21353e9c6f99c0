/** Connection options for a PostgreSQL database, as plain data that can be sent to a thread. */

export interface PostgresConnectionOptions {
  /** Host name, IP address, or directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly tls: PostgresTls
  readonly password: PasswordSource
}

/** TLS modes of libpq: `require` encrypts without verifying the server, `verify-full` verifies certificate and host name. */
type PostgresTls =
  | { readonly mode: 'disable' | 'require' }
  | {
      readonly mode: 'verify-full'
      /** PEM file with trusted root certificates. Undefined for the root certificates of Node.js. */
      readonly rootCertificateFile: string | undefined
    }

/** Source of the password, which is read for each connection, so that the password can be changed while the server runs. */
type PasswordSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  /** A file with the password in its first line. */
  | { readonly kind: 'file'; readonly path: string }
  /** libpq's password file (PostgreSQL documentation, "The Password File"). */
  | { readonly kind: 'pgpass'; readonly path: string }

/** Returns the name of a database for messages, without the user name and password. */
export function connectionName({ host, port, database }: PostgresConnectionOptions): string {
  return `PostgreSQL at ${host.includes(':') ? `[${host}]` : host}:${port}, database ${database}`
}
