/** Checks whether signatures and presigned URLs have expired. */
import { incompleteSignature, SignatureError } from '../../errors.ts'
import type { SignatureClaim } from './credential.ts'
import { formatTimestamp } from './timestamp.ts'

/** Accepted clock skew, which is also the validity period of a signature in a header. */
const skewSeconds = 300

/** Maximum validity period of a presigned URL, which is seven days. */
const expiresSecondsMax = 604_800

/** Validity period of a presigned URL that does not contain X-Amz-Expires. */
const expiresSecondsDefault = skewSeconds

/** Parses X-Amz-Expires. Throws IncompleteSignatureException if the value is invalid. */
export function parseExpires(text: string | undefined): number {
  if (text === undefined) return expiresSecondsDefault
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= expiresSecondsMax) return seconds
  throw incompleteSignature(
    `X-Amz-Expires must be a number of seconds from 1 to ${expiresSecondsMax}.`,
  )
}

/**
 * Checks the timestamp of a signature. Throws InvalidSignatureException if the timestamp is more than five minutes from `now`,
 * or if a presigned URL has expired.
 */
export function checkTime(
  { timestamp, expiresSeconds }: Pick<SignatureClaim, 'timestamp' | 'expiresSeconds'>,
  now: Date,
): void {
  const lifeSeconds = expiresSeconds ?? skewSeconds
  const age = now.getTime() - timestamp.getTime()
  if (age <= lifeSeconds * 1000 && age >= -skewSeconds * 1000) return
  const earliest = new Date(now.getTime() - lifeSeconds * 1000)
  const latest = new Date(now.getTime() + skewSeconds * 1000)
  const at = formatTimestamp
  if (timestamp < earliest)
    throw new SignatureError(
      'expired-signature',
      `Signature expired: ${at(timestamp)} is now earlier than ${at(earliest)} ` +
        `(${at(now)} - ${duration(lifeSeconds)})`,
    )
  throw new SignatureError(
    'expired-signature',
    `Signature not yet current: ${at(timestamp)} is still later than ${at(latest)} ` +
      `(${at(now)} + ${duration(skewSeconds)})`,
  )
}

function duration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min.` : `${seconds} sec.`
}
