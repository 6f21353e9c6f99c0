/**
 * Checks that the fields in a manifest exist. The TypeScript compiler checks Kubernetes' own objects against its types, and
 * operators' objects against the types in this file.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../../..')

/** An object in a manifest. */
interface Manifest {
  readonly apiVersion?: string
  readonly kind?: string
}

/** Types for the fields that the documents use. */
const operatorTypes = `
type SecretKey = { name: string; key?: string }
interface Named<A extends string, K extends string, S> {
  apiVersion: A
  kind: K
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  spec: S
}
type Certificate = Named<'cert-manager.io/v1', 'Certificate', {
  secretName: string
  duration?: string
  renewBefore?: string
  commonName?: string
  dnsNames?: string[]
  usages?: ('server auth' | 'client auth' | 'digital signature' | 'key encipherment' | 'code signing')[]
  privateKey?: { algorithm?: 'RSA' | 'ECDSA' | 'Ed25519'; size?: number; rotationPolicy?: 'Always' | 'Never' }
  issuerRef: { group?: string; kind?: string; name: string }
}>
interface Acme {
  server: string
  email?: string
  caBundle?: string
  profile?: string
  enableDurationFeature?: boolean
  privateKeySecretRef: SecretKey
  externalAccountBinding?: { keyID: string; keySecretRef: SecretKey }
  solvers?: {
    http01?: { ingress: { ingressClassName?: string; name?: string } }
    selector?: { dnsZones?: string[]; dnsNames?: string[] }
  }[]
}
type Issuer = Named<'cert-manager.io/v1', 'Issuer', { selfSigned: Record<string, never> }>
type ClusterIssuer = Named<'cert-manager.io/v1', 'ClusterIssuer', { acme: Acme }>
type AWSPCAClusterIssuer = Named<'awspca.cert-manager.io/v1beta1', 'AWSPCAClusterIssuer', {
  arn: string
  region?: string
  secretRef?: {
    namespace?: string
    name: string
    accessKeyIDSelector?: { key: string }
    secretAccessKeySelector?: { key: string }
  }
}>
type ServiceMonitor = Named<'monitoring.coreos.com/v1', 'ServiceMonitor', {
  selector: { matchLabels?: Record<string, string> }
  endpoints: {
    port?: string
    path?: string
    interval?: string
    relabelings?: { targetLabel?: string; replacement?: string }[]
  }[]
}>
interface SecretField { namespace: string; name: string; key: string }
interface Reference { from: { name: string } }
type AckAuthority = Named<'acmpca.services.k8s.aws/v1alpha1', 'CertificateAuthority', {
  type: 'ROOT' | 'SUBORDINATE'
  certificateAuthorityConfiguration: {
    keyAlgorithm: string
    signingAlgorithm: string
    subject: { commonName?: string; organization?: string; country?: string }
  }
  tags?: { key: string; value: string }[]
}>
type AckCertificate = Named<'acmpca.services.k8s.aws/v1alpha1', 'Certificate', {
  certificateOutput?: SecretField
  certificateAuthorityRef: Reference
  certificateSigningRequestRef: Reference
  signingAlgorithm: string
  templateARN?: string
  validity: { type: 'DAYS' | 'MONTHS' | 'YEARS'; value: number }
}>
type AckActivation = Named<'acmpca.services.k8s.aws/v1alpha1', 'CertificateAuthorityActivation', {
  completeCertificateChainOutput?: SecretField
  certificateAuthorityRef: Reference
  certificate: SecretField
  certificateChain?: SecretField
  status: 'ACTIVE' | 'DISABLED'
}>
`

/** Type of each operator's object, by API version and kind. */
const operatorKinds: Readonly<Record<string, string>> = {
  'cert-manager.io/v1 Certificate': 'Certificate',
  'cert-manager.io/v1 Issuer': 'Issuer',
  'cert-manager.io/v1 ClusterIssuer': 'ClusterIssuer',
  'awspca.cert-manager.io/v1beta1 AWSPCAClusterIssuer': 'AWSPCAClusterIssuer',
  'monitoring.coreos.com/v1 ServiceMonitor': 'ServiceMonitor',
  'acmpca.services.k8s.aws/v1alpha1 CertificateAuthority': 'AckAuthority',
  'acmpca.services.k8s.aws/v1alpha1 Certificate': 'AckCertificate',
  'acmpca.services.k8s.aws/v1alpha1 CertificateAuthorityActivation': 'AckActivation',
}

/** Returns the compiler errors for the objects, or an empty string. */
export async function kubernetesProblems(objects: readonly unknown[]): Promise<string> {
  const manifests = objects.filter((object) => object !== null) as Manifest[]
  const unnamed = manifests.filter(({ apiVersion, kind }) => !apiVersion || !kind)
  if (unnamed.length > 0) return `no apiVersion or kind: ${JSON.stringify(unnamed)}`
  const folder = await mkdtemp(join(tmpdir(), 'signet-manifests-'))
  try {
    const file = join(folder, 'manifests.ts')
    await writeFile(file, [operatorTypes, ...manifests.map(declaration)].join('\n'))
    const flags = ['--noEmit', '--strict', '--ignoreConfig', '--skipLibCheck', '--types', '']
    const options = ['--module', 'esnext', '--moduleResolution', 'bundler', file]
    await run(join(root, 'node_modules/.bin/tsc'), [...flags, ...options])
    return ''
  } catch (error) {
    const { stdout } = error as { stdout?: string }
    if (stdout === undefined || stdout === '') throw error
    return stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}

function declaration(manifest: Manifest, index: number): string {
  const { apiVersion = '', kind = '' } = manifest
  const [group = '', version] = apiVersion.includes('/')
    ? apiVersion.split('/')
    : ['core', apiVersion]
  const folder = group.replace(/\.k8s\.io$/, '')
  const type =
    operatorKinds[`${apiVersion} ${kind}`] ??
    `import('${root}/node_modules/kubernetes-types/${folder}/${version}').${kind}`
  return `export const o${index}: ${type} = ${JSON.stringify(manifest, undefined, 1)}`
}
