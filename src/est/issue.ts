/** Issues the certificate for an enrollment request by calling IssueCertificate as the endpoint. */
import { hash } from 'node:crypto'
import { certificateEnd } from '../enrollment/certificate-profile.ts'
import { endpointCaller } from '../enrollment/endpoint-caller.ts'
import { runOperation } from '../http/run-operation.ts'
import { getCertificate } from '../operations/certificate/get-certificate.ts'
import type { IssueCertificateInput } from '../operations/certificate/issue-certificate-input.ts'
import {
  issueCertificateWith,
  type issueCertificate,
} from '../operations/certificate/issue-certificate.ts'
import { ConflictError } from '../store/database.ts'
import { requireEndpoint } from '../store/enrollment/endpoints.ts'
import {
  findPassword,
  releasePassword,
  usePassword,
  type EstPassword,
} from '../store/enrollment/passwords.ts'
import type { GuardName } from '../store/sql.ts'
import { storable } from '../text/storable-text.ts'
import { certificateArn, certificateAuthorityArn, templateArn } from '../wire/arn.ts'
import type { Certificate } from '../x509/certificate.ts'
import { encodePem, parsePem } from '../x509/pem.ts'
import { passwordChallenge, type EstIdentity } from './authenticate.ts'
import { EstError, notFound } from './est-error.ts'
import type { EstRequest, EstServices } from './est-request.ts'
import { operationError, translateErrors } from './operation-errors.ts'

export interface Enrollment {
  readonly identity: EstIdentity
  /** The client's CSR in DER. */
  readonly csrDer: Uint8Array
  /**
   * Generates a key, and returns its CSR in DER; absent if the certificate is for the client's key. The function is called after
   * the checks that need no CSR. A repeated request never gets the certificate of a generated key, because the key is not stored.
   */
  readonly generate?: () => Promise<Uint8Array>
}

/**
 * Issues a certificate and returns its DER. The same transaction stores the certificate and marks the one-time password as used.
 * A refused request therefore leaves the password unused. If two concurrent requests use the same password, one of them is
 * refused. Throws EstError, with status 202 if the certificate will be issued later.
 */
export async function issueEnrolled(
  services: EstServices,
  request: EstRequest,
  enrollment: Enrollment,
): Promise<Uint8Array> {
  const { password } = enrollment.identity
  if (password === undefined)
    return readIssued(services, request, await issue(services, request, enrollment))
  const arn =
    usedFor(password, enrollment) ?? (await issueOnce(services, request, { enrollment, password }))
  try {
    return await readIssued(services, request, arn)
  } catch (error) {
    if (operationError(error)?.code === 'RequestFailedException')
      await services.api.services.db.transaction([releasePassword(password, arn)])
    throw error
  }
}

/**
 * Returns the ARN of the certificate that the password has already been used for, if the request is the same; undefined for an
 * unused password. Throws EstError with status 401 if the password was used for another request.
 */
function usedFor(
  { usedAt, requestSha256, certificateArn: usedArn }: EstPassword,
  enrollment: Enrollment,
): string | undefined {
  if (usedAt === undefined) return undefined
  const isSame =
    requestSha256 !== undefined && Buffer.compare(requestSha256, sha256Of(enrollment)) === 0
  if (isSame && enrollment.generate === undefined && usedArn !== undefined) return usedArn
  throw passwordError('The one-time password has been used.')
}

/** Issues a certificate. If an identical concurrent request has used the password, returns the certificate of that request. */
async function issueOnce(
  services: EstServices,
  request: EstRequest,
  { enrollment, password }: { readonly enrollment: Enrollment; readonly password: EstPassword },
): Promise<string> {
  try {
    return await issue(services, request, enrollment)
  } catch (error) {
    if (conflictOf(error) !== 'in-use') throw error
    const current = await findPassword(services.api.services.db, password.userName)
    const arn = current && usedFor(current, enrollment)
    if (arn !== undefined) return arn
    throw passwordError(
      `The one-time password has ${current === undefined ? 'been deleted' : 'expired'}.`,
    )
  }
}

/**
 * Returns the guard that failed in a certificate's transaction. A guard fails if the password was used or the endpoint was
 * deleted meanwhile.
 */
function conflictOf(error: unknown): GuardName | undefined {
  const conflict = operationError(error)?.cause
  return conflict instanceof ConflictError ? conflict.guard : undefined
}

function passwordError(message: string): EstError {
  return new EstError(401, message, { headers: passwordChallenge })
}

/** Returns the SHA-256 that identifies a repeated request. */
function sha256Of({ csrDer, generate }: Enrollment): Buffer {
  const csr = hash('sha256', csrDer, 'buffer')
  return generate === undefined
    ? csr
    : hash('sha256', `serverkeygen ${csr.toString('hex')}`, 'buffer')
}

async function issue(
  { api }: EstServices,
  request: EstRequest,
  enrollment: Enrollment,
): Promise<string> {
  const { endpoint, authority } = request
  const { identity, csrDer, generate } = enrollment
  const { configuration } = endpoint
  const caller = endpointCaller(endpoint, authority)
  const latest = new Date(api.clock.now().getTime() + configuration.validitySeconds * 1000)
  const end = certificateEnd(latest, authority.certificate)
  const input: IssueCertificateInput = {
    CertificateAuthorityArn: storable(certificateAuthorityArn(authority)),
    Csr: csrPem(csrDer),
    SigningAlgorithm: authority.configuration.SigningAlgorithm,
    TemplateArn: storable(templateArn(caller.partition, configuration.template)),
    Validity: { Type: 'ABSOLUTE', Value: end.getTime() / 1000 },
    ...(generate === undefined &&
      identity.password === undefined && {
        IdempotencyToken: storable(tokenOf(identity.client.certificate, enrollment)),
      }),
  }
  const call = { operation: issuanceFor({ api }, request, enrollment), input }
  try {
    const { CertificateArn } = await translateErrors(() =>
      runOperation(api, call, originOf(request)),
    )
    return CertificateArn ?? ''
  } catch (error) {
    throw conflictOf(error) === 'endpoint' ? notFound() : error
  }
}

function csrPem(der: Uint8Array): Buffer {
  return Buffer.from(encodePem('CERTIFICATE REQUEST', der))
}

/**
 * Returns an IssueCertificate operation that also requires the endpoint to exist, and uses the request's password. Only a request
 * with a password can get its certificate later, because the password refers to the certificate until it is issued. Requests
 * without a password fail while the CA's key is unavailable. If requests without a password waited for the key, each repetition
 * after the idempotency token's expiry would add another certificate.
 */
function issuanceFor(
  { api: { clock } }: EstServices,
  { endpoint, authority }: EstRequest,
  enrollment: Enrollment,
): typeof issueCertificate {
  const { generate } = enrollment
  const { password } = enrollment.identity
  const requestSha256 = sha256Of(enrollment)
  return issueCertificateWith({
    signature: generate === undefined && password !== undefined ? 'deferrable' : 'immediate',
    ...(generate && { createCsr: async () => csrPem(await generate()) }),
    statements({ serialNumber }) {
      const arn = certificateArn(certificateAuthorityArn(authority), serialNumber)
      const use = { requestSha256, certificateArn: arn }
      return [
        requireEndpoint(endpoint),
        ...(password === undefined ? [] : [usePassword(password, use, clock.now())]),
      ]
    },
  })
}

/** Maximum length of an idempotency token. */
const tokenLengthMax = 36

/** Returns a request's idempotency token. Repeating a request with the same client certificate yields the same token. */
function tokenOf({ der }: Certificate, enrollment: Enrollment): string {
  const request = sha256Of(enrollment).toString('hex')
  return hash('sha256', `est ${request} ${hash('sha256', der)}`, 'base64url').slice(
    0,
    tokenLengthMax,
  )
}

async function readIssued(
  { api }: EstServices,
  request: EstRequest,
  arn: string,
): Promise<Uint8Array> {
  const input = {
    CertificateAuthorityArn: storable(certificateAuthorityArn(request.authority)),
    CertificateArn: storable(arn),
  }
  const call = { operation: getCertificate, input }
  const { Certificate = '' } = await translateErrors(() =>
    runOperation(api, call, originOf(request)),
  )
  const [block] = parsePem(Certificate)
  if (block === undefined) throw new Error('GetCertificate returned no certificate')
  return block.der
}

function originOf({ endpoint, authority, request, connection }: EstRequest) {
  return {
    caller: endpointCaller(endpoint, authority),
    requestId: connection.requestId,
    sourceIp: connection.sourceIp,
    userAgent: request.headers.get('user-agent')?.[0],
  }
}
