/**
 * Test data: the extensions that each certificate template defines, and the sources of further extensions. The source is the AWS
 * Private CA User Guide (Template definitions, Template order of operations). This table is independent of the server's table of
 * templates.
 */

export type Kind = 'end-entity' | 'subordinate' | 'root'

/** A source of extensions that the template does not define. Extensions from the API override those in the CSR. */
export type Source = 'api' | 'csr'

export interface TemplateRow {
  readonly name: string
  readonly kind: Kind
  readonly basicConstraints: {
    readonly critical: boolean
    readonly ca: boolean
    readonly pathLength: number | null
  }
  /** Key usage names in RFC 5280 §4.2.1.3, in bit order. */
  readonly keyUsage: { readonly critical: boolean; readonly names: readonly string[] } | undefined
  readonly extendedKeyUsage:
    | { readonly critical: boolean; readonly purposes: readonly string[] }
    | undefined
  readonly authorityKeyIdentifier: boolean
  readonly subjectKeyIdentifier: true
  /** Sources of extensions other than cRLDistributionPoints. */
  readonly sources: readonly Source[]
  /** Sources of cRLDistributionPoints for a CA that publishes no CRL. */
  readonly crlDistributionPointsSources: readonly Source[]
}

const serverAuth = '1.3.6.1.5.5.7.3.1'
const clientAuth = '1.3.6.1.5.5.7.3.2'
const codeSigning = '1.3.6.1.5.5.7.3.3'
const ocspSigning = '1.3.6.1.5.5.7.3.9'

type Body = Pick<TemplateRow, 'kind' | 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'>

const notCa = { critical: false, ca: false, pathLength: null }
const notCaCritical = { critical: true, ca: false, pathLength: null }
const ca = (pathLength: number | null) => ({ critical: true, ca: true, pathLength })
const tls = { critical: true, names: ['digitalSignature', 'keyEncipherment'] }
const signing = { critical: true, names: ['digitalSignature'] }
const caUsage = { critical: true, names: ['digitalSignature', 'keyCertSign', 'cRLSign'] }

const endEntity = (
  keyUsage: TemplateRow['keyUsage'],
  extendedKeyUsage: TemplateRow['extendedKeyUsage'],
): Body => ({ kind: 'end-entity', basicConstraints: notCa, keyUsage, extendedKeyUsage })

const authority = (
  kind: 'subordinate' | 'root',
  pathLength: number | null,
  keyUsage: TemplateRow['keyUsage'],
): Body => ({ kind, basicConstraints: ca(pathLength), keyUsage, extendedKeyUsage: undefined })

const endEntityBody = endEntity(tls, { critical: false, purposes: [serverAuth, clientAuth] })
const clientBody = endEntity(tls, { critical: false, purposes: [clientAuth] })
const serverBody = endEntity(tls, { critical: false, purposes: [serverAuth] })
const codeBody = endEntity(signing, { critical: true, purposes: [codeSigning] })
const ocspBody = endEntity(signing, { critical: true, purposes: [ocspSigning] })
const blankBody = endEntity(undefined, undefined)
const blankCriticalBody = { ...blankBody, basicConstraints: notCaCritical }

const none: readonly Source[] = []
const api: readonly Source[] = ['api']
const csr: readonly Source[] = ['csr']
const apiCsr: readonly Source[] = ['api', 'csr']

/** Columns: name, defined extensions, sources of extensions, sources of cRLDistributionPoints. */
const rows: readonly (readonly [string, Body, readonly Source[], readonly Source[]])[] = [
  ['EndEntityCertificate', endEntityBody, none, none],
  ['EndEntityCertificate_CSRPassthrough', endEntityBody, csr, csr],
  ['EndEntityCertificate_APIPassthrough', endEntityBody, api, none],
  ['EndEntityCertificate_APICSRPassthrough', endEntityBody, apiCsr, csr],
  ['EndEntityClientAuthCertificate', clientBody, none, none],
  ['EndEntityClientAuthCertificate_CSRPassthrough', clientBody, csr, csr],
  ['EndEntityClientAuthCertificate_APIPassthrough', clientBody, api, none],
  ['EndEntityClientAuthCertificate_APICSRPassthrough', clientBody, apiCsr, csr],
  ['EndEntityServerAuthCertificate', serverBody, none, none],
  ['EndEntityServerAuthCertificate_CSRPassthrough', serverBody, csr, csr],
  ['EndEntityServerAuthCertificate_APIPassthrough', serverBody, api, none],
  ['EndEntityServerAuthCertificate_APICSRPassthrough', serverBody, apiCsr, csr],
  ['CodeSigningCertificate', codeBody, none, none],
  ['CodeSigningCertificate_CSRPassthrough', codeBody, csr, csr],
  ['CodeSigningCertificate_APIPassthrough', codeBody, api, none],
  ['CodeSigningCertificate_APICSRPassthrough', codeBody, apiCsr, csr],
  ['OCSPSigningCertificate', ocspBody, none, none],
  ['OCSPSigningCertificate_CSRPassthrough', ocspBody, csr, csr],
  ['OCSPSigningCertificate_APIPassthrough', ocspBody, api, none],
  ['OCSPSigningCertificate_APICSRPassthrough', ocspBody, apiCsr, csr],
  ['BlankEndEntityCertificate_CSRPassthrough', blankBody, csr, csr],
  ['BlankEndEntityCertificate_APIPassthrough', blankBody, api, none],
  ['BlankEndEntityCertificate_APICSRPassthrough', blankBody, apiCsr, csr],
  [
    'BlankEndEntityCertificate_CriticalBasicConstraints_CSRPassthrough',
    blankCriticalBody,
    csr,
    csr,
  ],
  [
    'BlankEndEntityCertificate_CriticalBasicConstraints_APIPassthrough',
    blankCriticalBody,
    api,
    api,
  ],
  [
    'BlankEndEntityCertificate_CriticalBasicConstraints_APICSRPassthrough',
    blankCriticalBody,
    apiCsr,
    apiCsr,
  ],
  ['SubordinateCACertificate_PathLen0', authority('subordinate', 0, caUsage), none, none],
  [
    'SubordinateCACertificate_PathLen0_CSRPassthrough',
    authority('subordinate', 0, caUsage),
    csr,
    csr,
  ],
  [
    'SubordinateCACertificate_PathLen0_APIPassthrough',
    authority('subordinate', 0, caUsage),
    api,
    none,
  ],
  [
    'SubordinateCACertificate_PathLen0_APICSRPassthrough',
    authority('subordinate', 0, caUsage),
    apiCsr,
    csr,
  ],
  ['SubordinateCACertificate_PathLen1', authority('subordinate', 1, caUsage), none, none],
  [
    'SubordinateCACertificate_PathLen1_CSRPassthrough',
    authority('subordinate', 1, caUsage),
    csr,
    csr,
  ],
  [
    'SubordinateCACertificate_PathLen1_APIPassthrough',
    authority('subordinate', 1, caUsage),
    api,
    none,
  ],
  [
    'SubordinateCACertificate_PathLen1_APICSRPassthrough',
    authority('subordinate', 1, caUsage),
    apiCsr,
    csr,
  ],
  ['SubordinateCACertificate_PathLen2', authority('subordinate', 2, caUsage), none, none],
  [
    'SubordinateCACertificate_PathLen2_CSRPassthrough',
    authority('subordinate', 2, caUsage),
    csr,
    csr,
  ],
  [
    'SubordinateCACertificate_PathLen2_APIPassthrough',
    authority('subordinate', 2, caUsage),
    api,
    none,
  ],
  [
    'SubordinateCACertificate_PathLen2_APICSRPassthrough',
    authority('subordinate', 2, caUsage),
    apiCsr,
    csr,
  ],
  ['SubordinateCACertificate_PathLen3', authority('subordinate', 3, caUsage), none, none],
  [
    'SubordinateCACertificate_PathLen3_CSRPassthrough',
    authority('subordinate', 3, caUsage),
    csr,
    csr,
  ],
  [
    'SubordinateCACertificate_PathLen3_APIPassthrough',
    authority('subordinate', 3, caUsage),
    api,
    none,
  ],
  [
    'SubordinateCACertificate_PathLen3_APICSRPassthrough',
    authority('subordinate', 3, caUsage),
    apiCsr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen0_CSRPassthrough',
    authority('subordinate', 0, undefined),
    csr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen0_APIPassthrough',
    authority('subordinate', 0, undefined),
    api,
    none,
  ],
  [
    'BlankSubordinateCACertificate_PathLen0_APICSRPassthrough',
    authority('subordinate', 0, undefined),
    apiCsr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen1_CSRPassthrough',
    authority('subordinate', 1, undefined),
    csr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen1_APIPassthrough',
    authority('subordinate', 1, undefined),
    api,
    none,
  ],
  [
    'BlankSubordinateCACertificate_PathLen1_APICSRPassthrough',
    authority('subordinate', 1, undefined),
    apiCsr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen2_CSRPassthrough',
    authority('subordinate', 2, undefined),
    csr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen2_APIPassthrough',
    authority('subordinate', 2, undefined),
    api,
    none,
  ],
  [
    'BlankSubordinateCACertificate_PathLen2_APICSRPassthrough',
    authority('subordinate', 2, undefined),
    apiCsr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen3_CSRPassthrough',
    authority('subordinate', 3, undefined),
    csr,
    csr,
  ],
  [
    'BlankSubordinateCACertificate_PathLen3_APIPassthrough',
    authority('subordinate', 3, undefined),
    api,
    none,
  ],
  [
    'BlankSubordinateCACertificate_PathLen3_APICSRPassthrough',
    authority('subordinate', 3, undefined),
    apiCsr,
    csr,
  ],
  ['RootCACertificate', authority('root', null, caUsage), none, none],
  ['RootCACertificate_APIPassthrough', authority('root', null, caUsage), api, none],
  ['BlankRootCACertificate_APIPassthrough', authority('root', null, undefined), api, api],
  ['BlankRootCACertificate_PathLen0_APIPassthrough', authority('root', 0, undefined), api, api],
  ['BlankRootCACertificate_PathLen1_APIPassthrough', authority('root', 1, undefined), api, api],
  ['BlankRootCACertificate_PathLen2_APIPassthrough', authority('root', 2, undefined), api, api],
  ['BlankRootCACertificate_PathLen3_APIPassthrough', authority('root', 3, undefined), api, api],
]

/** All 61 certificate templates. */
export const templateTable: readonly TemplateRow[] = rows.map(
  ([name, body, sources, crlDistributionPointsSources]) => ({
    name,
    ...body,
    authorityKeyIdentifier: body.kind !== 'root',
    subjectKeyIdentifier: true,
    sources,
    crlDistributionPointsSources,
  }),
)
