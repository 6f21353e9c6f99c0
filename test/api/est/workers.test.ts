/** Tests of EST on a server with several workers. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/settings/config.ts'
import {
  certificateOf,
  clientKey,
  createEndpoint,
  createPassword,
  estCall,
} from '../../support/est.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { clientOf } from '../../support/process-client.ts'
import { startServer } from '../../support/process.ts'

test('of requests with one password at three workers, one gets a certificate, also if it is repeated', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'signet-est-workers-'))
  const process = await startServer(data, ['--workers', '3', '--enroll-listen', '127.0.0.1:0'])
  t.after(async () => {
    await process.stop('SIGTERM')
    await rm(data, { recursive: true })
  })
  const { arn } = await createRoot(clientOf(process, data))
  const administration = { config: readConfig({ data }, {}) }
  await createEndpoint(administration, 'devices', { ca: arn })
  const credentials = await createPassword(administration, 'devices')
  const enrollRoot = await readFile(join(data, 'tls-root.pem'), 'utf8')
  const server = { enrollUrl: process.enrollUrl, enrollRoot }
  const keys = await Promise.all(Array.from({ length: 4 }, () => clientKey()))
  const answers = await Promise.all(
    [...keys, ...keys, ...keys].map(({ csr }) =>
      estCall(server, 'devices/simpleenroll', { csr, credentials }),
    ),
  )
  const issued = answers.filter(({ status }) => status === 200).map(certificateOf)
  assert.equal(new Set(issued).size, 1)
  assert.equal(issued.length, 3, 'the repetitions get the same certificate')
  assert.equal(answers.filter(({ status }) => status === 401).length, 9)
})
