/**
 * Escapes text from certificates, clients and other servers for terminals, CSV files and logs. Control characters could move
 * the cursor or start an escape sequence. Format characters could hide or reorder text.
 */

/**
 * Unsafe characters: controls (C0, DEL, C1), format characters (bidirectional, zero-width) and other invisible characters,
 * line separators, and lone surrogates.
 */
const unsafeCharacters = /[\p{Cc}\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Unsafe characters except line feeds. */
const unsafeInLines = /[^\P{Cc}\n]|[\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Unsafe characters, except for line feeds and tabs. A quoted cell can contain line feeds and tabs. */
const unsafeInCells = /[^\P{Cc}\n\t]|[\p{Cf}\p{DI}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Unsafe characters that JSON.stringify does not escape. */
const unsafeInJson = /[\u007F-\u009F\p{Cf}\p{DI}\p{Zl}\p{Zp}]/gu

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Returns a line of text in which every unsafe character is escaped as `\n`, `\r`, `\t`, or `\u{1b}` with the code point
 * in hexadecimal. Backslashes are not escaped.
 */
export function visibleText(text: string): string {
  return text.replaceAll(unsafeCharacters, escaped)
}

const quotedLengthMax = 200

/** Returns quoted text from a client for an error message, truncated and on a single line. */
export function quoted(text: string): string {
  return `"${visibleText(truncateText(text, quotedLengthMax))}"`
}

/** Escapes text like visibleText but keeps line feeds, for Signet's multi-line messages. */
export function visibleLines(text: string): string {
  return text.replaceAll(unsafeInLines, escaped)
}

/** Escapes unsafe characters in JSON text, for example as `\u009b`. `json` is the output of JSON.stringify. */
export function visibleJson(json: string): string {
  return json.replaceAll(unsafeInJson, escapedInJson)
}

/**
 * Returns a quoted CSV cell (RFC 4180 §2), in which unsafe characters except line feeds and tabs are escaped. A spreadsheet would
 * execute text that begins with `=`, `+`, `-` or `@` as a formula, so the function prepends an apostrophe.
 */
export function csvCell(text: string): string {
  const shown = text.replaceAll(unsafeInCells, escaped)
  const guard = formulaStart.test(shown) ? "'" : ''
  return `"${guard}${shown.replaceAll('"', '""')}"`
}

/**
 * The pattern also matches after white space, because some programs skip white space. The full-width forms are included because
 * Japanese versions of spreadsheets accept them.
 */
const formulaStart = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/

function escaped(character: string): string {
  return shortEscapes[character] ?? `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`
}

/** Escapes a character as JSON. A character outside the Basic Multilingual Plane is written as two code units. */
function escapedInJson(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at += 1)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  return text
}

/** Returns the first `unitsMax` UTF-16 code units of a string, or one unit less if a surrogate pair would be split. */
export function truncateText(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text
  const last = text.charCodeAt(unitsMax - 1)
  const isHighSurrogate = last >= 0xd8_00 && last <= 0xdb_ff
  return text.slice(0, isHighSurrogate ? unitsMax - 1 : unitsMax)
}
