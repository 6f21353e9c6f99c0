/** Issues a certificate in one call: generates a key and a CSR, calls IssueCertificate, and waits for the certificate. */
import { randomUUID, X509Certificate } from 'node:crypto'
import { separateRoot, withLineEnd } from './ca-certificates.ts'
import {
  abortSignalRule,
  checkOptions,
  describe,
  objectRule,
  oneOf,
  textRule,
  textOrBytesRule,
  texts,
  type OptionRules,
} from './check-options.ts'
import { findAuthority, type AuthorityReference, type ListingClient } from './find-authority.ts'
import { checkSubject, type CallOptions, type SigningAlgorithm } from './inputs.ts'
import type {
  CertificateUsage,
  CommonIssueRequest,
  CsrIssueRequest,
  IssuedCertificate,
  IssuedCertificateWithKey,
  IssueRequest,
  NewKeyIssueRequest,
} from './issue-request.ts'
import { keyAlgorithms, makeRequest } from './key-pair.ts'
import type { Operations } from './operations.ts'
import { checkWaiterConfig, type Waiter, type WaiterName } from './waiters.ts'
import { readValidity } from './validity.ts'

/** The template for each usage (AWS Private CA User Guide, Template definitions). */
const templates: Readonly<Record<CertificateUsage, string>> = {
  serverAndClient: 'EndEntityCertificate',
  server: 'EndEntityServerAuthCertificate',
  client: 'EndEntityClientAuthCertificate',
  codeSigning: 'CodeSigningCertificate',
  ocspSigning: 'OCSPSigningCertificate',
}

const rules: OptionRules<NewKeyIssueRequest & { csr: unknown }> = {
  ca: {
    expected: 'the ARN, ID or CommonName of a CA, as a non-empty string',
    accepts: textRule.accepts,
    isRequired: true,
  },
  validity: {
    expected: 'an object, such as { days: 30 }',
    accepts: objectRule.accepts,
    isRequired: true,
  },
  csr: textOrBytesRule,
  names: texts("['localhost', '127.0.0.1']"),
  subject: objectRule,
  keyAlgorithm: oneOf(...keyAlgorithms),
  usage: oneOf(...Object.keys(templates)),
  template: textRule,
  signingAlgorithm: textRule,
  apiPassthrough: objectRule,
  idempotencyToken: textRule,
  waiter: objectRule,
  abortSignal: abortSignalRule,
}

/** The client methods that `issue` calls. */
export interface IssuingClient
  extends ListingClient, Pick<Operations, 'describeCertificateAuthority' | 'issueCertificate'> {
  getPaginator: ListingClient['getPaginator']
  getWaiter<Name extends WaiterName>(name: Name): Waiter<Name>
}

/** Seconds between polling attempts. Most certificates are ready at the first poll. */
const pollingDelay = 0.5

/**
 * Rejects with TypeError for an invalid request, with ClientError for an error from the service, with WaiterError if the
 * certificate does not become available, and with the signal's reason if the signal aborts.
 */
export async function issue(
  client: IssuingClient,
  request: NewKeyIssueRequest,
): Promise<IssuedCertificateWithKey>
export async function issue(
  client: IssuingClient,
  request: CsrIssueRequest,
): Promise<IssuedCertificate>
export async function issue(
  client: IssuingClient,
  request: IssueRequest,
): Promise<IssuedCertificate | IssuedCertificateWithKey>
export async function issue(
  client: IssuingClient,
  request: IssueRequest,
): Promise<IssuedCertificate | IssuedCertificateWithKey> {
  checkRequest(request)
  const options = request.abortSignal === undefined ? {} : { abortSignal: request.abortSignal }
  const { key, csr } = await requestOf(request)
  const authority = await findAuthority(client, request.ca, options)
  const certificateAuthorityArn = authority.arn
  const { CertificateArn: arn = '' } = await client.issueCertificate(
    {
      CertificateAuthorityArn: certificateAuthorityArn,
      Csr: csr,
      SigningAlgorithm:
        request.signingAlgorithm ?? (await signingAlgorithmOf(client, authority, options)),
      TemplateArn: templateArn(certificateAuthorityArn, request),
      Validity: readValidity('issue', request.validity),
      IdempotencyToken: request.idempotencyToken ?? randomUUID(),
      ...(request.apiPassthrough && { ApiPassthrough: request.apiPassthrough }),
    },
    options,
  )
  const { Certificate = '', CertificateChain = '' } = await client
    .getWaiter('certificateIssued')
    .wait(
      {
        CertificateAuthorityArn: certificateAuthorityArn,
        CertificateArn: arn,
        WaiterConfig: { Delay: pollingDelay, MaxAttempts: 120, ...request.waiter },
      },
      options,
    )
  // Node.js 20 lacks the properties validFromDate and validToDate.
  const { validFrom, validTo } = new X509Certificate(Certificate)
  return {
    arn,
    certificateAuthorityArn,
    certificate: withLineEnd(Certificate),
    ...separateRoot(CertificateChain),
    serialNumber: arn.slice(arn.lastIndexOf('/') + 1),
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
    ...(key !== undefined && { key }),
  }
}

/** Checks a request as far as possible without calling the service. Throws TypeError if the request is invalid. */
function checkRequest(request: IssueRequest): void {
  checkOptions('issue', request, rules)
  if (request.waiter !== undefined) checkWaiterConfig('issue: waiter', request.waiter)
  if (request.subject !== undefined) checkSubject('issue', request.subject)
  readValidity('issue', request.validity)
  if (request.template !== undefined && request.usage !== undefined)
    throw new TypeError("issue: options 'template' and 'usage' cannot be combined")
  const { csr, names, subject } = request
  if (csr === undefined && subject === undefined && (names === undefined || names.length === 0))
    throw new TypeError(
      `issue: option 'names' must have at least one name, such as ['localhost'], unless 'csr' or 'subject' is given; ` +
        `'names' is ${describe(names)}`,
    )
  for (const name of ['keyAlgorithm', 'names', 'subject'] as const)
    if (csr !== undefined && request[name] !== undefined)
      throw new TypeError(
        `issue: options 'csr' and '${name}' cannot be combined: the CSR already contains a key, names and a subject`,
      )
}

async function requestOf({
  csr,
  keyAlgorithm = 'EC_prime256v1',
  names = [],
  subject,
}: IssueRequest) {
  return csr === undefined ? makeRequest({ keyAlgorithm, names, subject }) : { key: undefined, csr }
}

async function signingAlgorithmOf(
  client: IssuingClient,
  { arn, signingAlgorithm }: AuthorityReference,
  options: CallOptions,
): Promise<SigningAlgorithm> {
  if (signingAlgorithm !== undefined) return signingAlgorithm
  const { CertificateAuthority } = await client.describeCertificateAuthority(
    { CertificateAuthorityArn: arn },
    options,
  )
  const { SigningAlgorithm: algorithm } =
    CertificateAuthority?.CertificateAuthorityConfiguration ?? {}
  if (algorithm === undefined)
    throw new TypeError(
      `DescribeCertificateAuthority did not return the signing algorithm of ${arn}`,
    )
  return algorithm
}

/** Returns the ARN of a template in the CA's partition. */
function templateArn(ca: string, { template, usage }: CommonIssueRequest): string {
  const name = template ?? templates[usage ?? 'serverAndClient']
  return name.startsWith('arn:')
    ? name
    : `arn:${ca.split(':')[1] ?? 'aws'}:acm-pca:::template/${name}/V1`
}
