/** The text form of a leaf's last field. The field contains a row's columns and is written by store/recorded-states.ts. */

/** Parses a row's state into columns; undefined for text in any other form. */
export function parseState(state: string): Map<string, string | null> | undefined {
  const bytes = Buffer.from(state)
  const columns = new Map<string, string | null>()
  let at = 0
  while (at < bytes.length) {
    const equals = bytes.indexOf('=', at)
    if (equals === -1) return undefined
    const name = bytes.toString('utf8', at, equals)
    const [, length] =
      /^(?:-|(\d{1,10}):)/.exec(bytes.toString('utf8', equals + 1, equals + 12)) ?? []
    const start = equals + 2 + (length?.length ?? 0)
    const end = start + Number(length ?? 0)
    if (end > bytes.length) return undefined
    columns.set(name, length === undefined ? null : bytes.toString('utf8', start, end))
    if (end < bytes.length && bytes[end] !== 0x2c) return undefined
    at = end + 1
  }
  return columns
}
