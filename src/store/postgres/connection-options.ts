/** Connection options for a PostgreSQL database, as plain data that can be sent to a thread. */
import { urlHost } from '../../text/ip-address.ts'

export interface PostgresConnectionOptions {
  /** Host name, IP address, or directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly tls: PostgresTls
  readonly password: PasswordSource
}

/**
 * TLS modes as in libpq. `require` encrypts the connection without verifying the server; `verify-full` also verifies the
 * server's certificate and host name.
 */
type PostgresTls =
  | { readonly mode: 'disable' | 'require' }
  | {
      readonly mode: 'verify-full'
      /** PEM file with trusted root certificates. If undefined, the root certificates of Node.js are used. */
      readonly rootCertificateFile: string | undefined
    }

/** Source of the password. The password is read for each connection, so that it can be changed while the server is running. */
type PasswordSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  /** A file that contains the password on its first line. */
  | { readonly kind: 'file'; readonly path: string }
  /** A password file in the format of libpq (PostgreSQL documentation, "The Password File"). */
  | { readonly kind: 'pgpass'; readonly path: string }

/** Returns a description of the database for messages, without the user name and the password. */
export function connectionName({ host, port, database }: PostgresConnectionOptions): string {
  return `PostgreSQL at ${urlHost(host)}:${port}, database ${database}`
}
