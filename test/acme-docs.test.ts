import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { problemStatuses } from '../src/acme/problem.ts'

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

test('the page about problems has the type and status of each problem, and python3-acme receives each', () => {
  const page = readFileSync('docs/reference/acme-problems.md', 'utf8')
  const rows = page.matchAll(/^\| `(\w+)` \| (–|\d+)[^|]* \| (?!never sent)/gm)
  const documented = [...rows].map(([, type = '', status]) => [type, status])
  const types = new Set(documented.map(([type]) => type))
  assert.deepEqual(types, new Set(Object.keys(problemStatuses)))
  const received = readFileSync('test/conformance/acme/python-acme.test.ts', 'utf8')
  for (const [type = '', status] of documented) {
    if (status !== '–')
      assert.equal(Number(status), problemStatuses[type as keyof typeof problemStatuses], type)
    assert.match(received, new RegExp(`[' ]${type}'`))
  }
})
