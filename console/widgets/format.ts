/** Formats values from the API as text. */
import type { Subject } from '../api/types.ts'

export { visibleText } from '../../src/text/visible-text.ts'

const dayMilliseconds = 86_400_000

/** Formats seconds since 1970 in the browser's time zone and language. */
export function localTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  })
}

export function utcTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Formats the difference between a time and now, such as "in 3 days" or "2 hours ago". */
export function relativeTime(seconds: number, now: number): string {
  const difference = seconds * 1000 - now
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
  const units = [
    ['year', 365 * dayMilliseconds],
    ['day', dayMilliseconds],
    ['hour', dayMilliseconds / 24],
    ['minute', 60_000],
  ] as const
  for (const [unit, length] of units) {
    const isLast = unit === 'minute'
    const isFar = Math.abs(difference) >= (unit === 'year' ? 2 * length : length)
    if (isFar || isLast) return format.format(Math.trunc(difference / length), unit)
  }
  return ''
}

/** Formats a duration given in seconds, such as "90 days" or "1 hour 30 minutes". */
export function durationText(seconds: number): string {
  const parts = [
    [Math.trunc(seconds / 86_400), 'day'],
    [Math.trunc((seconds % 86_400) / 3600), 'hour'],
    [Math.trunc((seconds % 3600) / 60), 'minute'],
    [seconds % 60, 'second'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' ')
}

const attributes = [
  ['Country', 'C'],
  ['State', 'ST'],
  ['Locality', 'L'],
  ['Organization', 'O'],
  ['OrganizationalUnit', 'OU'],
  ['CommonName', 'CN'],
] as const

/** Formats a subject for a list: the CommonName, or the other attributes if there is no CommonName. */
export function subjectText(subject: Subject): string {
  if (subject.CommonName) return subject.CommonName
  const parts = attributes.flatMap(([name, keyword]) =>
    subject[name] ? [`${keyword}=${subject[name]}`] : [],
  )
  return parts.length === 0 ? '(no name)' : parts.join(', ')
}

/** Formats all attributes of a subject. */
export function fullSubjectText(subject: Subject): string {
  const known = attributes.flatMap(([name, keyword]) =>
    subject[name] ? [`${keyword}=${subject[name]}`] : [],
  )
  const others = Object.entries(subject).flatMap(([name, value]) =>
    typeof value === 'string' && !attributes.some(([own]) => own === name)
      ? [`${name}=${value}`]
      : [],
  )
  return [...known, ...others].join(', ') || '(empty)'
}

/** Extracts a template's name from its ARN, without the version, because every template has only one version. */
export function templateName(arn: string): string {
  return arn.replace(/^arn:[^/]*template\//, '').replace(/\/V1$/, '')
}

/** Returns a CA's ID, which is the last part of the CA's ARN. */
export function authorityId(arn: string): string {
  return /certificate-authority\/([^/]+)/.exec(arn)?.[1] ?? arn
}

/** Returns the recognizable part of a principal's ARN, such as user/alice. */
export function principalName(arn: string): string {
  return arn.startsWith('arn:') ? arn.split(':').slice(5).join(':') : arn
}

/**
 * Returns the protocol and name of an enrollment endpoint, such as acme/web, or undefined if the ARN identifies another kind of
 * principal.
 */
export function endpointOfArn(arn: string): string | undefined {
  return /^arn:[^:]*:signet:[^:]*:\d{12}:((?:acme|est)\/[a-z0-9-]{1,64})$/.exec(arn)?.[1]
}

/** Formats a size in bytes. */
export function byteText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1_000_000
    ? `${(bytes / 1000).toFixed(1)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** Converts an enumeration value such as KEY_COMPROMISE to text such as "Key compromise". */
export function enumText(value: string): string {
  const text = value.toLowerCase().replaceAll('_', ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
