/** Requests the status of a certificate from this process's OCSP responder, as a relying party would do over HTTP. */
import { ServiceError } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { parseOcspAnswer, type SingleOcspAnswer } from '../../x509/ocsp/parse-response.ts'
import { encodeOcspRequest } from '../../x509/ocsp/request.ts'

/** Statuses of a certificate, and errors that the responder returns (RFC 6960 §2.2, §2.3). */
export const ocspStatuses = ['GOOD', 'REVOKED', 'UNKNOWN', 'UNAUTHORIZED', 'TRY_LATER'] as const

type OcspStatus = (typeof ocspStatuses)[number]

type OcspResult =
  | {
      readonly status: OcspStatus
      readonly single: SingleOcspAnswer
      readonly producedAt: Date
      /** DER of the delegate's certificate; undefined if the CA signed the response. */
      readonly delegateDer: Uint8Array | undefined
    }
  | { readonly status: OcspStatus; readonly problem: string }

const statuses = { good: 'GOOD', revoked: 'REVOKED', unknown: 'UNKNOWN' } as const

const unauthorized = {
  status: 'UNAUTHORIZED',
  problem:
    'The OCSP responder has no record of the certificate, or its CA is neither ACTIVE nor DISABLED.',
} as const

const tryLater = {
  status: 'TRY_LATER',
  problem:
    'The OCSP responder cannot sign a response now, because the key of the CA is unavailable.',
} as const

export async function askResponder(
  { ocsp }: Pick<Services, 'ocsp'>,
  request: Parameters<typeof encodeOcspRequest>[0],
): Promise<OcspResult> {
  const requestDer = Buffer.from(encodeOcspRequest(request))
  try {
    const { der } = ocsp.find(requestDer) ?? (await ocsp.answer(requestDer))
    const { status, basic } = parseOcspAnswer(der)
    const single = basic?.responses[0]
    if (basic === undefined || single === undefined)
      return status === 'unauthorized' ? unauthorized : tryLater
    return {
      status: statuses[single.certStatus],
      single,
      producedAt: basic.producedAt,
      delegateDer: basic.certificates[0],
    }
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ServiceUnavailable') return tryLater
    throw error
  }
}
