import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import { createBucket } from './embedded-buckets.ts'
import { createEmbeddedObjectStore } from './embedded-object-store.ts'
import { objectStoreContract } from './object-store-contract.ts'

const accountId = '111122223333'

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'))
  t.after(() => rm(folder, { recursive: true }))
  return join(folder, 'objects')
}

async function newSubject(t: TestContext) {
  const directory = await newFolder(t)
  const bucket = 'crls'
  await createBucket(directory, { name: bucket, accountId, createdAt: systemClock.now() })
  const store = createEmbeddedObjectStore({
    directory,
    publicUrl: 'http://127.0.0.1:8080',
    clock: systemClock,
    random: systemRandom,
  })
  return { directory, store, bucket, accountId }
}

for (const { name, run } of objectStoreContract) test(name, async (t) => run(await newSubject(t)))
