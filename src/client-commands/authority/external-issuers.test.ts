import assert from 'node:assert/strict'
import { test } from 'node:test'
import { craft, named } from '../../../test/support/crafted-certificates.ts'
import { externalCa, withExternalIssuers, type ExternalCa } from './external-issuers.ts'

const external = (name: string): ExternalCa => ({
  name,
  subject: `CN=${name}`,
  notAfter: '2040-01-01T00:00:00Z',
  sha256: name,
})

function shown(lines: Parameters<typeof withExternalIssuers<string>>[0]): string[] {
  return withExternalIssuers(lines).map(
    ({ prefix, item, external: above }) => prefix + (item ?? `(${above?.name})`),
  )
}

test('CAs whose keys are stored elsewhere are shown once, above the CAs that they certify', () => {
  const [root, policy, other] = [external('Root'), external('Policy'), external('Other')]
  const line = (prefix: string, item: string, ...externalIssuers: readonly ExternalCa[]) => ({
    prefix,
    item,
    externalIssuers,
  })
  assert.deepEqual(
    shown([
      line('', 'own root'),
      line('└─ ', 'own issuing'),
      line('', 'a', root),
      line('└─ ', 'a1'),
      line('', 'b', other),
      line('', 'c', policy, root),
      line('', 'd', root),
    ]),
    [
      'own root',
      '└─ own issuing',
      '(Root)',
      '├─ a',
      '│  └─ a1',
      '├─ (Policy)',
      '│  └─ c',
      '└─ d',
      '(Other)',
      '└─ b',
    ],
  )
  assert.deepEqual(shown([]), [])
})

test('a CA whose key is stored elsewhere is shown with the common name of its subject', () => {
  const { certificate } = craft({ subject: named('Offline Root') })
  const { name, subject, sha256 } = externalCa(certificate)
  assert.deepEqual([name, subject], ['Offline Root', 'CN=Offline Root'])
  assert.match(sha256, /^[0-9a-f]{64}$/)
})
