/** Runs the code blocks in docs/embedded.md, except those that test/package.test.ts runs. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { blocks, isForProject } from './support/embedded-docs.ts'

const root = resolve(import.meta.dirname, '..')
const runnable = blocks.filter((block) => !isForProject(block))
const outputs = [
  /^hello\n$/,
  /^0\n$/,
  /^application\/pkix-crl\n200\n$/,
  /^EXPIRED\n$/,
  /✔ a certificate has its names[\s\S]* pass 1\n/,
]

test('every block of docs/embedded.md is run by a test', () => {
  assert.equal(runnable.length, outputs.length)
  assert.deepEqual(
    blocks.filter(isForProject).map(({ language }) => language),
    ['sh', 'sh', 'js', 'js'],
  )
})

for (const [at, { language, code }] of runnable.entries())
  test(`block ${at + 1} of docs/embedded.md prints its output`, async () => {
    assert.equal(language, 'js')
    const entry = JSON.stringify(resolve(root, 'embedded/index.ts'))
    const program = code.replace("'signet-ca/embedded'", entry)
    assert.notEqual(program, code)
    const flags = ['--input-type=module', '--test-reporter=spec', '--eval', program]
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, {
      cwd: root,
      env,
      timeout: 30_000,
    })
    assert.match(stdout, outputs[at] ?? /^$/)
    assert.equal(stderr, '')
  })

test('the table has exactly the options of openEmbedded', () => {
  const source = readFileSync(resolve(root, 'embedded/options.ts'), 'utf8')
  const [, body = ''] = /interface EmbeddedOptions \{([\s\S]*?)\n\}/.exec(source) ?? []
  const options = [...body.matchAll(/readonly (\w+)\?/g)].map(([, name]) => name)
  assert.ok(options.length > 10)
  const text = readFileSync(resolve(root, 'docs/embedded-options.md'), 'utf8')
  const [, table = ''] = /\| option \| default \| \|\n([\s\S]*?)\n\n/.exec(text) ?? []
  const named = table
    .split('\n')
    .slice(1)
    .flatMap((line) => [...(line.split(' | ', 1)[0] ?? '').matchAll(/`(\w+)`/g)])
    .map(([, name]) => name)
  assert.deepEqual(new Set(named), new Set(options))
  assert.equal(named.length, options.length)
})
