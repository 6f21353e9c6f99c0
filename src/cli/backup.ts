/** `signet backup`, `signet restore` and `signet verify`. */
import { Command } from 'commander'
import { backUp } from '../admin-commands/backup.ts'
import { restore } from '../admin-commands/restore.ts'
import { verifyData } from '../admin-commands/verify/verify.ts'
import {
  decryptionKey,
  encryptionKey,
  type DecryptionFlags,
  type EncryptionFlags,
} from './backup-keys.ts'
import { printAnswer, withOutput, type OutputFlags, type Print } from './print.ts'
import { config, examples, storageSettings, withSettings } from './config-flags.ts'
import { clearProgress, showProgress } from '../terminal.ts'
import type { Flags, SettingName } from '../settings/config.ts'

type BackupFlags = Flags & OutputFlags & EncryptionFlags & { readonly withoutMasterKey?: true }

/** `signet backup FILE`. */
export function backupCommand(print: Print): Command {
  return withOutput(withSettings(new Command('backup'), storageSettings))
    .description('write an encrypted backup into a new age file; the server may be running')
    .argument('<file>', 'file to write, which must not exist')
    .option(
      '--passphrase-file <file>',
      'file with the passphrase on its first line (default: prompt)',
    )
    .option(
      '--recipient <recipient>',
      'age recipient (age1…), or a file with recipients or a public key in PEM (X25519, P-256, RSA)',
    )
    .option('--without-master-key', 'omit the master key')
    .addHelpText(
      'after',
      examples(
        'signet backup /backups/signet-2025-01-31.age',
        'signet backup /backups/signet-2025-01-31.age --recipient backup-recipient.txt',
      ),
    )
    .action(async (file: string, flags: BackupFlags) => {
      const settings = config(flags)
      const options = {
        file,
        withMasterKey: flags.withoutMasterKey !== true,
        key: encryptionKey(flags),
      }
      printAnswer(print, flags, await backUp(settings, options))
    })
}

/** `signet restore FILE`. */
export function restoreCommand(print: Print): Command {
  return withOutput(withSettings(new Command('restore'), storageSettings))
    .description('restore a backup into a new data folder or an empty database')
    .argument('<file>', 'backup to read')
    .option(
      '--passphrase-file <file>',
      'file with the passphrase on its first line (default: prompt)',
    )
    .option(
      '--identity <file>',
      'file with age identities or a private key in PEM, for a backup with recipients',
    )
    .addHelpText(
      'after',
      examples(
        'signet restore /backups/signet-2025-01-31.age --data /var/lib/signet',
        'signet restore /backups/signet-2025-01-31.age --database postgres://signet@db.example/signet',
      ),
    )
    .action(async (file: string, flags: Flags & OutputFlags & DecryptionFlags) =>
      printAnswer(print, flags, await restore(config(flags), { file, key: decryptionKey(flags) })),
    )
}

/** CRLs are read from their buckets. */
const verifySettings: readonly SettingName[] = [
  ...storageSettings,
  'objects',
  's3Endpoint',
  's3Region',
]

/** `signet verify`. */
export function verifyCommand(print: Print): Command {
  return withOutput(withSettings(new Command('verify'), verifySettings))
    .description('check all records: keys, certificates, revocations, CRLs')
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
