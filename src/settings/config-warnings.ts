import { urlHost } from '../text/ip-address.ts'
import type { Config } from './config.ts'
import { isLoopback, isUnspecified } from './parse-values.ts'

/** Returns a warning for each setting that is valid but most likely wrong. */
export function configWarnings(
  config: Pick<Config, 'publicListen' | 'publicUrl' | 'enrollment'>,
): readonly string[] {
  return [publicUrlWarning(config), enrollNamesWarning(config)].filter(
    (warning) => warning !== undefined,
  )
}

/** Returns a warning if other machines can connect to the enrollment listener, but not under any of its names. */
function enrollNamesWarning({ enrollment }: Pick<Config, 'enrollment'>): string | undefined {
  const { listen, names } = enrollment ?? {}
  if (listen === undefined || names === undefined || isLoopback(listen)) return undefined
  return names.every((host) => isLoopback({ host, port: 0 }))
    ? `--enroll-names ${names.join(',')} has only names of this machine, so other machines cannot use the enrollment ` +
        'listener. Add the names under which clients reach the listener'
    : undefined
}

/** Returns a warning if the settings make the URLs in certificates unreachable for other machines; otherwise undefined. */
export function publicUrlWarning({
  publicListen: { host, port },
  publicUrl,
}: Pick<Config, 'publicListen' | 'publicUrl'>): string | undefined {
  const shown = urlHost(host)
  if (publicUrl === undefined)
    return isUnspecified(host)
      ? `--public-listen ${shown}:${port} is reachable from other machines, but without --public-url, certificates refer to a loopback ` +
          'address (http://127.0.0.1 or http://[::1]) for CRLs, OCSP and CA certificates, which only this machine can reach. Set ' +
          '--public-url to the URL under which clients reach the public listener; issued certificates cannot be corrected'
      : undefined
  const { hostname } = new URL(publicUrl)
  return isUnspecified(hostname.replaceAll(/[[\]]/g, ''))
    ? `--public-url ${publicUrl} has an unspecified address, to which no client can connect. Set --public-url to the URL under ` +
        'which clients reach the public listener; issued certificates cannot be corrected'
    : undefined
}
