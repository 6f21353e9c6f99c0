import { findLastBackup } from '../../store/last-backup.ts'
import {
  boolean,
  integer,
  list,
  long,
  required,
  string,
  structure,
  timestamp,
} from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { requireOperator } from './require-operator.ts'

const backup = structure({
  CreatedAt: required(timestamp()),
  Destination: string(),
  Host: string(),
  File: string(),
  SizeBytes: long(),
  Sha256: string(),
  EncryptedFor: list(string()),
  HasMasterKey: boolean(),
  SchemaVersion: integer(),
  Rows: long(),
})

/**
 * Returns the last backup. If an earlier version made the backup, or if the backup has been restored, only its time is known. The
 * server cannot read backups, so it does not verify them. AWS has no equivalent operation (decision 0046).
 */
export const listBackups = operation({
  name: 'ListBackups',
  actionPrefix: 'signet',
  input: structure({}),
  output: structure({ LastBackup: backup }),
  errors: [],
  resource: () => undefined,
  async run({ db }, _input, caller) {
    await requireOperator({ db }, caller, 'ListBackups')
    const last = await findLastBackup(db)
    if (last === undefined) return {}
    const { createdAt, details } = last
    return {
      LastBackup: {
        CreatedAt: createdAt,
        ...(details && {
          Destination: 'FILE',
          Host: details.host,
          File: details.file,
          SizeBytes: details.sizeBytes,
          Sha256: details.sha256,
          EncryptedFor: details.encryptedFor,
          HasMasterKey: details.hasMasterKey,
          SchemaVersion: details.schemaVersion,
          Rows: details.rows,
        }),
      },
    }
  },
})
