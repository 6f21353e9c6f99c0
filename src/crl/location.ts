/** Where a CRL is: its object in the bucket (AWS Private CA User Guide, Setting up a CRL). */
import { cnameUrl } from '../authority/custom-cname.ts'
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
