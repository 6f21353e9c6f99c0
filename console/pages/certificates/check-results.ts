/** Results of CheckRevocation as text. */
import type { RevocationCheck } from '../../api/types.ts'
import { enumText } from '../../widgets/format.ts'

export interface CheckResult {
  readonly type: 'success' | 'error' | 'warning' | 'pending' | 'stopped'
  readonly text: string
}

export function crlResult({ Api, Crl }: RevocationCheck): CheckResult {
  if (Crl === undefined) return { type: 'stopped', text: 'The CA has no CRL' }
  if (Crl.Problem !== undefined) return { type: 'warning', text: Crl.Problem }
  if (Crl.Listed === true)
    return { type: 'error', text: `Listed: ${enumText(Crl.Reason ?? 'UNSPECIFIED')}` }
  return Api.Status === 'REVOKED'
    ? { type: 'pending', text: 'Not listed yet' }
    : { type: 'success', text: 'Not listed' }
}

export function ocspResult({ Api, Ocsp }: RevocationCheck): CheckResult {
  if (Ocsp === undefined) return { type: 'stopped', text: 'The CA has no OCSP responder' }
  if (Ocsp.Status === 'REVOKED')
    return { type: 'error', text: `Revoked: ${enumText(Ocsp.Reason ?? 'UNSPECIFIED')}` }
  if (Ocsp.Status === 'GOOD')
    return Api.Status === 'REVOKED'
      ? { type: 'pending', text: 'Not revoked yet' }
      : { type: 'success', text: 'Good' }
  return { type: 'warning', text: Ocsp.Problem ?? enumText(Ocsp.Status) }
}

/** Which of the CRL and OCSP show a revocation. Undefined for one that the CA does not have. */
export interface Publication {
  readonly crl: boolean | undefined
  readonly ocsp: boolean | undefined
}

export function publicationOf({ Crl, Ocsp }: RevocationCheck): Publication {
  return {
    // A CA whose CRL is disabled has no URL for it, and does not publish it.
    crl: Crl?.Url === undefined ? undefined : Crl.Listed === true,
    ocsp: Ocsp && Ocsp.Status === 'REVOKED',
  }
}

export function isPublished({ crl, ocsp }: Publication): boolean {
  return crl !== false && ocsp !== false
}
