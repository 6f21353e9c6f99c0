/** Tests that docs/reference/flags.md, commands.md and the pages in commands/ equal the output of their generators. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command, Option } from 'commander'
import { createProgram } from '../src/cli/program.ts'
import { variableOf } from '../src/settings/config.ts'
import type { Setting } from '../src/settings/setting.ts'
import { settings } from '../src/settings/settings-table.ts'
import { commandsReference } from '../tools/commands-reference.ts'
import { flagsReference } from '../tools/flags-reference.ts'

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../docs/reference', name), 'utf8')

test('the pages of flags are current', () => {
  for (const [name, text] of flagsReference()) assert.equal(read(name), text, 'run: npm run docs')
})

test('the pages of flags list every setting once, with its variable and default, in a section with a link', () => {
  const text = [...flagsReference().values()].join('\n')
  for (const { flag, value, fallback, isVariableOnly } of Object.values<Setting<unknown>>(
    settings,
  )) {
    if (isVariableOnly === true) {
      assert.ok(text.includes(`| no flag | \`${variableOf(flag)}\``), flag)
      continue
    }
    const usage = value === '' ? `--${flag}` : `--${flag} ${value}`
    const rows = text.split('\n').filter((line) => line.startsWith(`| \`${usage}\` |`))
    assert.equal(rows.length, 1, flag)
    assert.ok(rows[0]?.includes(`\`${variableOf(flag)}\``), flag)
    assert.ok(rows[0]?.includes(fallback ?? ''), `${flag} ${fallback}`)
  }
})

test('commands.md and its pages are current', async () => {
  const texts = await commandsReference()
  for (const [path, text] of texts) assert.equal(read(path), text, `${path}; run: npm run docs`)
  const files = readdirSync(join(import.meta.dirname, '../docs/reference/commands'))
  assert.deepEqual(
    files.map((name) => `commands/${name}`).filter((path) => !texts.has(path)),
    [],
    'run: npm run docs',
  )
})

test('the pages of commands.md describe every command once, and every visible option', async () => {
  const text = [...(await commandsReference()).values()].join('\n')
  const commands = commandsBelow(await createProgram(() => {}, []), 'signet')
  assert.ok(commands.length > 40)
  for (const { path, options } of commands) {
    const [, rest = '', ...others] = text.split(new RegExp(`^#+ ${path}$`, 'm'))
    assert.deepEqual(others, [], path)
    const section = rest.split(/^#+ signet/m)[0] ?? ''
    assert.notEqual(section, '', path)
    if (section.includes('every flag')) continue
    for (const { long, hidden } of options)
      assert.ok(hidden || section.includes(`${long}`), `${path} ${long}`)
  }
})

interface DescribedCommand {
  readonly path: string
  readonly options: readonly Option[]
}

function commandsBelow(command: Command, path: string): DescribedCommand[] {
  return command.commands.flatMap((sub) => {
    const below = `${path} ${sub.name()}`
    return [{ path: below, options: sub.options }, ...commandsBelow(sub, below)]
  })
}
