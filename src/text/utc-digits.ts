/**
 * Digits of an instant in UTC, `YYYYMMDDHHMMSS`, for years 0 to 9999: what the compact forms of dates are made of. Written
 * out, as toISOString takes many times as long, and several are needed for each certificate.
 */
export function utcDigits(instant: Date): string {
  const year = instant.getUTCFullYear()
  return (
    twoDigits(Math.floor(year / 100)) +
    twoDigits(year % 100) +
    twoDigits(instant.getUTCMonth() + 1) +
    twoDigits(instant.getUTCDate()) +
    twoDigits(instant.getUTCHours()) +
    twoDigits(instant.getUTCMinutes()) +
    twoDigits(instant.getUTCSeconds())
  )
}

const texts = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))

function twoDigits(number: number): string {
  const text = texts[number]
  if (text === undefined) throw new RangeError('no instant of the years 0 to 9999')
  return text
}
