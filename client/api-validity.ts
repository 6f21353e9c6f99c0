import type { CertificateValidity } from './inputs.ts'
import type { Validity } from './shapes.ts'

/** Converts a validity to the API's form. */
export function apiValidity(validity: CertificateValidity): Validity {
  if ('days' in validity) return { Value: validity.days, Type: 'DAYS' }
  if ('years' in validity) return { Value: validity.years, Type: 'YEARS' }
  if (!('until' in validity)) return validity
  return { Value: Math.floor(validity.until.getTime() / 1000), Type: 'ABSOLUTE' }
}
