/** The validity of OCSP signing certificates: every response must expire before the certificate that verifies it. */
import { dayMilliseconds } from '../text/duration.ts'

export interface DelegateTimes {
  readonly now: Date
  /** Validity of the responses. */
  readonly validitySeconds: number
  /** notAfter of the certificate of the CA, which no other certificate outlives. */
  readonly caNotAfter: Date
  /** How much earlier than others this certificate is renewed (renewalLead). Default: 0. */
  readonly leadMilliseconds?: number
}

/** How long a new certificate signs responses, and how long before the end of that time it is renewed. */
const signingMilliseconds = 2 * dayMilliseconds
const renewalMilliseconds = dayMilliseconds
const leadMillisecondsMax = dayMilliseconds / 2

/** Returns how much earlier the certificates of a CA are renewed, so that those of many CAs are not renewed at the same time. */
export function renewalLead(authorityId: string): number {
  return Math.floor((Number.parseInt(authorityId.slice(0, 8), 16) / 2 ** 32) * leadMillisecondsMax)
}

/** Returns the notAfter of a new certificate. */
export function delegateEnd({ now, validitySeconds, caNotAfter }: DelegateTimes): Date {
  return earlier(after(now, validitySeconds * 1000 + signingMilliseconds), caNotAfter)
}

/**
 * Returns whether a certificate can verify a response that is signed now. `due` certificates can, but must be renewed. A
 * certificate of the future, after the clock was set back, cannot.
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

/** Certificates have times in whole seconds. */
function wholeSecond(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}
