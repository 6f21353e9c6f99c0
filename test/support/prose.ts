/** Extracts the sentences that people read in tracked files: comments, error, log and help texts, test names, and documents. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync, Visitor } from 'rolldown/utils'

export interface Passage {
  /** File path relative to the top of the checkout. */
  readonly file: string
  /** Line of the first word, starting from 1. */
  readonly line: number
  readonly kind: 'comment' | 'text' | 'document'
  /** A paragraph with collapsed white space, without comment markers and code spans. */
  readonly text: string
}

const root = join(import.meta.dirname, '../..')
const sourceFolders = ['src', 'client', 'embedded', 'test', 'bench', 'tools', 'bin', 'build.ts']
const documentFolders = [
  'docs',
  'deploy',
  'README.md',
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
]
const skippedFolders = new Set(['node_modules', 'dist', '.cache'])

/** Returns every passage in the checkout. The phrase list and its test are excluded, because they quote the rejected phrases. */
export function passages(): Passage[] {
  const sources = filesIn(sourceFolders, /\.(?:ts|js)$/).filter((file) => !/language/.test(file))
  const documents = filesIn(documentFolders, /\.(?:md|ya?ml|tpl|txt|service|timer)$/)
  return [
    ...sources.flatMap((file) => passagesOfSource(file, read(file))),
    ...documents.flatMap((file) => passagesOfDocument(file, read(file))),
  ]
}

function filesIn(folders: readonly string[], name: RegExp): string[] {
  return folders.flatMap((folder) => {
    if (/\.\w+$/.test(folder)) return [folder]
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && name.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .filter((file) => !file.split('/').some((part) => skippedFolders.has(part)))
      .toSorted()
  })
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** A comment or string in a source file. */
interface Token {
  readonly kind: 'block' | 'line' | 'string'
  readonly start: number
  readonly end: number
  /** Text without delimiters. Expressions in a template are replaced with `${…}`. */
  readonly text: string
}

/** Returns the tokens of a source file in order. Strings within the expressions of a template are separate tokens. */
function tokensOf(file: string, source: string): Token[] {
  const { program, comments, errors } = parseSync(file, source)
  const [error] = errors
  if (error !== undefined) throw new Error(`${file} cannot be parsed: ${error.message}`)
  const tokens = comments
    .filter(({ start }) => !source.startsWith('#!', start))
    .map(({ type, start, end, value }): Token => {
      const isBlock = type === 'Block'
      const text = isBlock ? value.replace(/^\*/, '') : value
      return { kind: isBlock ? 'block' : 'line', start, end, text }
    })
  new Visitor({
    Literal({ value, start, end }) {
      if (typeof value === 'string')
        tokens.push({ kind: 'string', start, end, text: source.slice(start + 1, end - 1) })
    },
    TemplateLiteral({ quasis, start, end }) {
      const text = quasis.map(({ value }) => value.raw).join('${…}')
      tokens.push({ kind: 'string', start, end, text })
    },
  }).visit(program)
  return tokens.toSorted((a, b) => a.start - b.start)
}

/** Returns the comments, and the string literals of at least three words. Consecutive line comments form a single passage. */
export function passagesOfSource(file: string, source: string): Passage[] {
  const found: Passage[] = []
  let lastCommentEnd = -1
  for (const { kind, start, end, text } of tokensOf(file, source)) {
    const line = lineAt(source, start)
    if (kind === 'block')
      for (const paragraph of paragraphsOf(text.replaceAll(/^\s*\* ?/gm, '')))
        found.push({ file, line, kind: 'comment', text: paragraph })
    else if (kind === 'line') {
      const before = found.at(-1)
      const continues = before !== undefined && /^\n\s*$/.test(source.slice(lastCommentEnd, start))
      if (continues) found[found.length - 1] = { ...before, text: `${before.text} ${prose(text)}` }
      else found.push({ file, line, kind: 'comment', text: prose(text) })
      lastCommentEnd = end
    } else if (/[A-Za-z]+ [a-z]+ [a-z]+/.test(text))
      found.push({ file, line, kind: 'text', text: prose(text) })
  }
  return found.filter(({ text }) => text.length > 0)
}

function passagesOfDocument(file: string, source: string): Passage[] {
  const isMarkdown = file.endsWith('.md')
  const blank = (code: string): string => code.replaceAll(/[^\n]/g, '')
  const text = isMarkdown ? source.replaceAll(/^```[\s\S]*?^```/gm, blank) : source
  return [...text.matchAll(/\S[^\n]*(?:\n[^\n]*\S[^\n]*)*/g)].flatMap((match) =>
    paragraphsOf(match[0]).map((paragraph) => ({
      file,
      line: lineAt(source, match.index),
      kind: 'document' as const,
      text: paragraph,
    })),
  )
}

function paragraphsOf(text: string): string[] {
  return text
    .split(/\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.)\s)/)
    .map(prose)
    .filter((paragraph) => paragraph !== '')
}

/** Collapses white space, and replaces code spans with a placeholder so that identifiers are not checked as words. */
function prose(text: string): string {
  return text
    .replaceAll(/`[^`\n]*`/g, '`…`')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function lineAt(source: string, index: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at !== -1 && at < index; at = source.indexOf('\n', at + 1))
    line += 1
  return line
}
