/** Converts a certificate's validity from the forms that callers use to the API's form. */
import { apiValidity } from './api-validity.ts'
import { checkOptions, dateRule, numberRule, oneOf } from './check-options.ts'
import type { CertificateValidity } from './inputs.ts'
import type { Validity } from './shapes.ts'

const required = { isRequired: true } as const
const forms = {
  days: { days: { ...numberRule, ...required } },
  years: { years: { ...numberRule, ...required } },
  until: { until: { ...dateRule, ...required } },
  Value: {
    Value: { ...numberRule, ...required },
    Type: { ...oneOf('END_DATE', 'ABSOLUTE', 'DAYS', 'MONTHS', 'YEARS'), ...required },
  },
} as const

/**
 * Converts a validity to the API's form. Throws TypeError for an invalid validity. `place` is the function or option that
 * contains the validity.
 */
export function readValidity(place: string, validity: CertificateValidity): Validity {
  const form = Object.keys(forms).find((name) => Object.hasOwn(validity, name))
  if (form === undefined) {
    const names = Object.keys(validity)
    throw new TypeError(
      `${place}: option 'validity' must be { days }, { years }, { until: Date } or { Value, Type }, such as { days: 30 }, ` +
        `not ${names.length === 0 ? 'empty' : `an object with ${names.map((name) => `'${name}'`).join(', ')}`}`,
    )
  }
  checkOptions(`${place}: validity`, validity, forms[form as keyof typeof forms])
  return apiValidity(validity)
}
