/**
 * Tests that docs/client-reference.md has a row for each boto3 comparison test, and that each row has a test. Tests that the
 * program in docs/client.md runs.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { changing, reading } from '../test/conformance/client/scenarios.ts'
import { clientEnvironment } from '../test/support/foreign-tools.ts'
import { TestService } from '../test/support/service.ts'
import { apiName, operationNames } from './commands.ts'
import { exceptions } from './errors.ts'
import { waiterModels } from './waiters.ts'

const root = join(import.meta.dirname, '..')
const text = readFileSync(join(root, 'docs/client.md'), 'utf8')
const reference = readFileSync(join(root, 'docs/client-reference.md'), 'utf8')
const tests = readFileSync(join(root, 'test/conformance/client/boto3.test.ts'), 'utf8')

/** The cells of each table row below the comparison's heading. */
const rows = (reference.split('| --- | --- | --- | --- |\n')[1] ?? '')
  .split('\n\n', 1)
  .flatMap((table) => table.trim().split('\n'))
  .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '')))

/** The tests other than scenarios. */
const others = [
  'the client throws the same exceptions as boto3',
  'the client and boto3 generate identical presigned URLs',
]
const scenarios = [...changing, ...reading].map(({ row }) => row)

test('every row refers to an existing test, and every test has a row', () => {
  assert.ok(rows.length > 50, String(rows.length))
  for (const cells of rows) assert.equal(cells.length, 4, cells.join(' | '))
  const withoutCommand = tests.replaceAll(/ with \$\{command\}/g, '')
  for (const name of others) assert.match(withoutCommand, new RegExp(`test\\(\\s*\`${name}\``))
  const named = new Set(rows.map(([, , , name = '']) => name))
  assert.deepEqual([...named].sort(), [...scenarios, ...others].sort())
})

test('every operation, paginator, waiter and exception has a row', () => {
  const ours = rows.map(([, cell = '']) => cell)
  for (const operation of operationNames) assert.ok(ours.includes(`\`${operation}\``), operation)
  for (const name of Object.keys(exceptions).filter((key) => key.endsWith('Exception')))
    assert.ok(ours.includes(`\`exceptions.${name}\``), name)
  for (const name of Object.keys(waiterModels))
    assert.ok(
      ours.some((cell) => cell.startsWith(`\`getWaiter('${name}')`)),
      name,
    )
  const theirs = rows.map(([cell = '']) => cell)
  for (const name of ['listCertificateAuthorities', 'listPermissions', 'listTags'] as const) {
    assert.ok(
      ours.some((cell) => cell.startsWith(`\`getPaginator('${name}')`)),
      name,
    )
    assert.ok(theirs.includes(`\`Paginator.${apiName(name)}\``), name)
  }
})

test('the first program of docs/client.md prints the root certificate', async () => {
  const service = await TestService.start()
  try {
    const [, program = ''] = /```ts\n([\s\S]+?)```/.exec(text) ?? []
    const changed = program
      .replace("'signet-ca/client'", JSON.stringify(join(import.meta.dirname, 'index.ts')))
      .replace('http://127.0.0.1:8080', service.url)
      .replace('.listen(8443)', '.listen(0).unref()')
    assert.ok(changed.includes(service.url) && changed.includes('unref'))
    const { dataDirectory } = service.config
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', `${changed}\nclient.close()`],
      {
        timeout: 30_000,
        env: clientEnvironment(dataDirectory, { dataDirectory, region: 'eu-central-1' }),
      },
    )
    assert.equal(new X509Certificate(stdout).subject, 'O=Example\nCN=Services Root CA')
  } finally {
    await service.close()
  }
})
