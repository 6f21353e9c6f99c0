import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

/** Returns the names of the tests in a file. The name of a suite precedes the names of its tests. */
function testNames(path: string): string[] {
  let suite = ''
  const names: string[] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, indent = '', kind, name = ''] = /^( *)(suite|test)\('(.*)',/.exec(line) ?? []
    if (kind === 'suite') suite = `${name} `
    if (kind === 'test') names.push(indent === '' ? name : `${suite}${name}`)
  }
  return names
}

test('the pages about the requirements of ACME name only tests that exist', () => {
  const sources = globSync([
    'test/api/acme/*.test.ts',
    'src/{acme,enrollment,validation}/**/*.test.ts',
  ])
  const names = new Set(sources.flatMap(testNames))
  const rows = ['acme', 'acme-certificates'].flatMap((page) =>
    readFileSync(`docs/reference/${page}.md`, 'utf8')
      .split('\n')
      .filter((line) => /^\| (?!requirement|---)/.test(line)),
  )
  assert.ok(rows.length > 50)
  for (const row of rows)
    for (const name of (row.split(' | ')[1] ?? '').replace(/ \|$/, '').split('; '))
      assert.ok(names.has(name), `no test has the name: ${name}`)
})
