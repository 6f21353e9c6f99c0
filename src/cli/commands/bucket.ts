/** Commands of `signet bucket`, which manage buckets in the embedded object store. */
import type { Command } from 'commander'
import {
  addBucket,
  listAllBuckets,
  listObjectsOf,
  readObject,
  removeBucket,
  removeObject,
} from '../../admin-commands/buckets.ts'
import type { Flags } from '../../settings/config.ts'
import { accountId } from '../shared/config-flags.ts'
import type { CommandContext } from '../shared/context.ts'
import { SignetCommand, storageCommand, type Call } from '../shared/signet-command.ts'

export function bucketCommand(context: CommandContext): Command {
  const group = new SignetCommand(context, 'bucket')
  group.description('Manage buckets in the data folder, for CRLs and audit reports')
  storageCommand(group, 'create')
    .output()
    .description('Create a bucket that the CAs of one account can use')
    .argument('<name>', 'bucket name that satisfies the S3 naming rules')
    .option(
      '--account <id>',
      'account that owns the bucket (default: the oldest account)',
      accountId,
    )
    .examples('signet bucket create my-crls')
    .run(({ config, flags }, name: string) => addBucket(config, name, flags.account), {
      next: (name) => [
        `signet init-hierarchy --crl-bucket ${name}`,
        `signet ca revocation CA --crl-bucket ${name}`,
      ],
    })
  storageCommand(group, 'list')
    .output()
    .description('List buckets')
    .examples('signet bucket list')
    .run(({ config }) => listAllBuckets(config))
  storageCommand(group, 'delete')
    .description('Delete an empty bucket')
    .argument('<name>')
    .examples('signet bucket delete my-crls')
    .run(({ config }, name: string) => removeBucket(config, name), {
      done: (name) => `Deleted bucket ${name}.`,
    })
  addObjectCommands(group)
  return group
}

function addObjectCommands(group: SignetCommand): void {
  storageCommand(group, 'objects')
    .output()
    .description('List the objects in a bucket')
    .argument('<name>')
    .examples('signet bucket objects my-crls')
    .run(({ config }, name: string) => listObjectsOf(config, name))
  storageCommand(group, 'get')
    .description('Write the content of an object to standard output or to a file')
    .argument('<name>')
    .argument('<key>')
    .option('--out <file>', 'output file, which must not exist yet')
    .examples('signet bucket get my-crls crl/….crl | openssl crl -inform DER -text')
    .run(
      ({ config, flags }: Call<Flags & { readonly out?: string }>, bucket: string, key: string) =>
        readObject(config, { bucket, key }, flags.out ?? group.context.stdout),
    )
  storageCommand(group, 'delete-object')
    .description(
      'Delete an object. If the object is a current CRL, the next publication writes the CRL again',
    )
    .argument('<name>')
    .argument('<key>')
    .examples('signet bucket delete-object my-crls acm-pca-permission-test-key')
    .run(({ config }, bucket: string, key: string) => removeObject(config, { bucket, key }), {
      done: (bucket, key) => `Deleted ${key} in bucket ${bucket}.`,
    })
}
