import type { Command } from 'commander'
import { enterShare } from '../../admin-commands/key-shares.ts'
import { askHidden } from '../shared/ask-hidden.ts'
import { readPrivate } from '../shared/backup-keys.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand } from '../shared/signet-command.ts'

export function unlockCommand(context: CommandContext): Command {
  return new SignetCommand(context, 'unlock')
    .settings(['data'])
    .output()
    .description('Enter a share of the master key to unlock a server')
    .argument('[file]', 'file with the share (default: prompt)')
    .examples('signet unlock --data /var/lib/signet', 'signet unlock share-1.txt')
    .run(async ({ config }, file) => {
      const text =
        file === undefined
          ? await askHidden('Share of the master key: ', 'a file')
          : readPrivate(file, 'share')
      return enterShare(config, text)
    })
}
