/** Text that describes the state of a CA's CRLs and OCSP. */
import type { RevocationState } from '../../api/types.ts'
import { relativeTime } from '../../widgets/format.ts'

export interface ServiceState {
  readonly type: 'success' | 'warning' | 'error' | 'pending' | 'stopped'
  readonly text: string
}

export function crlState({ Crl, Crls: [newest] }: RevocationState, now: number): ServiceState {
  if (!Crl.Enabled) return { type: 'stopped', text: 'Disabled' }
  if (Crl.Failed > 0)
    return { type: 'error', text: `Publication failed${ofAll(Crl.Failed, Crl.Crls)}` }
  if (Crl.Late > 0) return { type: 'error', text: `Late${ofAll(Crl.Late, Crl.Crls)}` }
  if (newest === undefined)
    return { type: 'pending', text: 'None until the CA issues a certificate' }
  const { ThisUpdate, NextUpdate } = newest
  if (ThisUpdate === undefined) return { type: 'pending', text: 'Not published yet' }
  if (NextUpdate !== undefined && NextUpdate * 1000 < now)
    return { type: 'error', text: `Expired ${relativeTime(NextUpdate, now)}` }
  const text = `Published ${relativeTime(ThisUpdate, now)}`
  return Crl.Pending > 0
    ? { type: 'pending', text: `${text}; changes pending` }
    : { type: 'success', text }
}

function ofAll(count: number, all: number): string {
  return all > 1 ? ` (${count} of ${all})` : ''
}

export function ocspState({ Ocsp }: RevocationState, now: number): ServiceState {
  if (!Ocsp.Enabled) return { type: 'stopped', text: 'Disabled' }
  const signer = Ocsp.Signer === 'DELEGATED' ? 'delegated responder' : 'CA'
  if ((Ocsp.SignerNotAfter ?? Infinity) * 1000 < now)
    return { type: 'error', text: `The certificate of the ${signer} has expired` }
  return { type: 'success', text: `Signed by the ${signer}` }
}
