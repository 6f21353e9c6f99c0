/** The location of a CRL: its object key in the bucket, and its URL (AWS Private CA User Guide, Setting up a CRL). */
import type { Authority } from '../authority/authority.ts'
import { cnameUrl, parseCname, pathBelow } from '../authority/custom-cname.ts'
import type { EnabledCrl } from '../authority/revocation-configuration.ts'

const defaultFolder = 'crl'

/** Returns the object key of the CRL `name`. The key starts with CustomPath, or with `crl/` by default. */
export function crlKey({ CustomPath }: EnabledCrl, name: string): string {
  return `${CustomPath ?? defaultFolder}/${name}.crl`
}

/**
 * Returns the URL of an object below CustomCname. `path` is the URL-encoded object key. Without a CustomCname, the function
 * returns undefined, and the object store's URL is used.
 */
export function customCrlUrl({ CustomCname }: EnabledCrl, path: string): string | undefined {
  const url = cnameUrl(CustomCname)
  return url === undefined ? undefined : `${url}/${path}`
}

/**
 * The inverse of customCrlUrl: returns the URL-encoded key of the requested object, or undefined if the request does not match a
 * current or earlier CustomCname. Certificates refer to earlier values of CustomCname until the certificates expire.
 */
export function customCrlPath(
  {
    revocation: { CrlConfiguration },
    pastCrlCnames,
  }: Pick<Authority, 'revocation' | 'pastCrlCnames'>,
  { host, path }: { readonly host: string; readonly path: string },
): string | undefined {
  const present = CrlConfiguration.Enabled ? CrlConfiguration.CustomCname : undefined
  // Certificates from earlier versions contain a double slash if CustomCname ended with a slash.
  const request = { host, path: path.replaceAll(/\/{2,}/g, '/') }
  for (const value of [...(present === undefined ? [] : [present]), ...pastCrlCnames]) {
    const cname = parseCname(value)
    const below = cname && pathBelow(cname, request)
    if (below !== undefined) return below
  }
  return undefined
}
