/**
 * Text from certificates, clients and other servers, made safe for a terminal, a CSV file or a log. Control characters could
 * move a cursor or start an escape sequence; format characters could hide text or show it in another order than it has.
 */

/** Controls (C0, DEL, C1), format (bidirectional, zero-width) and other invisible characters, line separators, lone surrogates. */
const unsafeCharacters = /[\p{Cc}\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The same without line feeds. */
const unsafeInLines = /[^\P{Cc}\n]|[\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The same without line feeds and tabs, which a quoted cell may have. */
const unsafeInCells = /[^\P{Cc}\n\t]|[\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Of these, the ones that JSON.stringify leaves as they are. */
const unsafeInJson = /[\u007F-\u009F\p{Cf}\p{DI}\p{Zl}\p{Zp}]/gu

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * One line of text in which every unsafe character is written as an escape: `\n`, `\r`, `\t`, or `\u{1b}` with the code point
 * in hex. A backslash stays as it is.
 */
export function visibleText(text: string): string {
  return text.replaceAll(unsafeCharacters, escaped)
}

/** Text of our own that has several lines: as visibleText, but a line feed stays. */
export function visibleLines(text: string): string {
  return text.replaceAll(unsafeInLines, escaped)
}

/** JSON, as JSON.stringify writes it, of the same value without unsafe characters: they become `\u009b`. */
export function visibleJson(json: string): string {
  return json.replaceAll(unsafeInJson, escapedInJson)
}

/**
 * A cell of a CSV file: visible text in quotes, in which line feeds and tabs stay (RFC 4180 §2). Text that a spreadsheet would run as a formula, because it
 * begins with `=`, `+`, `-` or `@`, gets an apostrophe before it.
 */
export function csvCell(text: string): string {
  const shown = text.replaceAll(unsafeInCells, escaped)
  const guard = formulaStart.test(shown) ? "'" : ''
  return `"${guard}${shown.replaceAll('"', '""')}"`
}

/** Also after spaces, which some programs skip, and in the full-width forms that Japanese versions take for the same. */
const formulaStart = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/

function escaped(character: string): string {
  return shortEscapes[character] ?? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`
}

/** A character beyond the basic plane is two code units in JSON. */
function escapedInJson(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at += 1)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}
