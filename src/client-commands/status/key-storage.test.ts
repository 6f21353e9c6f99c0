import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyStorageOf, misplacedKeyWarning } from './key-storage.ts'
import type { Sample } from './read-metrics.ts'

function sample(name: string, labels: Record<string, string>, value = 1): Sample {
  return { name: `signet_${name}`, labels, value }
}

const inToken = sample('ca_keys', { store: 'pkcs11' }, 2)
const local = sample('ca_keys', { store: 'local' }, 3)
const standards = [
  sample('key_storage_standard', { standard: 'FIPS_140_2_LEVEL_3_OR_HIGHER', store: 'pkcs11' }),
  sample('key_storage_standard', { standard: 'CCPC_LEVEL_1_OR_HIGHER', store: 'local' }),
]
const newKeys =
  'new CAs: FIPS_140_2_LEVEL_3_OR_HIGHER in a PKCS #11 token; ' +
  'CCPC_LEVEL_1_OR_HIGHER in software'

test('a server with keys only in its database has no counts', () => {
  for (const samples of [[], [local]])
    assert.equal(keyStorageOf(samples), 'software, encrypted at rest; not FIPS 140 validated')
})

test('the key stores of existing CAs and of new CAs are described', () => {
  assert.equal(keyStorageOf([inToken]), '2 in a PKCS #11 token')
  assert.equal(keyStorageOf(standards), newKeys)
  assert.equal(
    keyStorageOf([inToken, local, ...standards]),
    `2 in a PKCS #11 token; 3 in software, encrypted at rest, not FIPS 140 validated; ${newKeys}`,
  )
})

test('keys in another store than that of their standard cause a warning', () => {
  const standard = 'FIPS_140_2_LEVEL_3_OR_HIGHER'
  const misplaced = (value: number): Sample =>
    sample('misplaced_ca_keys', { standard, store: 'local' }, value)
  assert.deepEqual(misplacedKeyWarning(misplaced(0)), [])
  assert.deepEqual(misplacedKeyWarning(local), [])
  const [warning = ''] = misplacedKeyWarning(misplaced(2))
  assert.match(warning, /^2 CAs report FIPS_140_2_LEVEL_3_OR_HIGHER, .* are in software, encrypted/)
})
