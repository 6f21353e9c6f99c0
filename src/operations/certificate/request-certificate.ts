/** The implementation of IssueCertificate for the API, for enrollment endpoints, and for the server's own certificates. */
import { requireSigningAlgorithm } from '../../authority/algorithms.ts'
import { limitExceeded, ServiceError } from '../../errors.ts'
import { acceptCsr, withNames, type CertificateNames } from '../../issuance/accept-csr.ts'
import { contentKeys } from '../../issuance/content-keys.ts'
import { requireLinted } from '../../issuance/issuance-policy.ts'
import { encodePassthrough, noPassthrough, type Passthrough } from '../../issuance/passthrough.ts'
import { prepareCertificate, signerOf } from '../../issuance/prepare-certificate.ts'
import { newSerialNumber } from '../../issuance/new-serial-number.ts'
import type { Template } from '../../issuance/templates.ts'
import { certificatePeriod, type Validity as RequestedValidity } from '../../issuance/validity.ts'
import { KeyOutage } from '../../keys/key-outage.ts'
import { isRemoteKey } from '../../keys/key-store.ts'
import type { Services } from '../../services.ts'
import { countIssued } from '../../store/certificates.ts'
import { ConflictError } from '../../store/database.ts'
import type { GuardName, Sql } from '../../store/sql.ts'
import { findTokenArn } from '../../store/idempotency-tokens.ts'
import { revocationUrls } from '../../crl/revocation-urls.ts'
import { approvalUsed, changedTooOften } from '../shared/change-authority.ts'
import { chooseIssuer, requireIssuing } from './choose-issuer.ts'
import { currentCrl, openCurrentCrl } from '../../crl/current-crl.ts'
import { signCertificate } from './sign-certificate.ts'
import { signInTime } from './sign-in-time.ts'
import { storeCertificate, storeIntent, type Issuance } from './store-issuance.ts'
import { scopedToken } from '../shared/idempotency.ts'
import type { ScopedCaller } from '../shared/operation.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import type { AuthorityView } from '../../authority/status.ts'
import type { IssueCertificateInput as Input } from './issue-certificate-input.ts'
import { templateOf } from './template-arn.ts'

/** Whether a certificate may be signed later if the CA's key is unavailable. */
export type Signature = 'deferrable' | 'immediate'

/**
 * Runs IssueCertificate and returns the ARN of the certificate. With `immediate`, the certificate is issued when the promise
 * resolves, and an unavailable key is an error.
 */
export async function requestCertificate(
  services: Services,
  input: Input,
  { caller, signature, names, createCsr, alongside }: RequestOptions,
): Promise<string> {
  const view = await requireAuthority(services, caller, lookupOf(input))
  const scope = { operation: 'IssueCertificate', resource: view.arn }
  const token = scopedToken(caller, scope, input.IdempotencyToken)
  const earlier = token && (await findTokenArn(services.db, token, view.now))
  if (earlier !== undefined) return earlier
  const template = templateOf(input.TemplateArn, caller.partition)
  requireIssuing(view, template)
  requireSigningAlgorithm(view.authority.configuration.KeyAlgorithm, input.SigningAlgorithm)
  const passthrough = passthroughOf(input, template)
  if (createCsr !== undefined) await requireQuota(services, view)
  const accepted = await acceptCsr((await createCsr?.()) ?? input.Csr, services.issuancePolicy)
  const csr = names === undefined ? accepted : withNames(accepted, names)
  const request = { input, caller, token, template, passthrough, csr, signature, alongside }
  return issue(services, request, view)
}

/** The validated request, without anything that depends on the CA's state. */
interface AcceptedRequest extends Omit<Issuance, 'view' | 'crl' | 'prepared'> {
  readonly input: Input
  readonly caller: ScopedCaller
  readonly signature: Signature
}

type PreparedIssuance = AcceptedRequest & Issuance

interface RequestOptions extends Pick<AcceptedRequest, 'caller' | 'signature' | 'alongside'> {
  readonly names?: CertificateNames
  readonly createCsr?: () => Promise<Uint8Array>
}

/**
 * Throws LimitExceededException if the CA's quota is exhausted. The check is preliminary: only the transaction that stores the
 * certificate enforces the quota.
 */
async function requireQuota({ db, quotas }: Services, { authority }: AuthorityView): Promise<void> {
  if ((await countIssued(db, authority)) >= quotas.certificatesPerAuthority)
    throw quotaExhausted(quotas.certificatesPerAuthority)
}

function quotaExhausted(quota: number, cause?: ConflictError): ServiceError {
  return limitExceeded(
    `The certificate authority has issued ${quota} certificates, its quota.`,
    cause,
  )
}

/** Maximum number of attempts if the issuance conflicts with changes to the CA. */
const attemptsMax = 10

/**
 * Prepares, signs and stores the certificate, or stores the intent to sign it if the CA's key is unavailable. Returns the
 * ARN once the certificate or the intent is durable.
 */
async function issue(
  services: Services,
  request: AcceptedRequest,
  firstView: AuthorityView,
): Promise<string> {
  let view = firstView
  let approved: readonly Sql[] | undefined
  let outage: KeyOutage | undefined
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const crl = request.template.kind === 'root' ? undefined : currentCrl(view)
    if (crl === 'missing') {
      await openCurrentCrl(services, view, request.caller.arn)
      view = await readAgain(services, request)
      continue
    }
    const issuance = prepare(services, request, { view, crl })
    approved ??= await requireAllowed(services, issuance)
    const complete = { ...issuance, approved }
    const signed =
      outage ??
      (await (mayWait(issuance) ? signInTime : signCertificate)(services, issuance.prepared))
    if (signed instanceof KeyOutage) outage = signed
    try {
      return signed instanceof KeyOutage
        ? await storeIntent(services, complete, signed)
        : await storeCertificate(services, complete, signed)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      view = await resolveConflict(services, issuance, error)
    }
  }
  throw changedTooOften()
}

/** Whether the certificate can be signed later. A local key signs immediately or never. */
function mayWait({ signature, prepared }: PreparedIssuance): boolean {
  return signature === 'deferrable' && isRemoteKey(signerOf(prepared).keyHandle)
}

/**
 * Authorizes the certificate's content if a policy refers to it. Requires a second person's approval for a CA certificate, and
 * returns the SQL statements that mark the approval as used.
 */
async function requireAllowed(
  services: Services,
  issuance: PreparedIssuance,
): Promise<readonly Sql[]> {
  const { caller, prepared, view } = issuance
  await caller.authorizeContent?.(contentKeys(prepared.tbsCertificateDer, view.now))
  return requireApproved(services, issuance)
}

/** Requires a second person's approval for a CA certificate. Returns the SQL statements that mark the approval as used. */
function requireApproved(
  services: Services,
  { input, caller, view, prepared }: PreparedIssuance,
): Promise<readonly Sql[]> | readonly Sql[] {
  if (!prepared.isCa) return []
  return requireSecondPerson(services, caller, {
    action: 'issue-ca-certificate',
    operation: 'IssueCertificate',
    // The idempotency token has no effect on the certificate, and clients such as Terraform choose a new token for each attempt.
    input: { ...input, IdempotencyToken: undefined },
    authority: view.authority,
  })
}

/** Reads the CA again, and throws if its state no longer allows the request. */
async function readAgain(
  services: Services,
  { input, caller, template }: AcceptedRequest,
): Promise<AuthorityView> {
  const view = await requireAuthority(services, caller, lookupOf(input))
  requireIssuing(view, template)
  return view
}

function lookupOf(input: Input): Parameters<typeof requireAuthority>[2] {
  return { arn: input.CertificateAuthorityArn, event: 'issue-certificate' }
}

/** Returns the request's ApiPassthrough, or an empty ApiPassthrough if the template does not allow it. */
function passthroughOf({ ApiPassthrough }: Input, template: Template): Passthrough {
  return template.api && ApiPassthrough !== undefined
    ? encodePassthrough(ApiPassthrough)
    : noPassthrough
}

/** Prepares the certificate. Throws if the lint policy rejects the linter's findings. */
function prepare(
  services: Services,
  request: AcceptedRequest,
  { view, crl }: Pick<PreparedIssuance, 'view' | 'crl'>,
): PreparedIssuance {
  const { issuancePolicy, log } = services
  const { input, template, csr, passthrough } = request
  const requested = {
    validity: validityOf(input.Validity),
    notBefore: input.ValidityNotBefore && validityOf(input.ValidityNotBefore),
  }
  const parameters = {
    template,
    csr,
    passthrough,
    period: certificatePeriod(requested, view.now),
    issuedAt: view.now,
    serialNumber: newSerialNumber(services.random),
    signingAlgorithm: input.SigningAlgorithm,
    pointers: revocationUrls(services, view.authority, crl),
    emptySubject: issuancePolicy.emptySubject,
  }
  const prepared = prepareCertificate(parameters, chooseIssuer(services.db, view, request))
  const { findings } = prepared
  requireLinted(findings, issuancePolicy)
  if (issuancePolicy.lint !== 'off' && findings.length > 0)
    log.warn({ authority: view.arn, findings }, 'a certificate violates lint rules')
  return { ...request, view, crl, prepared }
}

function validityOf({ Value, Type }: Input['Validity']): RequestedValidity {
  return { value: Value, type: Type }
}

/** Conflicts caused by the SQL statements that ACME and EST add. */
const enrollmentConflicts: Partial<Readonly<Record<GuardName, string>>> = {
  endpoint: 'The endpoint has been deleted.',
  'in-use': 'Another request has used the password.',
  order: 'Another request has finalized or canceled the order.',
}

/** Reads the CA again after a conflict, for the next attempt. Throws LimitExceededException if the CA's quota is exhausted. */
async function resolveConflict(
  services: Services,
  issuance: PreparedIssuance,
  conflict: ConflictError,
): Promise<AuthorityView> {
  if (conflict.guard === 'approval') throw approvalUsed(conflict)
  const reason = enrollmentConflicts[conflict.guard]
  if (reason !== undefined)
    throw new ServiceError('ConcurrentModificationException', reason, { cause: conflict })
  const view = await readAgain(services, issuance)
  const hasChanged = view.authority.revision !== issuance.view.authority.revision
  if (hasChanged) return view
  if (conflict.guard === 'quota')
    throw quotaExhausted(services.quotas.certificatesPerAuthority, conflict)
  if (conflict.guard !== 'partition') return view
  await openCurrentCrl(services, view, issuance.caller.arn)
  return readAgain(services, issuance)
}
