/** Where a CRL is: the key of its object in the bucket, and its URL (AWS Private CA User Guide, Setting up a CRL). */
import type { Authority } from '../authority/authority.ts'
import { cnameUrl, parseCname, pathBelow } from '../authority/custom-cname.ts'
import type { EnabledCrl } from '../authority/revocation-configuration.ts'

const defaultFolder = 'crl'

/** Key of the object of the CRL `name`: below CustomPath, or below `crl/`. */
export function crlKey({ CustomPath }: EnabledCrl, name: string): string {
  return `${CustomPath ?? defaultFolder}/${name}.crl`
}

/**
 * The URL below CustomCname of an object whose key is written like `path` in URLs; undefined if none is configured, and
 * the object store's own is to be used.
 */
export function customCrlUrl({ CustomCname }: EnabledCrl, path: string): string | undefined {
  const url = cnameUrl(CustomCname)
  return url === undefined ? undefined : `${url}/${path}`
}

/**
 * The inverse of customCrlUrl: the key, as it is written in URLs, of the object that a request is for; undefined if the CA has
 * no such CustomCname. Certificates refer to the former values until they expire.
 */
export function customCrlPath(
  {
    revocation: { CrlConfiguration },
    pastCrlCnames,
  }: Pick<Authority, 'revocation' | 'pastCrlCnames'>,
  { host, path }: { readonly host: string; readonly path: string },
): string | undefined {
  const present = CrlConfiguration.Enabled ? CrlConfiguration.CustomCname : undefined
  // Certificates of earlier versions have two slashes after a CustomCname that ended with one.
  const request = { host, path: path.replaceAll(/\/{2,}/g, '/') }
  for (const value of [...(present === undefined ? [] : [present]), ...pastCrlCnames]) {
    const cname = parseCname(value)
    const below = cname && pathBelow(cname, request)
    if (below !== undefined) return below
  }
  return undefined
}
