/** The configuration of the enrollment listener. */
import { namesOf } from './listener-names.ts'
import { isUnspecified, type Address } from './parse-values.ts'
import type { Read } from './read-setting.ts'
import type { TlsConfig } from './tls-config.ts'

export interface EnrollmentConfig {
  readonly listen: Address
  /** Host names and addresses of the listener; if undefined, the names in the `--tls-cert` certificate are used. */
  readonly names: readonly string[] | undefined
  readonly validation: ValidationConfig
}

/** Settings for validating ACME challenges. */
interface ValidationConfig {
  /** DNS servers in the form ADDRESS:PORT; if undefined, the system's DNS servers are used. */
  readonly resolver: readonly string[] | undefined
  /** Networks in CIDR notation to which validation may connect, in addition to private networks. */
  readonly networks: readonly string[]
  readonly httpPort: number
  readonly tlsPort: number
}

/**
 * Reads the enrollment settings, and adds invalid combinations to `problems`. Returns undefined if the enrollment listener is
 * turned off. Without configured names, the listener uses the names in the certificate file. Without a certificate file, the
 * listener uses the names of its address.
 */
export function enrollmentConfig(
  read: Read,
  tls: Pick<TlsConfig, 'kind'>,
  problems: string[],
): EnrollmentConfig | undefined {
  const before = problems.length
  const listen = read('enrollListen')
  const isInvalid = problems.length > before
  const names = read('enrollNames')
  const resolver = read('acmeResolver')
  const networks = read('acmeNetworks')
  const httpPort = read('acmeHttpPort')
  const tlsPort = read('acmeTlsPort')
  if (listen === undefined) {
    const dependent = {
      '--enroll-names': names,
      '--acme-resolver': resolver,
      '--acme-networks': networks,
      '--acme-http-port': httpPort,
      '--acme-tls-port': tlsPort,
    }
    const given = Object.entries(dependent).filter(([, value]) => value !== undefined)
    if (!isInvalid) problems.push(...given.map(([flag]) => `${flag} requires --enroll-listen`))
    return undefined
  }
  if (names === undefined && tls.kind !== 'files' && isUnspecified(listen.host))
    problems.push(
      '--enroll-listen on every address of this machine requires --enroll-names with the names under which clients reach the listener, such as --enroll-names ca.example.com',
    )
  return {
    listen,
    names: names ?? (tls.kind === 'files' ? undefined : namesOf(listen)),
    validation: {
      resolver,
      networks: networks ?? [],
      httpPort: httpPort ?? 80,
      tlsPort: tlsPort ?? 443,
    },
  }
}
