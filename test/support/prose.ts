/** Extracts the sentences that people read in tracked files: comments, error, log and help texts, test names, and documents. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Passage {
  /** Path relative to the top of the checkout. */
  readonly file: string
  /** Line of the first word, counted from 1. */
  readonly line: number
  readonly kind: 'comment' | 'text' | 'document'
  /** One paragraph, its white space collapsed, without comment markers and code spans. */
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

/** Returns every passage of the checkout, except for the phrase list and its test, which quote the rejected phrases. */
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

const token =
  /\/\*\*?(?<block>[\s\S]*?)\*\/|(?:^|(?<=\s))\/\/ (?<line>.*)|(?<string>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)/gm

/** Returns the comments, and the string literals of at least three words. Consecutive line comments are one passage. */
export function passagesOfSource(file: string, source: string): Passage[] {
  const found: Passage[] = []
  let lastCommentEnd = -1
  for (const match of source.matchAll(token)) {
    const { block, line: comment, string } = match.groups ?? {}
    const line = lineAt(source, match.index)
    if (block !== undefined)
      for (const paragraph of paragraphsOf(block.replaceAll(/^\s*\* ?/gm, '')))
        found.push({ file, line, kind: 'comment', text: paragraph })
    else if (comment !== undefined) {
      const before = found.at(-1)
      const continues =
        before !== undefined && /^\n\s*$/.test(source.slice(lastCommentEnd, match.index))
      if (continues)
        found[found.length - 1] = { ...before, text: `${before.text} ${prose(comment)}` }
      else found.push({ file, line, kind: 'comment', text: prose(comment) })
      lastCommentEnd = match.index + match[0].length
    } else if (string !== undefined && /[A-Za-z]+ [a-z]+ [a-z]+/.test(string))
      found.push({ file, line, kind: 'text', text: prose(string.slice(1, -1)) })
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

/** Collapses white space and replaces code spans with a placeholder, so that identifiers are not checked as words. */
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
