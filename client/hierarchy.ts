/** Creates a root and an issuing CA below it, in steps that each check whether they are done already. */
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { CertificateAuthority } from './shapes.ts'
import { ClientError } from './errors.ts'
import {
  HierarchyError,
  type AuthorityRequest,
  type Hierarchy,
  type HierarchyAuthority,
  type HierarchyRequest,
  type Role,
} from './hierarchy-request.ts'
import type { KeyAlgorithm, SigningAlgorithm, Subject } from './inputs.ts'
import { issue, withLineEnd, type IssuingClient } from './issue.ts'
import type { Operations } from './operations.ts'
import type { Paginator } from './paginators.ts'
import type { WaiterConfig } from './waiters.ts'

/** The members of a client that are used. */
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

/** Tag by which a CA is found again; its value says of which hierarchy it is, and which of its CAs. */
const hierarchyTag = 'signet-hierarchy'

const kinds = {
  root: { type: 'ROOT', years: 10 },
  issuing: { type: 'SUBORDINATE', years: 5 },
} as const

/** The inputs of every step towards one CA. */
interface Work {
  readonly client: HierarchyClient
  readonly role: Role
  readonly request: AuthorityRequest
  /** Tells the CA from those of other hierarchies: the value of its tag, and its idempotency token. */
  readonly fingerprint: string
  readonly template: string
  /** ARN of the CA above; undefined for a root. */
  readonly issuer: string | undefined
  readonly waiter: WaiterConfig
  readonly options: { readonly abortSignal?: AbortSignal }
}

/** Rejects with HierarchyError, whose `cause` says what went wrong, and with TypeError for a request without a subject. */
export async function createHierarchy(
  client: HierarchyClient,
  request: HierarchyRequest,
): Promise<Hierarchy> {
  for (const role of ['root', 'issuing'] as const) requireSubject(request, role)
  const { root: rootOptions, issuing: issuingOptions, abortSignal } = request
  const name = request.name ?? JSON.stringify([rootOptions.subject, issuingOptions.subject])
  const common = {
    client,
    // Keys of RSA_4096 take a while.
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

/** The compiler does not check JavaScript. */
function requireSubject(request: Partial<HierarchyRequest>, role: Role): void {
  if (typeof request[role]?.subject !== 'object')
    throw new TypeError(`createHierarchy wants ${role}.subject, such as { CommonName: 'Example' }`)
}

/** 32 hex digits: AWS takes idempotency tokens of up to 36 characters. */
function fingerprintOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

async function makeActive(work: Work): Promise<HierarchyAuthority> {
  const { client, role, options } = work
  let arn: string | undefined
  try {
    arn = (await findAuthority(work)) ?? (await createAuthority(work))
    const { Status: status, FailureReason: reason } = await settle(work, arn)
    if (status === 'PENDING_CERTIFICATE') await certify(work, arn)
    else if (status !== 'ACTIVE')
      throw new HierarchyError(
        { role, arn },
        `it is ${status ?? 'without a status'}${reason === undefined ? '' : ` (${reason})`}, ` +
          'and can neither be used nor completed',
      )
    const { Certificate = '', CertificateChain = '' } =
      await client.getCertificateAuthorityCertificate({ CertificateAuthorityArn: arn }, options)
    return { arn, certificate: withLineEnd(Certificate), chain: withLineEnd(CertificateChain) }
  } catch (error) {
    if (error instanceof HierarchyError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new HierarchyError({ role, arn }, reason, { cause: error })
  }
}

/** ARN of the CA that an earlier try has made, and that is not deleted. Throws HierarchyError if it has another key. */
async function findAuthority(work: Work): Promise<string | undefined> {
  const { client, role, request } = work
  for await (const authority of client
    .getPaginator('listCertificateAuthorities')
    .paginate()
    .items()) {
    const { Arn: arn = '', CertificateAuthorityConfiguration: configuration } = authority
    if (!(await isOurs(work, authority))) continue
    if (configuration?.KeyAlgorithm !== keyAlgorithmOf(request))
      throw new HierarchyError(
        { role, arn },
        `it is there already, and its key is ${configuration?.KeyAlgorithm}, not ${keyAlgorithmOf(request)}`,
      )
    return arn
  }
  return undefined
}

async function isOurs(work: Work, authority: CertificateAuthority): Promise<boolean> {
  const { client, role, request, fingerprint, options } = work
  const {
    Arn: arn = '',
    Type,
    Status,
    CertificateAuthorityConfiguration: configuration,
  } = authority
  if (Type !== kinds[role].type || Status === 'DELETED') return false
  if (Status === 'CREATING') {
    // Its tags are not shown before its key is made; one with another name is not worth waiting for.
    if (!isDeepStrictEqual(defined(configuration?.Subject), defined(request.subject))) return false
    await settle(work, arn)
  }
  try {
    const { Tags = [] } = await client.listTags({ CertificateAuthorityArn: arn }, options)
    return Tags.some(({ Key, Value }) => Key === hierarchyTag && Value === fingerprint)
  } catch (error) {
    // Any CA of the account may be deleted, or be of no use, in this moment.
    if (error instanceof ClientError && hidden.includes(error.code)) return false
    throw error
  }
}

/** Codes by which a CA does not show its tags. */
const hidden = ['InvalidStateException', 'ResourceNotFoundException']

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

/** Waits until the key of the CA is generated, or has failed to be. */
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

/** Gives the CA its certificate. The token makes a repeated try get the same one, not another. */
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
        ...(issuer !== arn && { CertificateChain: issued.chain }),
      },
      options,
    )
  } catch (error) {
    // Another try may have been at it at the same time.
    const isOvertaken =
      error instanceof ClientError && error.code === 'ConcurrentModificationException'
    if (!isOvertaken || (await describe(work, arn)).Status !== 'ACTIVE') throw error
  }
}
