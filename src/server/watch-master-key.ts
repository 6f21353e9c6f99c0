/** Periodically reads the master key's settings, so that every process has a new key before a rotation ends. */
import type { DataFolder } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import type { Runtime } from './runtime.ts'

/** A rotation waits for several intervals before it ends (data-folder/rotate-master-key.ts). */
const everyMilliseconds = 1000

/** Watches the settings until the process stops. */
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
      // If the database is unreachable, requests encounter and report that.
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
