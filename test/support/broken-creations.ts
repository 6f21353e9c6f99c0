/** CAs whose keys cannot be stored. These CAs remain CREATING until the service gives up, and then become FAILED. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestService } from './service.ts'

/** The key algorithm whose keys cannot be stored after `breakCreations`. */
export const brokenKeyAlgorithm = 'EC_secp521r1'

/** Makes a service's database reject keys for one algorithm. */
export function breakCreations({ config }: TestService): void {
  const database = new DatabaseSync(join(config.dataDirectory, 'signet.sqlite'), {
    timeout: 10_000,
  })
  database.exec(
    `create trigger no_such_keys before insert on keys when new.algorithm = '${brokenKeyAlgorithm}'
      begin select raise(abort, 'this key algorithm is rejected by the test'); end`,
  )
  database.close()
}
