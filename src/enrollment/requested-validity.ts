/** The validity that an order requests (RFC 8555 §7.4), within the validity of the endpoint or profile. */

export interface RequestedValidity {
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
}

/** How far notBefore may be in the past, as in certificates without a requested notBefore. */
const backdatingMilliseconds = 3_600_000

const dateForm =
  /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(Z|z|[+-][0-9]{2}:[0-9]{2})$/

/** Parses a date (RFC 3339 §5.6) to whole seconds. Returns undefined for another text or a nonexistent date. */
export function parseDate(text: unknown): Date | undefined {
  const [, day, time, zone] = (typeof text === 'string' && dateForm.exec(text)) || []
  if (day === undefined || time === undefined || zone === undefined) return undefined
  const local = new Date(`${day}T${time}Z`)
  // The Date constructor accepts 30 February as a day in March.
  if (Number.isNaN(local.getTime()) || local.toISOString().slice(0, 10) !== day) return undefined
  const date = new Date(`${day}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** Returns why a requested validity is refused, as a sentence; undefined if it is accepted. */
export function validityFault(
  { notBefore, notAfter }: RequestedValidity,
  { validitySeconds, now }: { readonly validitySeconds: number; readonly now: Date },
): string | undefined {
  const earliest = new Date(Math.floor(now.getTime() / 1000) * 1000 - backdatingMilliseconds)
  const latest = new Date(now.getTime() + validitySeconds * 1000)
  if (notBefore !== undefined && notBefore < earliest)
    return `notBefore must not be earlier than ${shown(earliest)}, which is an hour ago.`
  if (notBefore !== undefined && notBefore >= (notAfter ?? latest))
    return `notBefore must be earlier than ${shown(notAfter ?? latest)}, when the certificate would expire.`
  if (notAfter !== undefined && notAfter <= now) return 'notAfter must be in the future.'
  if (notAfter !== undefined && notAfter > latest)
    return `notAfter must not be later than ${shown(latest)}: certificates of this endpoint are valid for at most ${validitySeconds} seconds.`
  return undefined
}

function shown(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}
