/** Every type of key use and change that the record covers, with the expected leaves. */
import { join } from 'node:path'
import { accessKinds } from './record-kinds/access.ts'
import { authorityKinds } from './record-kinds/authorities.ts'
import { enrollmentKinds } from './record-kinds/enrollment.ts'
import { event, KindContext, type RecordedKind } from './record-kinds/kind.ts'
import type { TestService } from './service.ts'

/** Settings for a service that can run all recorded actions. */
export const kindFlags = { ocspSigner: 'delegated', keepExpired: '1d' }

/**
 * Returns the kinds in the order in which they run. `folder` receives files. Kinds with `removes` come last, so that every
 * recorded table has rows before these kinds run. Rows that depend on a CA are removed before the CA.
 */
export function recordedKinds(service: TestService, folder: string): RecordedKind[] {
  const context = new KindContext(service, folder)
  const subjects = [authorityKinds, accessKinds, enrollmentKinds, serverKinds].map((kindsOf) =>
    kindsOf(context),
  )
  return [
    ...subjects.flat().filter(({ removes }) => removes !== true),
    ...subjects
      .toReversed()
      .flat()
      .filter(({ removes }) => removes === true),
  ]
}

/** Kinds of leaves for backups and the master key. */
function serverKinds({ service, folder, file, cli, named }: KindContext): RecordedKind[] {
  return [
    named('backup', [event('backup')], () =>
      cli(
        'backup',
        join(folder, 'backup.age'),
        '--passphrase-file',
        file('passphrase', 'a long one'),
      ),
    ),
    named('master-key split', [event('master-key-split')], () =>
      cli('master-key split --shares 3 --threshold 2 --out', join(folder, 'shares')),
    ),
    named(
      'master-key rotate',
      [event('master-key-rotation-start'), event('master-key-rotation')],
      async () => {
        await cli('master-key rotate')
        if (service.config.database !== undefined) await cli('master-key rotate --finish')
      },
    ),
  ]
}
