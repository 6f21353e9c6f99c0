/** The validity of OCSP signing certificates, which must not expire before the responses that they verify. */
import { dayMilliseconds } from '../text/duration.ts'

export interface DelegateTimes {
  readonly now: Date
  /** Validity of OCSP responses. */
  readonly validitySeconds: number
  /** notAfter of the CA certificate. No delegate's certificate is valid beyond this time. */
  readonly caNotAfter: Date
  /** How much earlier than usual this certificate is renewed (renewalLead); 0 by default. */
  readonly leadMilliseconds?: number
}

/** The period during which a new certificate signs responses, and how long before the end of that period it is renewed. */
const signingMilliseconds = 2 * dayMilliseconds
const renewalMilliseconds = dayMilliseconds
const leadMillisecondsMax = dayMilliseconds / 2

/** Returns how much earlier a CA's delegates are renewed, so that the delegates of many CAs are not renewed at the same time. */
export function renewalLead(authorityId: string): number {
  return Math.floor((Number.parseInt(authorityId.slice(0, 8), 16) / 2 ** 32) * leadMillisecondsMax)
}

/** Returns the notAfter of a new delegate's certificate. */
export function delegateEnd({ now, validitySeconds, caNotAfter }: DelegateTimes): Date {
  return earlier(after(now, validitySeconds * 1000 + signingMilliseconds), caNotAfter)
}

/**
 * Returns whether a delegate's certificate can verify a response that is signed now. A `due` certificate can still verify the
 * response but must be renewed. After the clock was set back, a certificate that is not valid yet is `unusable`.
 */
export function delegateState(
  certificate: { readonly notBefore: Date; readonly notAfter: Date } | undefined,
  { now, validitySeconds, caNotAfter, leadMilliseconds = 0 }: DelegateTimes,
): 'fresh' | 'due' | 'unusable' {
  if (certificate === undefined || now < certificate.notBefore) return 'unusable'
  const nextUpdate = after(now, validitySeconds * 1000)
  if (
    certificate.notAfter <= now ||
    certificate.notAfter < earlier(nextUpdate, wholeSecond(caNotAfter))
  )
    return 'unusable'
  const renewalEnd = earlier(
    after(nextUpdate, renewalMilliseconds + leadMilliseconds),
    wholeSecond(caNotAfter),
  )
  return certificate.notAfter < renewalEnd ? 'due' : 'fresh'
}

function after(date: Date, milliseconds: number): Date {
  return new Date(date.getTime() + milliseconds)
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b
}

/** Times in certificates are in whole seconds. */
function wholeSecond(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}
