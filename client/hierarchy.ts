/**
 * Creates a root CA and an issuing CA below it. Each step first checks whether an earlier call has already completed that step.
 */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { CertificateAuthority } from './shapes.ts'
import { ClientError } from './errors.ts'
import {
  checkHierarchyRequest,
  HierarchyError,
  type AuthorityRequest,
  type Hierarchy,
  type HierarchyAuthority,
  type HierarchyRequest,
  type Role,
} from './hierarchy-request.ts'
import type { KeyAlgorithm, SigningAlgorithm, Subject } from './inputs.ts'
import { separateRoot, withLineEnd } from './ca-certificates.ts'
import { issue, type IssuingClient } from './issue.ts'
import type { Operations } from './operations.ts'
import type { Paginator } from './paginators.ts'
import type { WaiterConfig } from './waiters.ts'

/** The client methods that `createHierarchy` calls. */
export interface HierarchyClient
  extends
    IssuingClient,
    Pick<
      Operations,
      | 'createCertificateAuthority'
      | 'getCertificateAuthorityCertificate'
      | 'getCertificateAuthorityCsr'
      | 'importCertificateAuthorityCertificate'
      | 'listTags'
    > {
  getPaginator(name: 'listCertificateAuthorities'): Paginator<'listCertificateAuthorities'>
}

/** The tag that later calls use to find a CA. The tag's value identifies the hierarchy and the CA's role. */
const hierarchyTag = 'signet-hierarchy'

const kinds = {
  root: { type: 'ROOT', years: 10 },
  issuing: { type: 'SUBORDINATE', years: 5 },
} as const

/** The inputs shared by all steps that create one CA. */
interface Work {
  readonly client: HierarchyClient
  readonly role: Role
  readonly request: AuthorityRequest
  /** Value that identifies the CA, used both for its tag and as its idempotency token. */
  readonly fingerprint: string
  readonly template: string
  /** ARN of the parent CA; undefined for a root. */
  readonly issuer: string | undefined
  readonly waiter: WaiterConfig
  readonly options: { readonly abortSignal?: AbortSignal }
}

/** Rejects with HierarchyError if a step fails; `cause` is the step's error. Rejects with TypeError for an invalid request. */
export async function createHierarchy(
  client: HierarchyClient,
  request: HierarchyRequest,
): Promise<Hierarchy> {
  checkHierarchyRequest(request)
  const { root: rootOptions, issuing: issuingOptions, abortSignal } = request
  const name = request.name ?? JSON.stringify([rootOptions.subject, issuingOptions.subject])
  const common = {
    client,
    // Generating an RSA_4096 key can take a minute.
    waiter: { Delay: 0.5, MaxAttempts: 360, ...request.waiter },
    options: abortSignal === undefined ? {} : { abortSignal },
  }
  const root = await makeActive({
    ...common,
    role: 'root',
    request: rootOptions,
    fingerprint: fingerprintOf(name, 'root'),
    template: 'RootCACertificate',
    issuer: undefined,
  })
  const issuing = await makeActive({
    ...common,
    role: 'issuing',
    request: issuingOptions,
    fingerprint: fingerprintOf(name, 'issuing'),
    template: `SubordinateCACertificate_PathLen${issuingOptions.pathLength ?? 0}`,
    issuer: root.arn,
  })
  return { root, issuing }
}

/** Returns 32 hexadecimal digits, because AWS limits idempotency tokens to 36 characters. */
function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/**
 * A root CA is usually disabled after it has issued the issuing CA's certificate. If the disabled root has to issue again, the
 * service returns an error that contains the root's status.
 */
function isUsable(role: Role, status: string | undefined): boolean {
  return status === 'ACTIVE' || (role === 'root' && status === 'DISABLED')
}

async function makeActive(work: Work): Promise<HierarchyAuthority> {
  const { client, role, options } = work
  let arn: string | undefined
  try {
    arn = (await findAuthority(work)) ?? (await createAuthority(work))
    const { Status: status, FailureReason: reason } = await settle(work, arn)
    if (status === 'PENDING_CERTIFICATE') await certify(work, arn)
    else if (!isUsable(role, status))
      throw new HierarchyError(
        { role, arn },
        `the CA has the status ${status ?? 'unknown'}${reason === undefined ? '' : ` (${reason})`}; it must be ACTIVE or ` +
          'PENDING_CERTIFICATE. Change the status, or choose another name to create another hierarchy',
      )
    const { Certificate = '', CertificateChain = '' } =
      await client.getCertificateAuthorityCertificate({ CertificateAuthorityArn: arn }, options)
    const certificate = withLineEnd(Certificate)
    return role === 'root'
      ? { arn, certificate, chain: '', root: certificate }
      : { arn, certificate, ...separateRoot(CertificateChain) }
  } catch (error) {
    if (error instanceof HierarchyError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new HierarchyError({ role, arn }, reason, { cause: error })
  }
}

/**
 * Returns the ARN of the CA that an earlier call created, unless the CA is deleted. Throws HierarchyError if the CA's key
 * algorithm differs from the requested algorithm.
 */
async function findAuthority(work: Work): Promise<string | undefined> {
  const { client, role, request } = work
  for await (const authority of client
    .getPaginator('listCertificateAuthorities')
    .paginate()
    .items()) {
    const { Arn: arn = '', CertificateAuthorityConfiguration: configuration } = authority
    if (!(await isRequested(work, authority))) continue
    if (configuration?.KeyAlgorithm !== keyAlgorithmOf(request))
      throw new HierarchyError(
        { role, arn },
        `the CA exists with the key algorithm ${configuration?.KeyAlgorithm}, not ${keyAlgorithmOf(request)}`,
      )
    return arn
  }
  return undefined
}

async function isRequested(work: Work, authority: CertificateAuthority): Promise<boolean> {
  const { client, role, request, fingerprint, options } = work
  const {
    Arn: arn = '',
    Type,
    Status,
    CertificateAuthorityConfiguration: configuration,
  } = authority
  if (Type !== kinds[role].type || Status === 'DELETED') return false
  if (Status === 'CREATING') {
    // The service returns tags only after the key is generated. A CA with a different subject cannot match, so its tags are
    // not needed.
    if (!isDeepStrictEqual(defined(configuration?.Subject), defined(request.subject))) return false
    await settle(work, arn)
  }
  try {
    const { Tags = [] } = await client.listTags({ CertificateAuthorityArn: arn }, options)
    return Tags.some(({ Key, Value }) => Key === hierarchyTag && Value === fingerprint)
  } catch (error) {
    // Another caller may delete any CA in the account during this call.
    if (error instanceof ClientError && missingTagsCodes.includes(error.code)) return false
    throw error
  }
}

/** Error codes that ListTags returns for a CA whose tags are not available. */
const missingTagsCodes = ['InvalidStateException', 'ResourceNotFoundException']

function defined(subject: Subject | undefined): object {
  return Object.fromEntries(
    Object.entries(subject ?? {}).filter(([, value]) => value !== undefined),
  )
}

async function createAuthority(work: Work): Promise<string> {
  const { client, role, request, fingerprint, options } = work
  const { revocation, keyStorageSecurityStandard } = request
  const { CertificateAuthorityArn: arn = '' } = await client.createCertificateAuthority(
    {
      CertificateAuthorityType: kinds[role].type,
      CertificateAuthorityConfiguration: {
        KeyAlgorithm: keyAlgorithmOf(request),
        SigningAlgorithm: request.signingAlgorithm ?? signingAlgorithms[keyAlgorithmOf(request)],
        Subject: request.subject,
      },
      Tags: Object.entries({ ...request.tags, [hierarchyTag]: fingerprint }).map(
        ([Key, Value]) => ({ Key, Value }),
      ),
      IdempotencyToken: fingerprint,
      ...(revocation && { RevocationConfiguration: revocation }),
      ...(keyStorageSecurityStandard && { KeyStorageSecurityStandard: keyStorageSecurityStandard }),
    },
    options,
  )
  return arn
}

function keyAlgorithmOf({ keyAlgorithm = 'EC_prime256v1' }: AuthorityRequest): KeyAlgorithm {
  return keyAlgorithm
}

/** The default signing algorithm for each kind of key. */
const signingAlgorithms: Readonly<Record<KeyAlgorithm, SigningAlgorithm>> = {
  RSA_2048: 'SHA256WITHRSA',
  RSA_3072: 'SHA384WITHRSA',
  RSA_4096: 'SHA512WITHRSA',
  EC_prime256v1: 'SHA256WITHECDSA',
  EC_secp384r1: 'SHA384WITHECDSA',
  EC_secp521r1: 'SHA512WITHECDSA',
  ML_DSA_44: 'ML_DSA_44',
  ML_DSA_65: 'ML_DSA_65',
  ML_DSA_87: 'ML_DSA_87',
  SM2: 'SM3WITHSM2',
}

/** Waits until the CA's key has been generated or its generation has failed. */
async function settle(work: Work, arn: string): Promise<CertificateAuthority> {
  const { client, waiter, options } = work
  const authority = await describe(work, arn)
  if (authority.Status !== 'CREATING') return authority
  await client
    .getWaiter('certificateAuthorityCsrCreated')
    .wait({ CertificateAuthorityArn: arn, WaiterConfig: waiter }, options)
  return describe(work, arn)
}

async function describe({ client, options }: Work, arn: string): Promise<CertificateAuthority> {
  const input = { CertificateAuthorityArn: arn }
  return (await client.describeCertificateAuthority(input, options)).CertificateAuthority ?? {}
}

/** Imports a certificate into the CA. Because of the idempotency token, repeated calls receive the same certificate. */
async function certify(work: Work, arn: string): Promise<void> {
  const { client, role, request, fingerprint, template, issuer = arn, waiter, options } = work
  const input = { CertificateAuthorityArn: arn }
  const { Csr: csr = '' } = await client.getCertificateAuthorityCsr(input, options)
  const issued = await issue(client, {
    ca: issuer,
    csr,
    template,
    validity: request.validity ?? { years: kinds[role].years },
    idempotencyToken: fingerprint,
    waiter,
    ...options,
  })
  try {
    await client.importCertificateAuthorityCertificate(
      {
        ...input,
        Certificate: issued.certificate,
        ...(issuer !== arn && { CertificateChain: issued.chain + issued.root }),
      },
      options,
    )
  } catch (error) {
    // A concurrent call may have imported the certificate already.
    const isOvertaken =
      error instanceof ClientError && error.code === 'ConcurrentModificationException'
    if (!isOvertaken || (await describe(work, arn)).Status !== 'ACTIVE') throw error
  }
}
