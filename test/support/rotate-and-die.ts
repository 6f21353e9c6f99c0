/**
 * Rotates a data folder's master key, and kills its own process after a given step. The arguments are the service's flags as
 * JSON, the step, and the number of the step's occurrence.
 */
import { rotateMasterKey } from '../../src/admin-commands/master-key.ts'
import { readConfig, type Flags } from '../../src/settings/config.ts'

const [flags = '{}', step = '', occurrence = '1'] = process.argv.slice(2)
const config = readConfig(JSON.parse(flags) as Flags, {})
let left = Number(occurrence)
const progress = (reached: string): void => {
  if (reached === step && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL')
}
const { Finished } = await rotateMasterKey(config, { progress })
if (!Finished) await rotateMasterKey(config, { progress, finish: true })
