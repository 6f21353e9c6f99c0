/** The TLS configuration. */
import { resolve } from 'node:path'
import { namesOf } from './listener-names.ts'
import { isLoopback, type Address } from './parse-values.ts'
import type { Read } from './read-setting.ts'

/** Source of the certificate for the API listener and the enrollment listener. All paths are absolute. */
export type TlsConfig = (
  | { readonly kind: 'none' }
  | { readonly kind: 'files'; readonly certFile: string; readonly keyFile: string }
  | { readonly kind: 'self'; readonly authority: string; readonly names: readonly string[] }
) & {
  /** CA bundle; API clients must present a certificate issued by one of its CAs. */
  readonly clientCaFile: string | undefined
}

/** Reads the TLS settings, and adds invalid combinations to `problems`. */
export function tlsConfig(read: Read, listen: Address | undefined, problems: string[]): TlsConfig {
  const certFile = read('tlsCert')
  const keyFile = read('tlsKey')
  const authority = read('tlsSelf')
  const names = read('tlsNames')
  const clientCa = read('tlsClientCa')
  const insecure = read('insecureHttp') === 'true'
  const clientCaFile = clientCa === undefined ? undefined : resolve(clientCa)
  if ((certFile === undefined) !== (keyFile === undefined))
    problems.push('--tls-cert requires --tls-key, and vice versa')
  if (certFile !== undefined && authority !== undefined)
    problems.push('--tls-cert cannot be combined with --tls-self')
  if (names !== undefined && authority === undefined)
    problems.push('--tls-names requires --tls-self')
  if (certFile !== undefined && keyFile !== undefined)
    return { kind: 'files', certFile: resolve(certFile), keyFile: resolve(keyFile), clientCaFile }
  if (authority !== undefined)
    return { kind: 'self', authority, names: names ?? namesOf(listen), clientCaFile }
  if (clientCaFile !== undefined) problems.push('--tls-client-ca requires --tls-cert or --tls-self')
  if (listen !== undefined && !isLoopback(listen) && !insecure)
    problems.push(
      '--listen exposes the API to other machines over plain HTTP; add --tls-cert and --tls-key, --tls-self, or --insecure-http',
    )
  return { kind: 'none', clientCaFile: undefined }
}

/** Adds the enrollment listener's names to those in the `--tls-self` certificate, because both listeners use this certificate. */
export function withNames(tls: TlsConfig, names: readonly string[] = []): TlsConfig {
  return tls.kind === 'self' ? { ...tls, names: [...new Set([...tls.names, ...names])] } : tls
}
