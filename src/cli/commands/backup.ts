/** `signet backup FILE`. */
import { Command } from 'commander'
import { backUp } from '../../admin-commands/backup.ts'
import type { CommandContext } from '../shared/context.ts'
import { encryptionKey, type EncryptionFlags } from '../shared/backup-keys.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'
import { configOf, examples, storageSettings, withSettings } from '../shared/config-flags.ts'
import type { Flags } from '../../settings/config.ts'

type BackupFlags = Flags & OutputFlags & EncryptionFlags & { readonly withoutMasterKey?: true }

export function backupCommand(context: CommandContext): Command {
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
      const settings = configOf(context, flags)
      const options = {
        file,
        withMasterKey: flags.withoutMasterKey !== true,
        key: encryptionKey(flags),
      }
      printAnswer(context, flags, await backUp(settings, options))
    })
}
