/** Runs a test file again with the keys of its CAs in a SoftHSM token. */
import { after, test } from 'node:test'
import type { Flags } from '../../src/settings/config.ts'
import { SoftHsm } from './softhsm.ts'

let chosen: Flags = {}

/** Returns the key store settings for a new service. */
export function chosenKeyFlags(): Flags {
  return chosen
}

/**
 * Imports a test file after choosing a token for each of its services. If SoftHSM is not installed, the file is skipped or,
 * under CI, the function throws.
 */
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
  // Registered last, so that the hook runs after the hooks of the imported file.
  after(async () => {
    for (const hook of hooks) await hook()
  })
}
