/** Backup keys (passphrases, recipients and identities), and error messages that must not reveal them. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { generateX25519Identity } from 'age-encryption'
import {
  agePair,
  expected,
  identity,
  native,
  pairs,
  payloadStart,
  pemPair,
  readBackup,
  recipientKey,
  recordsOf,
  refuses,
  sample,
  written,
} from '../../test/support/age-files.ts'
import { ConfigurationError } from '../errors.ts'
import { readIdentities, readRecipients } from './key-files.ts'

describe('a backup', () => {
  test('is decrypted with its passphrase in NFC or NFD, and with no other passphrase', async () => {
    const passphrase = 'Grüße aus Köln'
    const file = await written({ kind: 'passphrase', passphrase }, recordsOf(sample))
    for (const form of ['NFC', 'NFD'])
      assert.deepEqual(
        await readBackup(file, { kind: 'passphrase', passphrase: passphrase.normalize(form) }),
        expected(sample),
      )
    for (const wrong of ['Grüsse aus Köln', `${passphrase} `, ''])
      await refuses(file, { kind: 'passphrase', passphrase: wrong }, /passphrase is wrong/)
    await refuses(file, identity, /specify --passphrase-file/)
  })

  test('with an excessive scrypt work factor is refused', async () => {
    const file = await written(
      { kind: 'passphrase', passphrase: 'a passphrase' },
      recordsOf(sample),
    )
    const costly = Buffer.from(
      file.toString('latin1').replace(/(-> scrypt \S+) 10\n/, '$1 30\n'),
      'latin1',
    )
    await refuses(costly, { kind: 'passphrase', passphrase: 'a passphrase' }, /damaged/)
  })

  test('differs from another backup with the same content and passphrase', async () => {
    const key = { kind: 'passphrase', passphrase: 'the same passphrase' } as const
    const [first, second] = [
      await written(key, recordsOf(sample)),
      await written(key, recordsOf(sample)),
    ]
    assert.notDeepEqual(first.subarray(-200), second.subarray(-200))
  })

  test('is decrypted with the identity of any of its recipients, and with no other identity', async () => {
    const second = await agePair(await generateX25519Identity())
    const list = `# two machines\n${native.recipient}\r\n\n  ${second.recipient}\n`
    const file = await written(await recipientKey({ recipient: list }), recordsOf(sample))
    for (const text of [second.identity, `# created today\n${native.identity}\n`])
      assert.deepEqual(await readBackup(file, { kind: 'identity', text }), expected(sample))
    const stranger = await agePair(await generateX25519Identity())
    const otherPairs = [stranger, ...Object.values(pairs).filter((pair) => pair !== native)]
    for (const other of otherPairs)
      await refuses(file, { kind: 'identity', text: other.identity }, /another recipient/)
    await refuses(file, { kind: 'passphrase', passphrase: 'any passphrase' }, /--identity/)
  })

  test('encrypted for a PEM key cannot be decrypted with another key of the same type', async () => {
    for (const [pair, otherPair] of [
      [pairs['P-256 in PEM'], pemPair(generateKeyPairSync('ec', { namedCurve: 'P-256' }))],
      [pairs['RSA in PEM'], pemPair(generateKeyPairSync('rsa', { modulusLength: 2048 }))],
    ] as const) {
      const file = await written(await recipientKey(pair), recordsOf(sample))
      await refuses(file, { kind: 'identity', text: otherPair.identity }, /another recipient/)
      // The loop changes every third byte of the header, starting at the first stanza.
      for (let at = file.indexOf('-> ') + 3; at < payloadStart(file) - 1; at += 3) {
        const changed = Buffer.from(file)
        changed[at] = (changed[at] ?? 0) ^ 1
        await refuses(changed, { kind: 'identity', text: pair.identity })
      }
    }
  })

  test('cannot be encrypted for a private key or an unsupported kind of key', async () => {
    const pemOf = (pair: ReturnType<typeof generateKeyPairSync>): string => pemPair(pair).recipient
    for (const [text, message] of [
      [pemOf(generateKeyPairSync('ed25519')), /must be X25519, P-256 or RSA/],
      [pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })), /must be X25519, P-256 or RSA/],
      [pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })), /at least 2048 bits/],
      [pairs['X25519 in PEM'].identity, /private/],
      [native.identity, /private/],
      ['', /not a key/],
      ['# a comment\n', /not a key/],
      [`${native.recipient}\nage1yubikey1qwertz`, /not a key/],
      [native.recipient.replace(/.$/, (last) => (last === 'q' ? 'p' : 'q')), /not a key/],
      ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', /not a key/],
    ] as const)
      await assert.rejects(readRecipients(text), (error: Error) => {
        assert.ok(error instanceof ConfigurationError, error.stack)
        assert.match(error.message, message)
        return true
      })
  })

  test('has an identity that is never quoted in errors', async () => {
    const secret = native.identity.slice(20, 40)
    for (const text of [native.identity.slice(0, -1), native.identity.toLowerCase(), `x${secret}`])
      for (const parse of [readIdentities, readRecipients])
        await assert.rejects(parse(text), (error: Error) => {
          assert.ok(error instanceof ConfigurationError, error.stack)
          assert.doesNotMatch(inspect(error), new RegExp(secret, 'i'))
          return true
        })
  })
})
