/** Runs a test file again, with its CAs' keys in a SoftHSM token. */
import { after, test } from 'node:test'
import type { Flags } from '../../src/settings/config.ts'
import { SoftHsm } from './softhsm.ts'

let chosen: Flags = {}

/** Returns the key store settings for a new service. */
export function chosenKeyFlags(): Flags {
  return chosen
}

/** Imports a test file whose services each use a token. If SoftHSM is not installed, skips the file, or throws in CI. */
export async function onToken(importFile: () => Promise<unknown>): Promise<void> {
  const hooks: (() => unknown)[] = []
  const hsm = await SoftHsm.create({
    after: (hook) => void hooks.push(hook as () => unknown),
    diagnostic: (message) => console.error(message),
    skip: (message) => void test('SoftHSM', { skip: message ?? true }),
  })
  if (hsm === undefined) return
  chosen = hsm.flags
  await importFile()
  // This hook is registered last, so that it runs after the imported file's hooks.
  after(async () => {
    for (const hook of hooks) await hook()
  })
}
