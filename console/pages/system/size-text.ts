const units = ['KB', 'MB', 'GB', 'TB'] as const

/** Formats a number of bytes, such as "1.5 MB". */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  let value = bytes
  let unit = 'bytes'
  for (const next of units) {
    if (value < 1000) break
    value /= 1000
    unit = next
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}
