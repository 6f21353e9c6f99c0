/** `signet restore FILE`. */
import { Command } from 'commander'
import { restore } from '../../admin-commands/restore.ts'
import type { Flags } from '../../settings/config.ts'
import { openerOf, type OpenerFlags } from '../shared/backup-locks.ts'
import { configOf, examples, storageSettings, withSettings } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { printAnswer, withOutput, type OutputFlags } from '../shared/print.ts'

export function restoreCommand(context: CommandContext): Command {
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
      printAnswer(
        context,
        flags,
        await restore(configOf(context, flags), { file, opener: openerOf(flags) }),
      ),
    )
}
