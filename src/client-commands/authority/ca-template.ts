/** The template and the ApiPassthrough for a new CA certificate with the same extensions as the current certificate. */
import type { ApiPassthrough } from '../../../client/index.ts'
import { ConfigurationError } from '../../errors.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { oids } from '../../x509/der/oid.ts'
import { parseBasicConstraints } from '../../x509/extensions/basic-constraints.ts'
import { findExtension } from '../../x509/extensions/extensions.ts'
import { parseKeyUsage } from '../../x509/extensions/key-usage.ts'

export interface CaTemplate {
  /** Name of an AWS Private CA template. */
  readonly template: string
  readonly apiPassthrough?: ApiPassthrough
}

/** Extensions that the issuer creates from its own configuration and the template. */
const generated: ReadonlySet<string> = new Set([
  oids.basicConstraints,
  oids.subjectKeyIdentifier,
  oids.authorityKeyIdentifier,
  oids.crlDistributionPoints,
  oids.authorityInfoAccess,
])

/** The key usage that non-Blank templates set. */
const templateKeyUsage = 'digitalSignature keyCertSign cRLSign'

/** The largest path length constraint that a template can have. */
const pathLengthMax = 3

/**
 * Returns the template and the ApiPassthrough for a new CA certificate. Name constraints, policies and every other extension of
 * the current certificate are passed through. Throws ConfigurationError for a certificate that no template can reproduce.
 */
export function templateLike(
  { extensions }: Pick<Certificate, 'extensions'>,
  type: 'ROOT' | 'SUBORDINATE',
): CaTemplate {
  const constraints = findExtension(extensions, oids.basicConstraints)
  const pathLength = constraints && parseBasicConstraints(constraints.value).pathLenConstraint
  if ((pathLength === undefined && type === 'SUBORDINATE') || (pathLength ?? 0) > pathLengthMax)
    throw new ConfigurationError(
      `its certificate has ${pathLength === undefined ? 'no path length constraint' : `the path length constraint ${pathLength}`}, ` +
        'which no template supports: create a CSR with --csr-out, and have an external issuer sign the CSR',
    )
  const usage = findExtension(extensions, oids.keyUsage)
  const isUsual = usage !== undefined && parseKeyUsage(usage.value).join(' ') === templateKeyUsage
  const passed = extensions.filter(
    ({ oid }) => !generated.has(oid) && !(isUsual && oid === oids.keyUsage),
  )
  // Only Blank root templates include a path length constraint, and they do not set the key usage.
  const isBlank = !isUsual || (type === 'ROOT' && pathLength !== undefined)
  const needed = isBlank && isUsual && usage !== undefined ? [...passed, usage] : passed
  const stem = type === 'ROOT' ? 'RootCACertificate' : 'SubordinateCACertificate'
  const name = `${isBlank ? 'Blank' : ''}${stem}${pathLength === undefined ? '' : `_PathLen${pathLength}`}`
  if (needed.length === 0) return { template: isBlank ? `${name}_APIPassthrough` : name }
  return {
    template: `${name}_APIPassthrough`,
    apiPassthrough: {
      Extensions: {
        CustomExtensions: needed.map(({ oid, critical, value }) => ({
          ObjectIdentifier: oid,
          Value: Buffer.from(value).toString('base64'),
          Critical: critical,
        })),
      },
    },
  }
}
