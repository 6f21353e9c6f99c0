/** Finds names that match according to RFC 5280 §7.1 but have different encodings. */
import type { Certificate } from '../x509/certificate.ts'
import { pathPosition } from './import-errors.ts'

/**
 * Returns warnings about an accepted path: one for each issuer name that differs in string type, case or spaces from the subject
 * of the certificate above. Verifiers that compare names byte for byte, such as Go's, cannot use such a path.
 */
export function differentlyEncodedIssuers(path: readonly Certificate[]): string[] {
  return path.flatMap(({ issuer }, index) => {
    const above = path[index + 1]
    if (above === undefined || Buffer.compare(issuer.der, above.subject.der) === 0) return []
    return [
      `the issuer of ${pathPosition(index)} is encoded differently from the subject of ` +
        `${pathPosition(index + 1)}: some verifiers cannot build a path`,
    ]
  })
}
