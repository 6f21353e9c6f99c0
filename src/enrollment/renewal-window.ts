/** The time at which a certificate should be renewed (RFC 9773 §4.2). */

export interface RenewalWindow {
  readonly start: Date
  readonly end: Date
}

export interface RenewableCertificate {
  readonly notBefore: Date
  readonly notAfter: Date
  readonly revokedAt: Date | undefined
  /**
   * Whether the CA now issues under another name or key. If the name or the key has changed, the certificate should be replaced.
   */
  readonly hasFormerIssuer: boolean
}

/** Start and length of the window, as fractions of the certificate's lifetime. */
const startShare = 2 / 3
const lengthShare = 1 / 24
/** Length of the window for a certificate that must be replaced immediately; this window is in the past. */
const pastWindowMilliseconds = 3_600_000

/**
 * Returns the suggested window. The window starts after two thirds of the lifetime. For a certificate that must be replaced
 * immediately, the window is in the past.
 */
export function renewalWindow(certificate: RenewableCertificate, now: Date): RenewalWindow {
  const { notBefore, notAfter, revokedAt, hasFormerIssuer } = certificate
  const since = revokedAt ?? (hasFormerIssuer ? now : undefined)
  if (since !== undefined)
    return {
      start: wholeSecond(since.getTime() - pastWindowMilliseconds),
      end: wholeSecond(since.getTime()),
    }
  const lifetime = notAfter.getTime() - notBefore.getTime()
  const start = notBefore.getTime() + lifetime * startShare
  return {
    start: wholeSecond(start),
    end: wholeSecond(start + Math.max(lifetime * lengthShare, 1000)),
  }
}

function wholeSecond(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}
