/** The certificate templates (AWS Private CA User Guide, Template definitions): what each writes, as one table. */
import { ServiceError } from '../errors.ts'
import { encodeBasicConstraints } from '../x509/basic-constraints.ts'
import { encodeExtendedKeyUsage } from '../x509/extended-key-usage.ts'
import type { Extension } from '../x509/extensions.ts'
import { encodeKeyUsage, type KeyUsageBit } from '../x509/key-usage.ts'
import { oids } from '../x509/oid.ts'

export interface Template {
  /** Without the version: `EndEntityCertificate`. */
  readonly name: string
  /** What kind of certificate it makes; a root signs itself. */
  readonly kind: 'end-entity' | 'subordinate' | 'root'
  /** Of a subordinate: at most so many CA certificates below it. */
  readonly pathLenConstraint: number | undefined
  readonly basicConstraints: Extension
  /** keyUsage and extendedKeyUsage, in this order. */
  readonly usage: readonly Extension[]
}

/** What no TemplateArn means. */
export const defaultTemplateName = 'EndEntityCertificate'

const caKeyUsage = keyUsage(['digitalSignature', 'keyCertSign', 'cRLSign'])
const serverKeyUsage = keyUsage(['digitalSignature', 'keyEncipherment'])
const signatureKeyUsage = keyUsage(['digitalSignature'])

const table: readonly Template[] = [
  endEntity('EndEntityCertificate', [
    serverKeyUsage,
    extendedKeyUsage(false, [oids.serverAuth, oids.clientAuth]),
  ]),
  endEntity('EndEntityClientAuthCertificate', [
    serverKeyUsage,
    extendedKeyUsage(false, [oids.clientAuth]),
  ]),
  endEntity('EndEntityServerAuthCertificate', [
    serverKeyUsage,
    extendedKeyUsage(false, [oids.serverAuth]),
  ]),
  endEntity('CodeSigningCertificate', [
    signatureKeyUsage,
    extendedKeyUsage(true, [oids.codeSigning]),
  ]),
  endEntity('OCSPSigningCertificate', [
    signatureKeyUsage,
    extendedKeyUsage(true, [oids.ocspSigning]),
  ]),
  ...[0, 1, 2, 3].map((pathLenConstraint) => subordinate(pathLenConstraint)),
  {
    name: 'RootCACertificate',
    kind: 'root',
    pathLenConstraint: undefined,
    basicConstraints: basicConstraints({ critical: true, ca: true, pathLenConstraint: undefined }),
    usage: [caKeyUsage],
  },
]

const byName: ReadonlyMap<string, Template> = new Map(table.map((entry) => [entry.name, entry]))

/** All template names, in the order of the documentation. */
const templateNames: readonly string[] = table.map(({ name }) => name)

/** The template of that name, or InvalidArgsException naming those that there are. */
export function requireTemplate(name: string): Template {
  const template = byName.get(name)
  if (template === undefined)
    throw new ServiceError(
      'InvalidArgsException',
      `Template ${name} is not offered. Offered are: ${templateNames.join(', ')}.`,
    )
  return template
}

function endEntity(name: string, usage: readonly Extension[]): Template {
  const constraints = { critical: false, ca: false, pathLenConstraint: undefined }
  return {
    name,
    kind: 'end-entity',
    pathLenConstraint: undefined,
    basicConstraints: basicConstraints(constraints),
    usage,
  }
}

function subordinate(pathLenConstraint: number): Template {
  return {
    name: `SubordinateCACertificate_PathLen${pathLenConstraint}`,
    kind: 'subordinate',
    pathLenConstraint,
    basicConstraints: basicConstraints({ critical: true, ca: true, pathLenConstraint }),
    usage: [caKeyUsage],
  }
}

function basicConstraints(fields: {
  critical: boolean
  ca: boolean
  pathLenConstraint: number | undefined
}): Extension {
  const { critical, ...constraints } = fields
  return { oid: oids.basicConstraints, critical, value: encodeBasicConstraints(constraints) }
}

function keyUsage(bits: readonly KeyUsageBit[]): Extension {
  return { oid: oids.keyUsage, critical: true, value: encodeKeyUsage(bits) }
}

function extendedKeyUsage(critical: boolean, purposes: readonly string[]): Extension {
  return { oid: oids.extendedKeyUsage, critical, value: encodeExtendedKeyUsage(purposes) }
}
