/** The validity that an order requests (RFC 8555 §7.4), within the validity of the endpoint or profile. */

export interface RequestedValidity {
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
}

/**
 * Maximum time by which a requested notBefore may precede the request. The default notBefore precedes the request by the same
 * time.
 */
const backdatingMilliseconds = 3_600_000

const dateForm =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(Z|z|[+-][0-9]{2}:[0-9]{2})$/

/** Parses a date (RFC 3339 §5.6) to whole seconds. Returns undefined for any other text and for a nonexistent date. */
export function parseDate(text: unknown): Date | undefined {
  const [, day, time, zone] = (typeof text === 'string' && dateForm.exec(text)) || []
  if (day === undefined || time === undefined || zone === undefined) return undefined
  const local = new Date(`${day}T${time}Z`)
  // The Date constructor accepts 30 February as a day in March.
  if (Number.isNaN(local.getTime()) || local.toISOString().slice(0, 10) !== day) return undefined
  const date = new Date(`${day}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/**
 * Returns the latest possible end of a certificate. The validity is measured from `now`, or from the latest time at which the
 * order's notBefore was acceptable, whichever is earlier.
 */
export function latestEnd(
  { notBefore }: Pick<RequestedValidity, 'notBefore'>,
  { validitySeconds, now }: { readonly validitySeconds: number; readonly now: Date },
): Date {
  const start = Math.min(now.getTime(), (notBefore ?? now).getTime() + backdatingMilliseconds)
  return new Date(start + validitySeconds * 1000)
}

/** Returns a sentence that states why the requested end of a certificate is refused, or undefined if it is accepted. */
export function endFault(
  validity: RequestedValidity,
  limits: { readonly validitySeconds: number; readonly now: Date },
): string | undefined {
  const latest = latestEnd(validity, limits)
  return validity.notAfter === undefined || validity.notAfter <= latest
    ? undefined
    : `The member notAfter must not be later than ${shown(latest)}. Certificates of this endpoint are valid for at most ${limits.validitySeconds} seconds.`
}

/** Returns a sentence that states why a requested validity is refused, or undefined if it is accepted. */
export function validityFault(
  validity: RequestedValidity,
  limits: { readonly validitySeconds: number; readonly now: Date },
): string | undefined {
  const { notBefore, notAfter } = validity
  const { now } = limits
  const earliest = new Date(Math.floor(now.getTime() / 1000) * 1000 - backdatingMilliseconds)
  const latest = latestEnd(validity, limits)
  if (notBefore !== undefined && notBefore < earliest)
    return `The member notBefore must not be earlier than ${shown(earliest)}, which is an hour ago.`
  if (notBefore !== undefined && notBefore >= (notAfter ?? latest))
    return `The member notBefore must be earlier than ${shown(notAfter ?? latest)}, when the certificate would expire.`
  if (notAfter !== undefined && notAfter <= now) return 'The member notAfter must be in the future.'
  return endFault(validity, limits)
}

function shown(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
