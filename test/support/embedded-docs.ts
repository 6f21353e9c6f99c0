/** The code blocks in docs/embedded.md. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const text = readFileSync(resolve(import.meta.dirname, '../../docs/embedded.md'), 'utf8')

export interface Block {
  readonly language: string
  readonly code: string
}

/** The code blocks in order. */
export const blocks: readonly Block[] = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', code = '']) => ({ language, code }),
)

/** Returns whether a block needs a project with the installed package; test/package.test.ts runs such blocks. */
export function isForProject({ language, code }: Block): boolean {
  return language === 'sh' || /from 'vitest'|require\('signet-ca/.test(code)
}
