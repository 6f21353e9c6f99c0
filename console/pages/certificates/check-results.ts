/** Formats the results of CheckRevocation as text. */
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

/** Whether the CRL shows a revocation, and whether the OCSP response shows one. A value is undefined if the CA publishes none. */
export interface Publication {
  readonly crl: boolean | undefined
  readonly ocsp: boolean | undefined
}

export function publicationOf({ Crl, Ocsp }: RevocationCheck): Publication {
  return {
    // A CA whose CRL is disabled has no CRL URL and publishes no CRL.
    crl: Crl?.Url === undefined ? undefined : Crl.Listed === true,
    ocsp: Ocsp && Ocsp.Status === 'REVOKED',
  }
}

export function isPublished({ crl, ocsp }: Publication): boolean {
  return crl !== false && ocsp !== false
}
