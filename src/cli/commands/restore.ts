/** `signet restore FILE`. */
import { Command } from 'commander'
import { restore } from '../../admin-commands/restore.ts'
import type { Flags } from '../../settings/config.ts'
import { decryptionKey, type DecryptionFlags } from '../shared/backup-keys.ts'
import { configOf, examples, storageSettings, withSettings } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

export function restoreCommand(context: CommandContext): Command {
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
      printAnswer(
        context,
        flags,
        await restore(configOf(context, flags), { file, key: decryptionKey(flags) }),
      ),
    )
}
