import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseShare, shareText, splitMasterKey } from '../data-folder/key-shares.ts'
import type { SplitManifest } from '../data-folder/locked.ts'
import { masterKeyId, newMasterKey, type MasterKey } from '../data-folder/master-key.ts'
import { systemRandom as random } from '../random.ts'
import { createUnlockHandler, type EnteredShare } from './unlock-requests.ts'

const key = newMasterKey({ path: 'key' }, random)

function start(manifest?: SplitManifest) {
  const accepted: MasterKey[] = []
  const shares: EnteredShare[] = []
  const handler = createUnlockHandler({
    needed: [masterKeyId(key)],
    manifest,
    path: 'key',
    accept(found, by) {
      accepted.push(found)
      shares.push(...by)
    },
    clock: { now: () => new Date(0) },
    log: { warn() {} },
  })
  const enter = (share: string, osUser = 'ada') =>
    handler({ command: 'unlock', share, actor: { osUser } })
  const received = async () => {
    const { Splits } = (await handler({ command: 'unlock-progress' })) as {
      readonly Splits: readonly { readonly Received: number }[]
    }
    return Splits.map(({ Received }) => Received)
  }
  return { handler, enter, received, accepted, shares }
}

async function split(of: MasterKey = key) {
  const shares = await splitMasterKey(of, { total: 3, threshold: 2 }, random)
  const [first] = shares
  if (first === undefined) throw new Error('a split has shares')
  const { masterKeyId: id, splitId, threshold, total } = first
  const manifest: SplitManifest = { masterKeyId: id, splitId, threshold, total }
  return { texts: shares.map((share) => shareText(share)), manifest }
}

test('a share of a replaced split or key is refused and not counted, also as the first share', async () => {
  const [old, current, other] = [
    await split(),
    await split(),
    await split(newMasterKey({ path: 'other' }, random)),
  ]
  const { enter, received, accepted } = start(current.manifest)
  const oldId = old.manifest.splitId
  await assert.rejects(enter(old.texts[0] ?? ''), {
    message: `the share belongs to the split ${oldId}, which was replaced by the split ${current.manifest.splitId}; use a share from the new split; the share was not counted`,
  })
  await assert.rejects(
    enter(other.texts[0] ?? ''),
    /from before a rotation, or from another server/,
  )
  assert.deepEqual(await received(), [])
  await enter(current.texts[0] ?? '')
  await assert.rejects(enter(old.texts[1] ?? ''), /was replaced by/)
  assert.deepEqual(await received(), [1])
  await enter(current.texts[2] ?? '')
  assert.deepEqual(accepted.map(masterKeyId), [masterKeyId(key)])
})

test('without a description of the last split, a share of an old split does not block the others', async () => {
  const [old, current] = [await split(), await split()]
  for (const manifest of [undefined, { ...old.manifest, masterKeyId: '0'.repeat(16) }]) {
    const { enter, received, accepted } = start(manifest)
    await enter(old.texts[0] ?? '')
    await enter(current.texts[0] ?? '')
    assert.deepEqual(await received(), [1, 1])
    await enter(current.texts[1] ?? '')
    assert.equal(accepted.length, 1)
    assert.deepEqual(await received(), [0, 0])
  }
})

test('the shares that unlocked the server name who entered them, without shares that were discarded', async () => {
  const { texts } = await split()
  const wrong = (await split(newMasterKey({ path: 'other' }, random))).texts
  const forged = parseShare(texts[1] ?? '')
  const { bytes } = parseShare(wrong[1] ?? '')
  const { enter, shares } = start()
  await enter(texts[0] ?? '', 'ada')
  await assert.rejects(enter(shareText({ ...forged, bytes }), 'mallory'), /enter all of them again/)
  await enter(texts[2] ?? '', 'grace')
  await enter(texts[0] ?? '', 'joan')
  assert.deepEqual(
    shares.map(({ number, actor }) => [number, actor.osUser]),
    [
      [3, 'grace'],
      [1, 'joan'],
    ],
  )
})

test('a share without the user who enters it is refused', () => {
  const { handler } = start()
  assert.throws(
    () => handler({ command: 'unlock', share: '', actor: {} }),
    /the request specifies no user/,
  )
})

test('the shares of at most eight splits are held', async () => {
  const { enter } = start()
  for (let count = 0; count < 8; count += 1) await enter((await split()).texts[0] ?? '')
  await assert.rejects(
    async () => enter((await split()).texts[0] ?? ''),
    /shares from 8 splits were entered; restart the server/,
  )
})

test('a locked server refuses other requests of commands', () => {
  const { handler } = start()
  assert.throws(
    () => handler({ command: 'export-master-key', recipients: '', actor: {} }),
    /the server is locked; enter shares/,
  )
})
