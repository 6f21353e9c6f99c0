/** Determines from a server's metrics where its keys are stored. */
import type { Sample } from './read-metrics.ts'

const softwareStorage = 'software, encrypted at rest, not FIPS 140 validated'
const storageNames: ReadonlyMap<string, string> = new Map([
  ['kms', 'AWS KMS'],
  ['local', softwareStorage],
  ['pkcs11', 'a PKCS #11 token'],
])

function nameOf(store: string): string {
  return storageNames.get(store) ?? store
}

/**
 * Describes where keys are stored, and where the keys of new CAs will be stored. If all keys are in the database, the server
 * reports no key counts.
 */
export function keyStorageOf(samples: readonly Sample[]): string {
  const stores = samples.filter(({ name, value }) => name === 'signet_ca_keys' && value > 0)
  const standards = samples.filter(({ name }) => name === 'signet_key_storage_standard')
  const existing = stores.every(({ labels }) => labels['store'] === 'local')
    ? softwareStorage.replace(', not', '; not')
    : stores.map(({ labels, value }) => `${value} in ${nameOf(labels['store'] ?? '')}`).join('; ')
  if (standards.length === 0) return existing
  const planned = standards.map(({ labels: { standard = '', store = '' } }) =>
    store === 'local' ? `${standard} in software` : `${standard} in ${nameOf(store)}`,
  )
  return `${stores.length === 0 ? '' : `${existing}; `}new CAs: ${planned.join('; ')}`
}

/** The server reports the metric for misplaced keys only if --key-storage-standards is set. */
export function misplacedKeyWarning({ name, labels, value }: Sample): string[] {
  if (name !== 'signet_misplaced_ca_keys' || value === 0) return []
  const { standard = '', store = '' } = labels
  const cas = value === 1 ? '1 CA reports' : `${value} CAs report`
  const keys = value === 1 ? 'its key is' : 'their keys are'
  return [
    `${cas} ${standard}, but ${keys} in ${nameOf(store)}, which is not the key store for this standard: ` +
      'create successors with signet ca renew --new-key',
  ]
}
