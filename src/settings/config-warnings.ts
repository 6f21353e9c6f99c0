import type { Config } from './config.ts'
import { isUnspecified } from './parse-values.ts'

/** Returns a warning for each setting that is valid but most likely wrong. */
export function configWarnings(
  config: Pick<Config, 'publicListen' | 'publicUrl'>,
): readonly string[] {
  const warning = publicUrlWarning(config)
  return warning === undefined ? [] : [warning]
}

/** Returns a warning if the settings imply that other machines cannot reach the URLs in certificates; undefined otherwise. */
export function publicUrlWarning({
  publicListen: { host, port },
  publicUrl,
}: Pick<Config, 'publicListen' | 'publicUrl'>): string | undefined {
  const shown = host.includes(':') ? `[${host}]` : host
  if (publicUrl === undefined)
    return isUnspecified(host)
      ? `--public-listen ${shown}:${port} serves other machines, but without --public-url certificates refer to a loopback ` +
          'address (http://127.0.0.1 or http://[::1]) for CRLs, OCSP and CA certificates, which only this machine can reach. Set ' +
          '--public-url to the URL under which clients reach the public listener; issued certificates cannot be corrected'
      : undefined
  const { hostname } = new URL(publicUrl)
  return isUnspecified(hostname.replaceAll(/[[\]]/g, ''))
    ? `--public-url ${publicUrl} has an unspecified address, to which no client can connect. Set it to the URL under ` +
        'which clients reach the public listener; issued certificates cannot be corrected'
    : undefined
}
