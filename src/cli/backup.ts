/** `signet backup`, `signet restore` and `signet verify`. */
import { Command } from 'commander'
import { backUp } from '../admin-commands/backup.ts'
import { restore } from '../admin-commands/restore.ts'
import { verifyData } from '../admin-commands/verify/verify.ts'
import { lockOf, openerOf, type LockFlags, type OpenerFlags } from './backup-locks.ts'
import { printAnswer, withOutput, type OutputFlags, type Print } from './print.ts'
import { config, examples, storageSettings, withSettings } from './config-flags.ts'
import { clearProgress, showProgress } from '../terminal.ts'
import type { Flags, SettingName } from '../settings/config.ts'

type BackupFlags = Flags & OutputFlags & LockFlags & { readonly withoutMasterKey?: true }

/** `signet backup FILE`. */
export function backupCommand(print: Print): Command {
  return withOutput(withSettings(new Command('backup'), storageSettings))
    .description('write all that is recorded, encrypted, into a new file; the server may run')
    .argument('<file>', 'file to write, which must not be there')
    .option('--passphrase-file <file>', 'passphrase, on the first line (default: asked for)')
    .option(
      '--recipient <file>',
      'public key in PEM, X25519, P-256 or RSA, instead of a passphrase',
    )
    .option('--without-master-key', 'leave the master key out')
    .addHelpText(
      'after',
      examples(
        'signet backup /backups/signet-2025-01-31',
        'signet backup /backups/signet-2025-01-31 --recipient backup-public.pem',
      ),
    )
    .action(async (file: string, flags: BackupFlags) => {
      const settings = config(flags)
      const options = {
        file,
        withMasterKey: flags.withoutMasterKey !== true,
        lock: lockOf(flags),
      }
      printAnswer(print, flags, await backUp(settings, options))
    })
}

/** `signet restore FILE`. */
export function restoreCommand(print: Print): Command {
  return withOutput(withSettings(new Command('restore'), storageSettings))
    .description('make of a backup a data folder, or a database, where there is none')
    .argument('<file>', 'backup to read')
    .option('--passphrase-file <file>', 'passphrase, on the first line (default: asked for)')
    .option('--identity <file>', 'private key in PEM, for a backup that was made for a recipient')
    .addHelpText(
      'after',
      examples(
        'signet restore /backups/signet-2025-01-31 --data /var/lib/signet',
        'signet restore /backups/signet-2025-01-31 --database postgres://signet@db.example/signet',
      ),
    )
    .action(async (file: string, flags: Flags & OutputFlags & OpenerFlags) =>
      printAnswer(print, flags, await restore(config(flags), { file, opener: openerOf(flags) })),
    )
}

/** CRLs are looked at where they are. */
const verifySettings: readonly SettingName[] = [
  ...storageSettings,
  'objects',
  's3Endpoint',
  's3Region',
]

/** `signet verify`. */
export function verifyCommand(print: Print): Command {
  return withOutput(withSettings(new Command('verify'), verifySettings))
    .description('check all that is recorded: keys, certificates, revocations, CRLs')
    .addHelpText('after', examples('signet verify --data /var/lib/signet'))
    .action(async (flags: Flags & OutputFlags) => {
      const found = await verifyData(config(flags), (what, count) =>
        showProgress(`${count} ${what}`),
      )
      clearProgress()
      printAnswer(print, flags, found)
      if (!found.Ok) throw new Error(`${found.ProblemCount} problems were found`)
    })
}
