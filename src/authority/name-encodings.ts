/** Names that are the same by RFC 5280 §7.1 and yet have different octets. */
import type { Certificate } from '../x509/certificate.ts'
import { pathPosition } from './import-refusals.ts'

/**
 * A sentence for each certificate of an accepted path whose issuer is encoded in another way than the subject of the one
 * above it, in string type, case or spaces. Verifiers that compare octets, as Go's does, then find no path.
 */
export function differentlyEncodedIssuers(path: readonly Certificate[]): string[] {
  return path.flatMap(({ issuer }, index) => {
    const above = path[index + 1]
    if (above === undefined || Buffer.compare(issuer.der, above.subject.der) === 0) return []
    return [
      `the issuer of ${pathPosition(index)} is encoded differently from the subject of ` +
        `${pathPosition(index + 1)}: some verifiers find no path`,
    ]
  })
}
