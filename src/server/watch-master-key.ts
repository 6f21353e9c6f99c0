/**
 * Periodically reads the master key settings from the database, so that every process has the new key before a rotation ends.
 */
import type { DataFolder } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import type { Runtime } from './runtime.ts'

/**
 * Interval between reads of the master key settings. A rotation waits for several intervals before it ends
 * (data-folder/rotate-master-key.ts).
 */
const everyMilliseconds = 1000

/** Watches the master key settings until the process stops. */
export function watchMasterKey({
  data,
  log,
  stack,
}: Pick<Runtime, 'data' | 'log' | 'stack'>): void {
  let isReading = false
  let reported: string | undefined
  let { generation } = data.masterKeys
  const read = async (): Promise<void> => {
    try {
      await data.masterKeys.refresh()
      reported = undefined
      if (data.masterKeys.generation !== generation) log.info(eventOf(data), 'master keys changed')
      ;({ generation } = data.masterKeys)
    } catch (error) {
      // The watcher does not report an unreachable database, because requests encounter and report the same failure.
      if (!(error instanceof ConfigurationError) || error.message === reported) return
      reported = error.message
      log.error({ err: error }, 'the master key of this process was replaced')
    }
  }
  const timer = setInterval(() => {
    if (isReading) return
    isReading = true
    read().then(
      () => (isReading = false),
      () => (isReading = false),
    )
  }, everyMilliseconds).unref()
  stack.defer(() => clearInterval(timer))
}

function eventOf({ masterKeys }: DataFolder): object {
  return { masterKeyId: masterKeys.currentId, rotating: masterKeys.rotation !== undefined }
}
