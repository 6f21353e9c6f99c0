/** The table of certificate templates (AWS Private CA User Guide, Template definitions). */
import { invalidArgs } from '../errors.ts'
import { encodeBasicConstraints } from '../x509/extensions/basic-constraints.ts'
import { encodeExtendedKeyUsage } from '../x509/extensions/extended-key-usage.ts'
import { constantExtension, type Extension } from '../x509/extensions/extensions.ts'
import { encodeKeyUsage, type KeyUsageBit } from '../x509/extensions/key-usage.ts'
import { oids } from '../x509/der/oid.ts'
import { nearest } from '../text/closest-names.ts'

/** Additional sources of extensions, besides the template and the CA. */
type Variety = 'base' | 'CSRPassthrough' | 'APIPassthrough' | 'APICSRPassthrough'

export interface Template {
  /** Name of the template without the version, such as `EndEntityCertificate_APIPassthrough`. */
  readonly name: string
  /** Type of certificate that the template issues. A root certificate is self-signed. */
  readonly kind: 'end-entity' | 'subordinate' | 'root'
  /** Path length constraint of a CA certificate. */
  readonly pathLenConstraint: number | undefined
  readonly basicConstraints: Extension
  /** The keyUsage and extendedKeyUsage extensions, in this order; absent for Blank templates. */
  readonly usage: readonly Extension[]
  /** Whether the template uses ApiPassthrough. */
  readonly api: boolean
  /** Whether the template uses the extensions in the CSR. The CSR's subject and SAN are always used. */
  readonly csr: boolean
  /** Whether cRLDistributionPoints may come from the API or the CSR. */
  readonly crlDistributionPoints: { readonly api: boolean; readonly csr: boolean }
}

/** The default template, used for requests without TemplateArn. */
export const defaultTemplateName = 'EndEntityCertificate'

const caKeyUsage = keyUsage(['digitalSignature', 'keyCertSign', 'cRLSign'])
const serverKeyUsage = keyUsage(['digitalSignature', 'keyEncipherment'])
const signatureKeyUsage = keyUsage(['digitalSignature'])

const all: readonly Variety[] = ['base', 'CSRPassthrough', 'APIPassthrough', 'APICSRPassthrough']
const noBase: readonly Variety[] = ['CSRPassthrough', 'APIPassthrough', 'APICSRPassthrough']
const baseAndApi: readonly Variety[] = ['base', 'APIPassthrough']
const apiOnly: readonly Variety[] = ['APIPassthrough']

/** A table row that covers all variants of a template. */
interface Stem {
  readonly stem: string
  readonly kind: Template['kind']
  /** Path length constraint in the basicConstraints extension. */
  readonly critical: boolean
  readonly pathLenConstraint?: number
  readonly usage: readonly Extension[]
  readonly varieties: readonly Variety[]
  /** Whether cRLDistributionPoints may come from the API. */
  readonly crlDistributionPointsFromApi?: boolean
}

const endEntity = { kind: 'end-entity', critical: false } as const
const subordinate = { kind: 'subordinate', critical: true } as const
const root = { kind: 'root', critical: true } as const
const blankCritical = 'BlankEndEntityCertificate_CriticalBasicConstraints'
const pathLengths = [0, 1, 2, 3]

const stems: readonly Stem[] = [
  {
    ...endEntity,
    stem: 'EndEntityCertificate',
    usage: [serverKeyUsage, extendedKeyUsage(false, [oids.serverAuth, oids.clientAuth])],
    varieties: all,
  },
  {
    ...endEntity,
    stem: 'EndEntityClientAuthCertificate',
    usage: [serverKeyUsage, extendedKeyUsage(false, [oids.clientAuth])],
    varieties: all,
  },
  {
    ...endEntity,
    stem: 'EndEntityServerAuthCertificate',
    usage: [serverKeyUsage, extendedKeyUsage(false, [oids.serverAuth])],
    varieties: all,
  },
  {
    ...endEntity,
    stem: 'CodeSigningCertificate',
    usage: [signatureKeyUsage, extendedKeyUsage(true, [oids.codeSigning])],
    varieties: all,
  },
  {
    ...endEntity,
    stem: 'OCSPSigningCertificate',
    usage: [signatureKeyUsage, extendedKeyUsage(true, [oids.ocspSigning])],
    varieties: all,
  },
  { ...endEntity, stem: 'BlankEndEntityCertificate', usage: [], varieties: noBase },
  {
    ...endEntity,
    stem: blankCritical,
    critical: true,
    usage: [],
    varieties: noBase,
    crlDistributionPointsFromApi: true,
  },
  ...pathLengths.map((pathLenConstraint) => ({
    ...subordinate,
    stem: `SubordinateCACertificate_PathLen${pathLenConstraint}`,
    pathLenConstraint,
    usage: [caKeyUsage],
    varieties: all,
  })),
  ...pathLengths.map((pathLenConstraint) => ({
    ...subordinate,
    stem: `BlankSubordinateCACertificate_PathLen${pathLenConstraint}`,
    pathLenConstraint,
    usage: [],
    varieties: noBase,
  })),
  {
    ...root,
    stem: 'RootCACertificate',
    usage: [caKeyUsage],
    varieties: baseAndApi,
  },
  {
    ...root,
    stem: 'BlankRootCACertificate',
    usage: [],
    varieties: apiOnly,
    crlDistributionPointsFromApi: true,
  },
  ...pathLengths.map((pathLenConstraint) => ({
    ...root,
    stem: `BlankRootCACertificate_PathLen${pathLenConstraint}`,
    pathLenConstraint,
    usage: [],
    varieties: apiOnly,
    crlDistributionPointsFromApi: true,
  })),
]

const byName: ReadonlyMap<string, Template> = new Map(
  stems
    .flatMap((stem) => stem.varieties.map((variety) => templateOf(stem, variety)))
    .map((template) => [template.name, template]),
)

export const templateNames: readonly string[] = [...byName.keys()]

/** Finds a template by name. If the template name is unknown, throws InvalidArgsException with similar names. */
export function requireTemplate(name: string): Template {
  const template = byName.get(name)
  if (template === undefined)
    throw invalidArgs(
      `Template ${name} does not exist. Templates with similar names: ${nearest(name, templateNames).join(', ')}.`,
    )
  return template
}

function templateOf(stem: Stem, variety: Variety): Template {
  const api = variety === 'APIPassthrough' || variety === 'APICSRPassthrough'
  const csr = variety === 'CSRPassthrough' || variety === 'APICSRPassthrough'
  return {
    name: variety === 'base' ? stem.stem : `${stem.stem}_${variety}`,
    kind: stem.kind,
    pathLenConstraint: stem.pathLenConstraint,
    basicConstraints: basicConstraints(stem),
    usage: stem.usage,
    api,
    csr,
    crlDistributionPoints: { api: api && stem.crlDistributionPointsFromApi === true, csr },
  }
}

function basicConstraints({ kind, critical, pathLenConstraint }: Stem): Extension {
  const value = encodeBasicConstraints({ ca: kind !== 'end-entity', pathLenConstraint })
  return constantExtension({ oid: oids.basicConstraints, critical, value })
}

function keyUsage(bits: readonly KeyUsageBit[]): Extension {
  return constantExtension({ oid: oids.keyUsage, critical: true, value: encodeKeyUsage(bits) })
}

function extendedKeyUsage(critical: boolean, purposes: readonly string[]): Extension {
  const value = encodeExtendedKeyUsage(purposes)
  return constantExtension({ oid: oids.extendedKeyUsage, critical, value })
}

/** Returns whether the template issues CA certificates. */
export function isCaTemplate(templateName: string): boolean {
  return templateName.includes('CACertificate')
}
