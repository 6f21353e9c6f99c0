/** An instant in ISO 8601 without fractions of a second: `2026-03-01T08:15:30Z`. */
export function isoSeconds(instant: Date): string {
  return instant.toISOString().replace(/\.\d{3}Z$/, 'Z')
}
