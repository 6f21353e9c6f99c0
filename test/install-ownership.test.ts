/**
 * Tests of commands that root runs in another user's data folder. Also tests which files a data folder may contain before the
 * first startup.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { keyModeWarning } from '../src/server/tls/certificate-files.ts'
import { asFolderOwner } from '../src/data-folder/folder-owner.ts'
import { createEmbeddedObjectStore } from '../src/objects/embedded-object-store.ts'
import { createBucket } from '../src/objects/embedded-buckets.ts'
import { lockFolder, prepareDataFolder } from '../src/store/sqlite/folder-lock.ts'
import { systemClock } from '../src/clock.ts'
import { systemRandom } from '../src/random.ts'

const user = 65_533

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'signet-owner-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

suite('the owner of a data folder', () => {
  test('owns the files that root creates, and root regains its rights after a failure', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can act as another user')
    const folder = await temporaryFolder(t)
    await chown(folder, user, user)
    await asFolderOwner(folder, () => writeFile(join(folder, 'a'), ''))
    const { uid, gid } = await stat(join(folder, 'a'))
    assert.deepEqual([uid, gid], [user, user])
    const refused = asFolderOwner(folder, () => writeFile('/etc/signet-test', ''))
    await assert.rejects(refused, { code: 'EACCES' })
    assert.deepEqual([process.geteuid?.(), process.getegid?.()], [0, 0])
  })

  test('the error of an object store without write permission contains the folder of the bucket', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can act as another user')
    const parent = await temporaryFolder(t)
    await chmod(parent, 0o755)
    const directory = join(parent, 'objects')
    const createdAt = systemClock.now()
    await createBucket(directory, { name: 'crls', accountId: '1', createdAt })
    const publicUrl = 'http://pki.example.com'
    const services = { clock: systemClock, random: systemRandom }
    const store = createEmbeddedObjectStore({ directory, publicUrl, ...services })
    await mkdir(join(parent, 'owned'))
    await chown(join(parent, 'owned'), user, user)
    const put = asFolderOwner(join(parent, 'owned'), () =>
      store.put({ bucket: 'crls', key: 'a' }, new Uint8Array(), {
        acl: 'PUBLIC_READ',
        contentType: 'text/plain',
        accountId: '1',
      }),
    )
    await assert.rejects(put, (error: Error) => error.message.includes(join(directory, 'crls')))
  })
})

suite('a data folder before its first start', () => {
  test('may contain the call log, its rotated files and the root of the API certificate', async (t) => {
    const folder = await temporaryFolder(t)
    for (const name of ['calls.jsonl', 'calls.jsonl.1', 'tls-root.pem'])
      await writeFile(join(folder, name), '')
    await assert.rejects(prepareDataFolder(folder), /contains other files, such as calls\.jsonl/)
    await prepareDataFolder(folder, [join(folder, 'calls.jsonl')])
    await writeFile(join(folder, 'notes.txt'), '')
    const refused = prepareDataFolder(folder, [join(folder, 'calls.jsonl')])
    await assert.rejects(refused, /such as notes\.txt/)
  })

  test('contains no lock file after a discarded lock, unless the file existed before', async (t) => {
    const folder = await temporaryFolder(t)
    lockFolder(folder).discard()
    assert.equal(existsSync(join(folder, 'lock')), false)
    lockFolder(folder).release()
    lockFolder(folder).discard()
    assert.equal(existsSync(join(folder, 'lock')), true)
  })
})

test('a TLS key that every local user can read causes a warning with a chmod command', async (t) => {
  const file = join(await temporaryFolder(t), 'tls.key')
  await writeFile(file, '', { mode: 0o600 })
  assert.equal(await keyModeWarning(file), undefined)
  await chmod(file, 0o440)
  assert.equal(await keyModeWarning(file), undefined)
  await chmod(file, 0o644)
  assert.match((await keyModeWarning(file)) ?? '', /chmod 640 .*tls\.key/)
})
