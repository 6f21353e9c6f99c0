import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestRandom } from '../../test/support/test-random.ts'
import type { Metadata } from './certificate-folder.ts'
import { dueTime, type RenewalRequest } from './renew.ts'
import { retryDelay, runDaemon } from './renewal-daemon.ts'

const day = 86_400_000
const start = Date.parse('2026-01-01T00:00:00Z')

function metadata(notBefore: number, days: number): Metadata {
  return {
    version: 1,
    arn: 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1/certificate/1',
    certificateAuthorityArn: 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1',
    certificateAuthorityName: 'CA',
    serialNumber: '1',
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notBefore + days * day).toISOString(),
    names: ['x.test'],
    // If no algorithm is recorded, the key pair is not checked. The CSR is not sent in this test.
    keyAlgorithm: 'EC_prime256v1',
    template: null,
    validity: `${days}d`,
    endpoint: 'http://127.0.0.1:1',
    region: 'eu-central-1',
  }
}

const request: RenewalRequest = {
  when: 'last-third',
  ca: undefined,
  validity: undefined,
  hook: [],
  environment: {},
}

/** Runs the renewal daemon on a folder until it has made `calls` attempts. The clock advances whenever the daemon sleeps. */
async function run(
  answers: readonly ('fail' | 'renew')[],
  days: number,
  hook: readonly string[] = [],
): Promise<{ lines: string[]; attempts: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-daemon-'))
  const save = (value: Metadata): Promise<void> =>
    writeFile(join(folder, 'metadata.json'), JSON.stringify(value))
  // A folder without a matching key pair is always due for renewal.
  await save(metadata(start, days))
  const stop = new AbortController()
  const lines: string[] = []
  const attempts: number[] = []
  let now = start
  let remaining = answers
  try {
    await runDaemon(
      [folder],
      { ...request, hook },
      {
        clock: { now: () => new Date(now) },
        random: new TestRandom(),
        readPkcs12Password: async () => ({ password: '', passwordFile: undefined }),
        progress: () => {},
        report: (line) => void lines.push(line.replace(folder, 'tls')),
        signal: stop.signal,
        sleep: async (milliseconds) => {
          now += milliseconds
          if (remaining.length === 0) stop.abort()
        },
        async connect() {
          attempts.push(now - start)
          const [answer] = remaining
          remaining = remaining.slice(1)
          if (answer !== 'renew') throw new Error('no server')
          const renewed = metadata(now, days)
          await save(renewed)
          return renewed
        },
      },
    )
  } finally {
    await rm(folder, { recursive: true })
  }
  return { lines, attempts }
}

test('a failed renewal is retried after increasing delays, and a success is logged in one line', async () => {
  const { lines, attempts } = await run(['fail', 'fail', 'renew'], 30)
  assert.equal(attempts.length, 3)
  const [first = 0, second = 0, third = 0] = attempts
  assert.equal(first, 0)
  assert.ok(second >= 45_000 && second <= 75_000, String(second))
  assert.ok(third - second >= 90_000 && third - second <= 150_000, String(third - second))
  assert.match(lines[0] ?? '', /^watching tls$/)
  assert.match(lines[1] ?? '', /^failed tls: no server; next attempt at 2026-01-01T00:0/)
  assert.match(lines[3] ?? '', /^renewed tls: valid until 2026-01-31T/)
  assert.equal(lines.at(-1), 'stopped')
})

test('a failed hook is reported, and does not cause another renewal before the certificate is due', async () => {
  const { lines, attempts } = await run(['renew'], 30, ['false'])
  assert.equal(attempts.length, 1)
  assert.match(
    lines[1] ?? '',
    /^failed tls: the certificate was renewed, but the hook failed: .*; next attempt at 2026-01-21T/,
  )
})

test('an abort ends the daemon without a further attempt', async () => {
  const { lines, attempts } = await run([], 30)
  assert.equal(attempts.length, 1)
  assert.equal(lines.at(-1), 'stopped')
})

test('a certificate is due for renewal in the last third of its lifetime, or when the given time is left', () => {
  const life = metadata(start, 30)
  assert.equal(dueTime(life, 'last-third').getTime(), start + 20 * day)
  assert.equal(dueTime(life, 7 * day).getTime(), start + 23 * day)
  assert.equal(dueTime(life, 'always').getTime(), start)
})

test('delays between retries double up to an hour, and are randomized', () => {
  const at = (byte: number, failures: number): number =>
    retryDelay(failures, { bytes: () => Uint8Array.of(byte) })
  assert.deepEqual([at(0, 1), at(255, 1)], [45_000, 75_000])
  assert.equal(at(0, 3), 180_000)
  assert.equal(at(255, 50), 4_500_000)
})
