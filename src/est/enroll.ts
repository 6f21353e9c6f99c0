/** POST simpleenroll and simplereenroll (RFC 7030 §4.2). */
import type { Answer } from '../http/answer.ts'
import {
  parseCertificationRequest,
  type CertificationRequest,
} from '../x509/certification-request.ts'
import { DerError } from '../x509/der/error.ts'
import { requestTolerance } from '../x509/der/tolerance.ts'
import { encodeCertsOnly } from '../x509/pkcs7.ts'
import { authenticate, authenticateRenewal, type EstIdentity } from './authenticate.ts'
import { decodeBase64Body, encodeBase64Body } from './base64-body.ts'
import { EstError } from './est-error.ts'
import type { EstRequest, EstServices } from './est-request.ts'
import { issueEnrolled } from './issue.ts'
import { requireAttributes } from './request-attributes.ts'
import { requirePermittedNames, requireSameNames } from './request-names.ts'

/** Issues a certificate for a client's CSR. Authentication comes first, because all later steps are expensive. */
export async function simpleEnroll(services: EstServices, request: EstRequest): Promise<Answer> {
  return enroll(services, request, await authenticate(services, request))
}

/**
 * Renews or rekeys the certificate that authenticates the client. The endpoint's CA must have issued this certificate, and the
 * CSR must contain the same names.
 */
export async function simpleReenroll(services: EstServices, request: EstRequest): Promise<Answer> {
  const identity = await authenticateRenewal(services, request)
  if (!identity.client.isOwn)
    throw new EstError(
      403,
      "The TLS client certificate was not issued by the endpoint's CA, so it cannot be renewed. Use simpleenroll.",
    )
  return enroll(services, request, identity)
}

async function enroll(
  services: EstServices,
  request: EstRequest,
  identity: EstIdentity,
): Promise<Answer> {
  const csr = readRequest(request, identity)
  const certificate = await issueEnrolled(services, request, { identity, csrDer: csr.der })
  return {
    status: 200,
    headers: {
      'content-type': 'application/pkcs7-mime; smime-type=certs-only',
      'content-transfer-encoding': 'base64',
      'cache-control': 'no-store',
    },
    body: encodeBase64Body(encodeCertsOnly([certificate])),
  }
}

/** Parses the CSR in the body, and checks its names and attributes. Throws EstError with status 400 or 403. */
export function readRequest(request: EstRequest, identity: EstIdentity): CertificationRequest {
  const { configuration } = request.endpoint
  const der = decodeBase64Body(request.request.body)
  try {
    const csr = parseCertificationRequest(der, requestTolerance)
    requireAttributes(csr, () => request.connection.channelBinding?.())
    const { password, client } = identity
    requirePermittedNames(csr, [configuration.names, password?.names ?? []])
    if (client?.isOwn === true) requireSameNames(csr, client.certificate)
    return csr
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new EstError(400, `The CSR cannot be parsed: ${error.message}.`, { cause: error })
  }
}
