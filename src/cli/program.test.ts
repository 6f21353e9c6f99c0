/** The table of commands, by which a command is loaded alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgram } from './program.ts'

const print = (): void => {}

test('every command that help lists is loaded alone by that name', async () => {
  const { commands } = await createProgram(print, [])
  assert.ok(commands.length > 20)
  for (const name of commands.map((command) => command.name())) {
    const alone = await createProgram(print, [name])
    // Completion describes all commands.
    const expected = name === 'completion' ? commands.map((command) => command.name()) : [name]
    assert.deepEqual(
      alone.commands.map((command) => command.name()),
      expected,
    )
  }
})
