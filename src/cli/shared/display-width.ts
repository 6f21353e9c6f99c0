/** Widths of text on a terminal, in columns. Wide characters, such as Chinese characters, occupy two columns. */

const ascii = /^[\x20-\x7E]*$/
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}/u
const segmenter = new Intl.Segmenter()

/** Returns the number of columns that a single line of text occupies. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += wide.test(segment) ? 2 : 1
  return width
}

/** Truncates a string to `widthMax` columns, ending it with an ellipsis. */
export function truncateToWidth(text: string, widthMax: number): string {
  if (displayWidth(text) <= widthMax) return text
  let [width, cut] = [0, '']
  for (const { segment } of segmenter.segment(text)) {
    width += displayWidth(segment)
    if (width > widthMax - 1) break
    cut += segment
  }
  return `${cut.trimEnd()}…`
}

/** Returns the spaces needed to pad a string to `width` columns. */
export function padToWidth(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/**
 * Wraps text at spaces into lines of at most `widthMax` columns. A word that is too long is not broken, so that it can be copied.
 */
export function wrapText(text: string, widthMax: number): string[] {
  if (displayWidth(text) <= widthMax) return [text]
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && displayWidth(`${last} ${word}`) <= widthMax)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
