import { requireSigningAlgorithm } from '../../authority/algorithms.ts'
import type { CurrentCrl } from '../../authority/crl.ts'
import { serviceOf, type Caller } from '../../identity/caller.ts'
import { ServiceError } from '../../errors.ts'
import type { PreparedEvent } from '../../telemetry/events.ts'
import { acceptCsr, type AcceptedCsr } from '../../issuance/accept-csr.ts'
import { requireLinted } from '../../issuance/issuance-policy.ts'
import type { Issuer } from '../../issuance/issuer.ts'
import { encodePassthrough, noPassthrough, type Passthrough } from '../../issuance/passthrough.ts'
import { prepareCertificate, type PreparedCertificate } from '../../issuance/prepare-certificate.ts'
import { newSerialNumber } from '../../issuance/serial-number.ts'
import type { Template } from '../../issuance/templates.ts'
import { certificatePeriod, type Validity as RequestedValidity } from '../../issuance/validity.ts'
import type { Services } from '../../services.ts'
import { countCertificate, insertCertificate } from '../../store/certificates.ts'
import { ConflictError } from '../../store/database.ts'
import { findTokenArn, type ScopedToken } from '../../store/idempotency-tokens.ts'
import { certificateArn } from '../../wire/arn.ts'
import { enumeration, type Infer, long, required, structure } from '../../wire/shapes/shape.ts'
import { certificatePointers } from '../../crl/revocation-urls.ts'
import { changedTooOften } from '../shared/change-authority.ts'
import { chooseIssuer, requireIssuing } from './choose-issuer.ts'
import { signingAlgorithm } from '../shared/configuration-shapes.ts'
import { apiPassthrough } from '../shared/extension-shapes.ts'
import { bindStatements, currentCrl, openCurrentCrl } from '../../crl/current-crl.ts'
import { signCertificate } from './sign-certificate.ts'
import { commitOnce, scopedToken } from '../shared/idempotency.ts'
import { warnOfMissingNames } from './issuance-warnings.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import type { AuthorityView } from '../../authority/status.ts'
import { arn, csrBlob, idempotencyToken } from '../shared/shapes.ts'
import { defaultTemplateArn, templateOf } from './template-arn.ts'

const validity = structure({
  Value: required(long({ min: 1 })),
  Type: required(enumeration(['END_DATE', 'ABSOLUTE', 'DAYS', 'MONTHS', 'YEARS'])),
})

/** Members of its input. */
const issueCertificateInput = structure({
  ApiPassthrough: apiPassthrough,
  CertificateAuthorityArn: required(arn),
  Csr: required(csrBlob),
  SigningAlgorithm: required(signingAlgorithm),
  TemplateArn: arn,
  Validity: required(validity),
  ValidityNotBefore: validity,
  IdempotencyToken: idempotencyToken,
})

/** Issues a certificate for a CSR (AWS Private CA API, IssueCertificate). */
export const issueCertificate = operation({
  name: 'IssueCertificate',
  input: issueCertificateInput,
  output: structure({
    CertificateArn: arn,
  }),
  errors: [
    'LimitExceededException',
    'ResourceNotFoundException',
    'InvalidArgsException',
    'InvalidArnException',
    'InvalidStateException',
    'MalformedCSRException',
    // Not in AWS's model.
    'ConcurrentModificationException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  conditionKeys: {
    documentation: '`acm-pca:TemplateArn`',
    of: ({ TemplateArn }, { partition }) =>
      new Map([['acm-pca:templatearn', [TemplateArn ?? defaultTemplateArn(partition)]]]),
  },
  async run(services, input, caller) {
    const authorityArn = input.CertificateAuthorityArn
    const view = await requireAuthority(services, caller, { arn: authorityArn, event })
    const scope = { operation: 'IssueCertificate', resource: authorityArn }
    const token = scopedToken(caller, scope, input.IdempotencyToken)
    const earlier = token && (await findTokenArn(services.db, token, view.now))
    if (earlier !== undefined) return { CertificateArn: earlier }
    const template = templateOf(input.TemplateArn, caller.partition)
    requireIssuing(view, template)
    requireSigningAlgorithm(view.authority.configuration.KeyAlgorithm, input.SigningAlgorithm)
    const passthrough = passthroughOf(input, template)
    const csr = await acceptCsr(input.Csr, services.issuancePolicy)
    const request = { input, caller, csr, passthrough, template, token }
    return { CertificateArn: await issue(services, request, view) }
  },
})

const event = 'issue-certificate'

/** How often an issuance is begun again when the CA changes in the middle of it. */
const attemptsMax = 10

interface IssueRequest {
  readonly input: Infer<typeof issueCertificateInput>
  readonly caller: Caller
  readonly csr: AcceptedCsr
  readonly passthrough: Passthrough
  readonly template: Template
  readonly token: ScopedToken | undefined
}

/** Prepares, signs, stores; the ARN is answered only when the certificate is durable. */
async function issue(
  services: Services,
  request: IssueRequest,
  firstView: AuthorityView,
): Promise<string> {
  const again = (): Promise<AuthorityView> =>
    requireAuthority(services, request.caller, { arn: firstView.arn, event })
  let view = firstView
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const issuer = chooseIssuer(services.db, view, request)
    const crl = issuer === undefined ? undefined : currentCrl(view)
    if (crl === 'missing') {
      await openCurrentCrl(services, view)
      view = await again()
      continue
    }
    const prepared = prepare(services, request, { view, issuer, crl })
    reportFindings(services, view, prepared)
    const certificateDer = await sign(services, request, { view, issuer, prepared })
    const result = await store(services, { request, view, issuer, prepared, certificateDer, crl })
    if (!(result instanceof ConflictError)) return result
    const found = await again()
    const isSame = found.authority.revision === view.authority.revision
    const conflict = conflictOf(result, crl)
    if (conflict === 'quota' && isSame) throw quotaExceeded(services, result)
    if (conflict === 'partition' && isSame) await openCurrentCrl(services, found)
    view = await again()
  }
  throw changedTooOften()
}

/** Which of the statements in `store` did not apply. */
function conflictOf(
  { statement }: ConflictError,
  crl: CurrentCrl | undefined,
): 'quota' | 'partition' | 'certificate' {
  if (statement === 0) return 'quota'
  return statement === 1 && crl?.kind === 'PARTITION' ? 'partition' : 'certificate'
}

function sign(
  services: Services,
  { template, csr }: IssueRequest,
  work: {
    readonly view: AuthorityView
    readonly issuer: Issuer | undefined
    readonly prepared: PreparedCertificate
  },
): Promise<Uint8Array> {
  return signCertificate(services, work.prepared, {
    keyHandle: work.view.authority.keyHandle ?? '',
    isCa: template.kind !== 'end-entity',
    subjectPublicKeyInfo: work.issuer?.subjectPublicKeyInfo ?? csr.request.subjectPublicKeyInfo,
  })
}

function reportFindings(
  { issuancePolicy, log }: Services,
  { arn: authorityArn }: AuthorityView,
  { findings }: PreparedCertificate,
): void {
  requireLinted(findings, issuancePolicy)
  if (issuancePolicy.lint !== 'off' && findings.length > 0)
    log.warn({ authority: authorityArn, findings }, 'certificate does not pass the lint')
}

/** A template without API passthrough ignores it, whatever it says. */
function passthroughOf({ ApiPassthrough }: IssueRequest['input'], template: Template): Passthrough {
  return template.api && ApiPassthrough !== undefined
    ? encodePassthrough(ApiPassthrough)
    : noPassthrough
}

function prepare(
  services: Services,
  { input, csr, passthrough, template }: IssueRequest,
  { view, issuer, crl }: Prepared,
): PreparedCertificate {
  const requested = {
    validity: validityOf(input.Validity),
    notBefore: input.ValidityNotBefore && validityOf(input.ValidityNotBefore),
  }
  const order = {
    template,
    csr,
    passthrough,
    period: certificatePeriod(requested, view.now),
    issuedAt: view.now,
    serialNumber: newSerialNumber(services.random),
    signingAlgorithm: input.SigningAlgorithm,
    pointers: certificatePointers(services, view.authority, crl),
    emptySubject: services.issuancePolicy.emptySubject,
  }
  return prepareCertificate(order, issuer)
}

/** For whom a certificate is prepared. */
interface Prepared {
  readonly view: AuthorityView
  readonly issuer: Issuer | undefined
  readonly crl: CurrentCrl | undefined
}

/** The certificate's ARN, or why its row does not go with what is stored. */
async function store(
  services: Services,
  issued: {
    readonly request: IssueRequest
    readonly view: AuthorityView
    readonly prepared: PreparedCertificate
    readonly issuer: Issuer | undefined
    readonly certificateDer: Uint8Array
    readonly crl: CurrentCrl | undefined
  },
): Promise<string | ConflictError> {
  const { request, view, issuer, prepared, certificateDer, crl } = issued
  const { authority, arn: authorityArn, now } = view
  const { serialNumber, templateName, notAfter } = prepared
  const record = {
    serialNumber,
    certificateDer,
    templateName,
    issuedAt: now,
    notAfter,
    crlId: crl?.id,
    requesterAccountId: request.caller.accountId,
    requesterService: serviceOf(request.caller),
    requesterArn: request.caller.arn,
  }
  const newArn = certificateArn(authorityArn, serialNumber)
  const announcement = issuanceEvent(services, view, newArn)
  // In the order of what a conflict means: the quota, or that the CA changed; a partition that is full; a serial number.
  const statements = [
    countCertificate(authority, services.quotas.certificatesPerAuthority),
    ...bindStatements(crl, { issuerOctets: issuer?.subjectDer.length ?? 0, notAfter }),
    insertCertificate(authority, record, request.template.kind === 'root'),
    ...announcement.statements,
  ]
  try {
    const arnOfRecord = await commitOnce(services, request.token, {
      arn: newArn,
      now,
      statements,
    })
    if (arnOfRecord === newArn) {
      services.metrics.certificateIssued()
      warnOfMissingNames(services, {
        ...request,
        certificateArn: newArn,
        requesterArn: request.caller.arn,
      })
      announcement.tell()
    }
    return arnOfRecord
  } catch (error) {
    if (error instanceof ConflictError) return error
    throw error
  }
}

function issuanceEvent(
  { events }: Services,
  { authority, arn: authorityArn, now }: AuthorityView,
  newArn: string,
): PreparedEvent {
  return events.prepare({
    type: 'ACM Private CA Certificate Issuance',
    authority,
    time: now,
    resources: [authorityArn, newArn],
    detail: { result: 'success' },
  })
}

function validityOf({ Value, Type }: Infer<typeof validity>): RequestedValidity {
  return { value: Value, type: Type }
}

function quotaExceeded({ quotas }: Services, cause: ConflictError): ServiceError {
  return new ServiceError(
    'LimitExceededException',
    `The certificate authority has issued ${quotas.certificatesPerAuthority} certificates, its quota.`,
    { cause },
  )
}
