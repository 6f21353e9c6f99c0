/** One step from names to a certificate in use: key, CSR, IssueCertificate, waiting, and what `tls` takes. */
import { randomUUID, X509Certificate } from 'node:crypto'
import type { ApiPassthrough, Validity } from './shapes.ts'
import type { Blob, SigningAlgorithm, Subject, CertificateValidity } from './inputs.ts'
import { makeRequest, type LeafKeyAlgorithm } from './key-pair.ts'
import type { Operations } from './operations.ts'
import type { Waiter, WaiterConfig, WaiterName } from './waiters.ts'

/** Template of each usage (AWS Private CA User Guide, Template definitions). */
const templates = {
  serverAndClient: 'EndEntityCertificate',
  server: 'EndEntityServerAuthCertificate',
  client: 'EndEntityClientAuthCertificate',
  codeSigning: 'CodeSigningCertificate',
  ocspSigning: 'OCSPSigningCertificate',
} as const

export type Usage = keyof typeof templates

interface CommonRequest {
  /** ARN of the CA. */
  readonly ca: string
  readonly validity: CertificateValidity
  /** `serverAndClient` unless given. */
  readonly usage?: Usage
  /** Name or ARN of a template, instead of a usage. */
  readonly template?: string
  /** The signature algorithm; the default is read from the CA. */
  readonly signingAlgorithm?: SigningAlgorithm
  readonly apiPassthrough?: ApiPassthrough
  /** With the same token within five minutes there is one certificate; a new one for each call unless given. */
  readonly idempotencyToken?: string
  readonly waiter?: WaiterConfig
  readonly abortSignal?: AbortSignal
}

export type IssueRequest = CommonRequest &
  (
    | {
        /** PEM. */
        readonly csr: Blob
        readonly keyAlgorithm?: undefined
        readonly names?: undefined
        readonly subject?: undefined
      }
    | {
        readonly csr?: undefined
        /** Of the key that is made; EC_prime256v1 unless given. */
        readonly keyAlgorithm?: LeafKeyAlgorithm
        /** DNS names, IP addresses, mail addresses and URIs, told apart by their form. */
        readonly names?: readonly string[]
        /** The first name as CommonName unless given. */
        readonly subject?: Subject
      }
  )

/** `tls.createServer({ key, cert: certificate + chain })`. */
export interface Issued {
  readonly arn: string
  readonly certificateAuthorityArn: string
  /** PEM, with a line end. */
  readonly certificate: string
  /** PEM of the CAs from the issuer to the root, each with a line end. */
  readonly chain: string
  /** PEM of PKCS #8; undefined if the CSR was given. */
  readonly key: string | undefined
  /** Hex, as revokeCertificate takes it. */
  readonly serialNumber: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** The members of a client that are used. */
export interface IssuingClient extends Pick<
  Operations,
  'describeCertificateAuthority' | 'issueCertificate'
> {
  getWaiter<Name extends WaiterName>(name: Name): Waiter<Name>
}

/** Seconds: most certificates are there at once. */
const pollingDelay = 0.5

/**
 * Rejects with TypeError for an invalid request, ClientError for an error of the service, WaiterError if the certificate
 * does not become available, and the signal's reason if that aborts.
 */
export async function issue(client: IssuingClient, request: IssueRequest): Promise<Issued> {
  const { ca, abortSignal, waiter, idempotencyToken = randomUUID() } = request
  const options = abortSignal === undefined ? {} : { abortSignal }
  const validity = validityOf(request.validity)
  const template = templateArn(ca, request)
  const { key, csr } = await requestOf(request)
  const signingAlgorithm =
    request.signingAlgorithm ?? (await signingAlgorithmOf(client, ca, options))
  const { CertificateArn: arn = '' } = await client.issueCertificate(
    {
      CertificateAuthorityArn: ca,
      Csr: csr,
      SigningAlgorithm: signingAlgorithm,
      TemplateArn: template,
      Validity: validity,
      IdempotencyToken: idempotencyToken,
      ...(request.apiPassthrough && { ApiPassthrough: request.apiPassthrough }),
    },
    options,
  )
  const { Certificate = '', CertificateChain = '' } = await client
    .getWaiter('certificateIssued')
    .wait(
      {
        CertificateAuthorityArn: ca,
        CertificateArn: arn,
        WaiterConfig: { Delay: pollingDelay, MaxAttempts: 120, ...waiter },
      },
      options,
    )
  const { validFromDate, validToDate } = new X509Certificate(Certificate)
  return {
    arn,
    certificateAuthorityArn: ca,
    certificate: withLineEnd(Certificate),
    chain: withLineEnd(CertificateChain),
    key,
    serialNumber: arn.slice(arn.lastIndexOf('/') + 1),
    notBefore: validFromDate,
    notAfter: validToDate,
  }
}

async function requestOf(request: IssueRequest) {
  const { csr, keyAlgorithm, names, subject } = request
  if (csr === undefined)
    return makeRequest({
      keyAlgorithm: keyAlgorithm ?? 'EC_prime256v1',
      names: names ?? [],
      subject,
    })
  if (keyAlgorithm !== undefined || names !== undefined || subject !== undefined)
    throw new TypeError('csr says what keyAlgorithm, names and subject would say; give either')
  return { key: undefined, csr }
}

async function signingAlgorithmOf(
  client: IssuingClient,
  ca: string,
  options: { readonly abortSignal?: AbortSignal },
): Promise<SigningAlgorithm> {
  const { CertificateAuthority } = await client.describeCertificateAuthority(
    { CertificateAuthorityArn: ca },
    options,
  )
  const { SigningAlgorithm: algorithm } =
    CertificateAuthority?.CertificateAuthorityConfiguration ?? {}
  if (algorithm === undefined) throw new TypeError(`${ca} does not say what it signs with`)
  return algorithm
}

/** PEM that can be put behind other PEM: what the service answers ends without a line end. */
export function withLineEnd(pem: string): string {
  return pem === '' || pem.endsWith('\n') ? pem : `${pem}\n`
}

/** In the partition of the CA. */
function templateArn(ca: string, { template, usage }: CommonRequest): string {
  if (template !== undefined && usage !== undefined)
    throw new TypeError('a template says what usage would say; give either')
  const name = template ?? templates[usage ?? 'serverAndClient']
  return name.startsWith('arn:')
    ? name
    : `arn:${ca.split(':')[1] ?? 'aws'}:acm-pca:::template/${name}/V1`
}

/** In the form of the API. Throws TypeError. */
function validityOf(request: CertificateValidity): Validity {
  if ('days' in request) return { Value: request.days, Type: 'DAYS' }
  if ('years' in request) return { Value: request.years, Type: 'YEARS' }
  if (!('until' in request)) return request
  const seconds = Math.floor(request.until.getTime() / 1000)
  if (Number.isNaN(seconds)) throw new TypeError('validity.until is not a valid date')
  return { Value: seconds, Type: 'ABSOLUTE' }
}
